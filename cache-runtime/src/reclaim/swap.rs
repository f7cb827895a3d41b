//! One thing that many read and few replace.

use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use super::DOMAIN;
use super::atomic::{AtomicPtr, Mutex};
use super::bag::{Bag, Retired};
use super::domain::Pinned;
use crate::sync::lock;

/// A place for one thing, read without a lock.
pub(crate) struct Swap<T> {
    now: AtomicPtr<T>,
    old: Mutex<Bag<Retired<T>>>,
}

impl<T: Send + Sync> Swap<T> {
    pub(crate) const fn empty() -> Self {
        Self {
            now: AtomicPtr::new(ptr::null_mut()),
            old: Mutex::new(Bag::new()),
        }
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.now.load(Acquire).is_null()
    }

    /// Returns what is there, as long as the reader is pinned.
    #[inline]
    #[expect(unsafe_code, reason = "a pointer is followed")]
    pub(crate) fn get<'g>(&'g self, _: Pinned<'g>) -> Option<&'g T> {
        // SAFETY: the pointer is null or comes from a box that is freed only after it was replaced
        // and all readers pinned by then are gone; this one is pinned.
        unsafe { self.now.load(Acquire).as_ref() }
    }

    /// Replaces what is there with `new`. Returns the old things that nobody reads any more:
    /// mostly at once, at the latest with the next replacement.
    #[expect(unsafe_code, reason = "a pointer is given away")]
    pub(crate) fn set(&self, new: Option<T>) -> Vec<Retired<T>> {
        let new = new.map_or(ptr::null_mut(), |new| Box::into_raw(Box::new(new)));
        let mut old = lock(&self.old);
        let before = self.now.swap(new, AcqRel);
        if !before.is_null() {
            // SAFETY: it came from the box of an earlier call, and only a bag gives it back.
            old.put(unsafe { Retired::new(before) }, 0);
        }
        if old.is_empty() {
            return Vec::new();
        }
        let mut freed = old.close(&DOMAIN);
        for _ in 0..100 {
            if old.is_empty() {
                break;
            }
            // A reader needs nanoseconds, unless it is this very thread.
            std::thread::yield_now();
            freed.extend(old.close(&DOMAIN));
        }
        freed
    }
}

impl<T> Drop for Swap<T> {
    #[expect(unsafe_code, reason = "a pointer becomes a box again")]
    fn drop(&mut self) {
        let now = *self.now.get_mut();
        if !now.is_null() {
            // SAFETY: it came from a box, and who drops this has no readers left.
            drop(unsafe { Box::from_raw(now) });
        }
    }
}
