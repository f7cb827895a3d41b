//! The system's alarms: one thread, started by the first caller, wakes those that wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, Once, PoisonError};
use std::task::Waker;
use std::time::Instant;

use super::waiting::Waiting;
use crate::sync::lock;

pub(super) static TIMER: Timer = Timer {
    waiting: Mutex::new(Waiting::new()),
    earlier: Condvar::new(),
    started: Once::new(),
};

pub(super) struct Timer {
    waiting: Mutex<Waiting<Instant>>,
    /// Signals that someone waits for an earlier time than anyone before.
    earlier: Condvar,
    started: Once,
}

impl Timer {
    /// Wakes `waker` at this time; returns true if it has come already.
    pub(super) fn set(&'static self, at: Instant, number: &mut Option<u64>, waker: &Waker) -> bool {
        if at <= Instant::now() {
            return true;
        }
        self.started.call_once(|| {
            let thread = std::thread::Builder::new().name("cache-timer".to_owned());
            if let Err(error) = thread.spawn(|| self.run()) {
                tracing::error!(%error, "no thread for the cache's time limits: none is kept");
            }
        });
        let waker = waker.clone();
        let (before, is_first) = {
            let mut waiting = lock(&self.waiting);
            let before = waiting.put(at, number, waker);
            (before, waiting.first() == Some(at))
        };
        if is_first {
            self.earlier.notify_one();
        }
        drop(before);
        false
    }

    pub(super) fn unset(&self, at: Instant, number: u64) {
        let waker = lock(&self.waiting).take(at, number);
        drop(waker);
    }

    fn run(&self) {
        let mut waiting = lock(&self.waiting);
        loop {
            let now = Instant::now();
            let due = waiting.due(now);
            if !due.is_empty() {
                drop(waiting);
                due.into_iter().for_each(wake);
                waiting = lock(&self.waiting);
                continue;
            }
            waiting = match waiting.first() {
                None => self
                    .earlier
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(first) => {
                    let left = first.saturating_duration_since(now);
                    self.earlier
                        .wait_timeout(waiting, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }
}

/// Wakes a waker. One that panics concerns only its task: all others must still be woken.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}
