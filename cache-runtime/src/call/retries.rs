//! Which functions have failed lately, and when they may be tried again: while an old value can be
//! served, a function that fails is not called by every caller.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Tick, millis};
use crate::local::{FullKey, Ready};
use crate::sync::lock;

/// How many are remembered. Beyond that, one is tried too early, which does no harm.
const MOST: usize = 10_000;

/// How long a function that failed is left alone, or as long as its timeout if that is shorter.
const PAUSE: Duration = Duration::from_secs(10);

/// How often to check for what another process computes.
const ELSEWHERE: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Retries {
    not_before: Mutex<HashMap<FullKey, Tick, Ready>>,
    /// Usually there are none, and no caller should have to take the lock to see that.
    any: AtomicBool,
}

impl Retries {
    /// Notes that it has failed; its results usually live for `life`.
    pub(crate) fn failed(&self, key: &FullKey, life: Option<Duration>, clock: &Clock) {
        let pause = life.map_or(PAUSE, |life| life.min(PAUSE));
        self.leave(key, pause, clock);
    }

    /// Notes that another process is computing it: until that may be done, there is nothing to ask for.
    pub(crate) fn elsewhere(&self, key: &FullKey, clock: &Clock) {
        self.leave(key, ELSEWHERE, clock);
    }

    fn leave(&self, key: &FullKey, pause: Duration, clock: &Clock) {
        let now = clock.now();
        let mut not_before = lock(&self.not_before);
        if not_before.len() >= MOST {
            not_before.retain(|_, at| *at > now);
        }
        if not_before.len() < MOST {
            not_before.insert(key.clone(), now.saturating_add(millis(pause)));
            self.any.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether it may be tried.
    pub(crate) fn admits(&self, key: &FullKey, clock: &Clock) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return true;
        }
        let not_before = lock(&self.not_before);
        not_before.get(key).is_none_or(|at| *at <= clock.now())
    }

    /// Notes that it has succeeded, or that what failed no longer exists.
    pub(crate) fn forget(&self, key: &FullKey) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut not_before = lock(&self.not_before);
        not_before.remove(key);
        self.any.store(!not_before.is_empty(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MOST, PAUSE, Retries};
    use crate::clock::Clock;
    use crate::key::Tree;
    use crate::local::{FullKey, Header};

    fn key(number: usize) -> FullKey {
        let header = Header {
            binding: 1,
            version: 1,
        };
        let mut tree = Tree::default();
        tree.push(&number).unwrap();
        FullKey::new(header, tree)
    }

    #[test]
    fn one_that_failed_is_tried_after_a_pause() {
        let (retries, clock) = (Retries::default(), Clock::manual());
        assert!(retries.admits(&key(1), &clock));
        retries.failed(&key(1), None, &clock);
        retries.failed(&key(2), Some(Duration::from_secs(1)), &clock);
        assert!(!retries.admits(&key(1), &clock));
        assert!(retries.admits(&key(3), &clock));
        clock.advance(Duration::from_secs(1));
        assert!(!retries.admits(&key(1), &clock));
        assert!(retries.admits(&key(2), &clock), "as long as its timeout");
        clock.advance(PAUSE);
        assert!(retries.admits(&key(1), &clock));
        retries.failed(&key(1), None, &clock);
        retries.forget(&key(1));
        assert!(retries.admits(&key(1), &clock));
    }

    #[test]
    fn they_are_bounded_and_old_ones_make_room() {
        let (retries, clock) = (Retries::default(), Clock::manual());
        for number in 0..MOST + 10 {
            retries.failed(&key(number), None, &clock);
        }
        assert!(retries.admits(&key(MOST + 1), &clock), "no room");
        clock.advance(PAUSE);
        retries.failed(&key(MOST + 1), None, &clock);
        assert!(!retries.admits(&key(MOST + 1), &clock));
        assert_eq!(retries.not_before.lock().unwrap().len(), 1);
    }
}
