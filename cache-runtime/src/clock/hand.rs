//! A time that stands still until it is moved, and the callers that wait for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use super::waiting::Waiting;
use crate::sync::lock;

/// The longest step: a thousand years, of which there may be many.
const LONGEST: u64 = 1000 * 366 * 86_400_000;

/// The hand of a manual clock, in milliseconds since it was created.
pub(crate) struct Hand {
    now: AtomicU64,
    pub(super) last_stamp: AtomicU64,
    waiting: Mutex<Waiting<u64>>,
}

impl Hand {
    pub(super) fn new() -> Self {
        Self {
            now: AtomicU64::new(0),
            last_stamp: AtomicU64::new(0),
            waiting: Mutex::new(Waiting::new()),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    pub(super) fn advance(&self, by: u64) {
        let due = {
            let mut waiting = lock(&self.waiting);
            let by = by.min(LONGEST);
            let now = self.now.fetch_add(by, Ordering::SeqCst) + by;
            waiting.due(now)
        };
        due.into_iter().for_each(Waker::wake);
    }

    /// Wakes `waker` at this time; returns true if it has come already.
    pub(super) fn set(&self, at: u64, number: &mut Option<u64>, waker: &Waker) -> bool {
        let waker = waker.clone();
        let before = {
            // Under the lock: otherwise the hand could move between the check and the registration.
            let mut waiting = lock(&self.waiting);
            if at <= self.now() {
                return true;
            }
            waiting.put(at, number, waker)
        };
        drop(before);
        false
    }

    pub(super) fn unset(&self, at: u64, number: u64) {
        let waker = lock(&self.waiting).take(at, number);
        drop(waker);
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn waiting(&self) -> usize {
        lock(&self.waiting).len()
    }
}

impl std::fmt::Debug for Hand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hand").field(&self.now()).finish()
    }
}
