//! What has been unlinked but may still be read.

use std::collections::VecDeque;

use super::domain::Domain;

/// A box that was given away as a pointer, and is owned again; others may still read its contents.
#[derive(Debug)]
pub(crate) struct Retired<T>(*mut T);

// SAFETY: it owns what it points to, as a `Box<T>` would.
#[expect(unsafe_code, reason = "raw pointers are not Send by themselves")]
unsafe impl<T: Send> Send for Retired<T> {}

impl<T> Retired<T> {
    /// Owns what `item` points to.
    ///
    /// # Safety
    ///
    /// `item` comes from `Box::into_raw`, and nobody else will free it. Who drops this knows that
    /// nobody reads it any more: a [`Bag`] does.
    #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
    pub(crate) unsafe fn new(item: *mut T) -> Self {
        Self(item)
    }
}

impl<T> Drop for Retired<T> {
    #[expect(unsafe_code, reason = "a pointer becomes a box again")]
    fn drop(&mut self) {
        // SAFETY: `new` asked for that.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// Things to drop, in batches: asking whether anyone still reads costs a system call.
#[derive(Debug)]
pub(crate) struct Bag<T> {
    open: Vec<T>,
    /// The total weight of those in `open`.
    weight: usize,
    /// Batches with the epoch that ended when they were closed.
    closed: VecDeque<(u64, Vec<T>)>,
}

impl<T> Bag<T> {
    pub(crate) const fn new() -> Self {
        Self {
            open: Vec::new(),
            weight: 0,
            closed: VecDeque::new(),
        }
    }

    /// Takes a thing that has been unlinked: readers that pin from now on cannot find it.
    pub(crate) fn put(&mut self, item: T, weight: usize) {
        self.open.push(item);
        self.weight += weight;
    }

    /// Returns how many wait for their batch to be closed, and their weight.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.open.len(), self.weight)
    }

    /// Returns whether it is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty()
    }

    /// Closes the batch, if possible; returns what nobody can read any more.
    pub(crate) fn close(&mut self, domain: &Domain) -> Vec<T> {
        // They stay in the open batch until it is known that its epoch has ended: whatever goes wrong
        // before that must not drop them.
        if !self.open.is_empty()
            && let Some(ended) = domain.advance()
        {
            self.weight = 0;
            self.closed
                .push_back((ended, std::mem::take(&mut self.open)));
        }
        let oldest = domain.oldest();
        let mut freed = Vec::new();
        while self
            .closed
            .front()
            .is_some_and(|(epoch, _)| *epoch < oldest)
        {
            freed.extend(
                self.closed
                    .pop_front()
                    .into_iter()
                    .flat_map(|(_, batch)| batch),
            );
        }
        freed
    }
}
