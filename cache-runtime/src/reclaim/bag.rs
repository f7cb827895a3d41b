//! What is out of sight but may still be read.

use std::collections::VecDeque;

use super::domain::Domain;

/// Things to free, in batches: asking whether somebody still reads costs a system call.
#[derive(Debug)]
pub(crate) struct Bag<T> {
    open: Vec<*mut T>,
    /// What those in `open` weigh.
    weight: usize,
    /// Batches with the epoch that ended when they were closed.
    closed: VecDeque<(u64, Vec<*mut T>)>,
}

// SAFETY: the bag owns what is in it, as a `Vec<Box<T>>` would.
#[expect(unsafe_code, reason = "raw pointers are not Send by themselves")]
unsafe impl<T: Send> Send for Bag<T> {}

impl<T> Bag<T> {
    pub(crate) const fn new() -> Self {
        Self {
            open: Vec::new(),
            weight: 0,
            closed: VecDeque::new(),
        }
    }

    /// Takes a thing that is out of sight.
    ///
    /// # Safety
    ///
    /// `item` comes from `Box::into_raw`, nobody else will free it, and whoever pins from now on
    /// cannot find it.
    #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
    pub(crate) unsafe fn retire(&mut self, item: *mut T, weight: usize) {
        self.open.push(item);
        self.weight += weight;
    }

    /// How many wait for their batch to be closed, and what they weigh.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.open.len(), self.weight)
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty()
    }

    /// Closes the batch; what nobody can read any more is the caller's.
    pub(crate) fn close(&mut self, domain: &Domain) -> Vec<Box<T>> {
        self.weight = 0;
        if !self.open.is_empty() {
            let batch = std::mem::take(&mut self.open);
            self.closed.push_back((domain.advance(), batch));
        }
        let oldest = domain.oldest();
        let mut freed = Vec::new();
        while self.closed.front().is_some_and(|(epoch, _)| *epoch < oldest) {
            let batch = self.closed.pop_front().map(|(_, batch)| batch);
            freed.extend(batch.into_iter().flatten().map(own));
        }
        freed
    }

    /// Takes everything, whoever reads.
    ///
    /// # Safety
    ///
    /// Nobody reads anything of it any more.
    #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
    pub(crate) unsafe fn empty(&mut self) -> Vec<Box<T>> {
        let batches = self.closed.drain(..).flat_map(|(_, batch)| batch);
        batches.chain(self.open.drain(..)).map(own).collect()
    }
}

#[expect(unsafe_code, reason = "a pointer becomes a box again")]
fn own<T>(item: *mut T) -> Box<T> {
    // SAFETY: `retire` asked for a pointer out of a box that nobody else frees, and each leaves the
    // bag once. Nobody reads it: the callers have seen to that.
    unsafe { Box::from_raw(item) }
}
