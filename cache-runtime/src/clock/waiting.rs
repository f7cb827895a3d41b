//! The wakers that wait for a time, in its order.
//!
//! What is taken out is returned: dropping a waker may drop its task and the task's
//! alarms, so none is dropped under the lock.

use std::collections::BTreeMap;
use std::task::Waker;

/// The wakers, by time and then by number.
pub(super) struct Waiting<T> {
    by_time: BTreeMap<(T, u64), Waker>,
    next: u64,
}

impl<T: Ord + Copy> Waiting<T> {
    pub(super) const fn new() -> Self {
        Self {
            by_time: BTreeMap::new(),
            next: 0,
        }
    }

    /// Registers `waker`, under the number it already has; returns the one that was there.
    #[must_use]
    pub(super) fn put(&mut self, at: T, number: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let number = *number.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.by_time.insert((at, number), waker)
    }

    #[must_use]
    pub(super) fn take(&mut self, at: T, number: u64) -> Option<Waker> {
        self.by_time.remove(&(at, number))
    }

    pub(super) fn first(&self) -> Option<T> {
        self.by_time.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes out all whose time has come. The caller wakes them, without holding its lock.
    pub(super) fn due(&mut self, now: T) -> Vec<Waker> {
        let mut due = Vec::new();
        while let Some(first) = self.by_time.first_entry()
            && first.key().0 <= now
        {
            due.push(first.remove());
        }
        due
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn len(&self) -> usize {
        self.by_time.len()
    }
}
