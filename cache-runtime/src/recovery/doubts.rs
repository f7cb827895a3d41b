//! Writes whose outcome is unknown: given up at their time limit, or with their caller. The store may
//! still carry them out, even after a delete that came later and was acknowledged.
//!
//! So they are remembered for a minute, which is longer than any store works on what it was sent. If
//! their key is invalidated meanwhile, anything older than that is not read, and is deleted in the end.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Tick, millis};
use crate::error::{CacheError, ErrorKind};
use crate::sync::lock;

/// How long a write may still arrive.
const REACH: Duration = Duration::from_secs(60);
/// How many are remembered; if a store hangs, its breaker opens long before.
const MOST: usize = 10_000;

/// What may still arrive, by the whole key.
#[derive(Default)]
pub(crate) struct Doubts {
    writes: Mutex<HashMap<String, Doubt>>,
    /// Usually there are none, and no caller should have to take the lock to see that.
    any: AtomicBool,
    /// When to look again for those that have arrived by now.
    next_look: AtomicU64,
}

struct Doubt {
    until: Tick,
    /// What was created before that, in milliseconds since 1970, is invalid.
    dead_before: u64,
}

impl Doubts {
    /// Notes that a write is under way, until the returned value is told its outcome.
    fn write<'a>(&'a self, key: &'a str, clock: &'a Clock) -> UnderWay<'a> {
        UnderWay {
            doubts: self,
            key,
            clock,
            is_over: false,
        }
    }

    /// Returns the result of `write`, which is in doubt if nobody sees its outcome.
    pub(crate) async fn watch<T>(
        &self,
        key: &str,
        clock: &Clock,
        write: impl Future<Output = Result<T, CacheError>>,
    ) -> Result<T, CacheError> {
        let under_way = self.write(key, clock);
        let end = write.await;
        under_way.ended(&end);
        end
    }

    /// The same for a write of many keys at once.
    pub(crate) async fn watch_many<'a, T>(
        &'a self,
        keys: impl Iterator<Item = &'a str>,
        clock: &'a Clock,
        write: impl Future<Output = Result<T, CacheError>>,
    ) -> Result<T, CacheError> {
        let under_way: Vec<_> = keys.map(|key| self.write(key, clock)).collect();
        let end = write.await;
        for one in under_way {
            one.ended(&end);
        }
        end
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::SeqCst)
    }

    /// Notes that what was created before `now`, in milliseconds since 1970, must not be read any more.
    pub(crate) fn invalidated(&self, key: &str, now: u64) {
        if !self.is_empty()
            && let Some(doubt) = lock(&self.writes).get_mut(key)
        {
            doubt.invalidated(now);
        }
    }

    /// Does the same for every key with this prefix.
    pub(crate) fn invalidated_all(&self, prefix: &str, now: u64) {
        if !self.is_empty() {
            let mut writes = lock(&self.writes);
            let condemned = writes.iter_mut().filter(|(key, _)| key.starts_with(prefix));
            condemned.for_each(|(_, doubt)| doubt.invalidated(now));
        }
    }

    /// Returns whether what was `created` then came too late; `None`: the time is unknown, so that it may have
    /// come too late for as long as a write may still arrive.
    pub(crate) fn is_late(&self, key: &str, created: Option<u64>, clock: &Clock) -> bool {
        if self.is_empty() {
            return false;
        }
        let writes = lock(&self.writes);
        let doubt = writes.get(key);
        doubt.is_some_and(|doubt| match created {
            Some(created) => created < doubt.dead_before,
            None => doubt.dead_before > 0 && clock.now() < doubt.until,
        })
    }

    /// Returns the keys whose write has arrived by now, or never will, and that were invalidated meanwhile, with
    /// the time of that: once what is older has been deleted, [`looked`](Self::looked) ends the doubt.
    pub(crate) fn settle(&self, clock: &Clock) -> Vec<(String, u64)> {
        let now = clock.now();
        if self.is_empty() || now < self.next_look.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let next = now.saturating_add(millis(REACH / 4));
        self.next_look.store(next, Ordering::Relaxed);
        let mut writes = lock(&self.writes);
        writes.retain(|_, doubt| doubt.until > now || doubt.dead_before > 0);
        let condemned = writes.iter().filter(|(_, doubt)| doubt.until <= now);
        let condemned = condemned.map(|(key, doubt)| (key.clone(), doubt.dead_before));
        let condemned = condemned.collect();
        self.any.store(!writes.is_empty(), Ordering::SeqCst);
        condemned
    }

    /// Nothing that was created before then stands under `key` any more.
    pub(crate) fn looked(&self, key: &str, dead_before: u64, clock: &Clock) {
        let now = clock.now();
        let mut writes = lock(&self.writes);
        let doubt = writes.get(key);
        // Unless there is a new one.
        if doubt.is_some_and(|doubt| doubt.until <= now && doubt.dead_before == dead_before) {
            writes.remove(key);
        }
        self.any.store(!writes.is_empty(), Ordering::SeqCst);
    }

    /// Remembers that a write of this key is under way, and may arrive at any time.
    pub(crate) fn remember(&self, key: &str, clock: &Clock) {
        let now = clock.now();
        let mut writes = lock(&self.writes);
        if writes.len() >= MOST {
            writes.retain(|_, doubt| doubt.until > now);
        }
        if writes.len() < MOST {
            let doubt = writes.entry(key.to_owned()).or_insert(Doubt {
                until: 0,
                dead_before: 0,
            });
            doubt.until = now.saturating_add(millis(REACH));
            self.any.store(true, Ordering::SeqCst);
        }
    }
}

/// Returns whether the store may have done, or may still do, what ended like this.
pub(crate) fn is_doubtful(error: &CacheError) -> bool {
    error.is_retryable() && error.kind() != ErrorKind::BreakerOpen
}

impl Doubt {
    fn invalidated(&mut self, now: u64) {
        self.dead_before = self.dead_before.max(now);
    }
}

/// A write under way. If it is dropped without an outcome, it may still arrive.
struct UnderWay<'a> {
    doubts: &'a Doubts,
    key: &'a str,
    clock: &'a Clock,
    is_over: bool,
}

impl UnderWay<'_> {
    /// Notes its outcome: it was answered, or that is unknown.
    fn ended<T>(mut self, end: &Result<T, CacheError>) {
        self.is_over = match end {
            Ok(_) => true,
            Err(error) => !is_doubtful(error),
        };
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.doubts.remember(self.key, self.clock);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Doubts, MOST, REACH};
    use crate::clock::Clock;
    use crate::error::{CacheError, ErrorKind};

    #[test]
    fn what_is_older_than_an_invalidation_is_late() {
        let (doubts, clock) = (Doubts::default(), Clock::manual());
        doubts.write("a", &clock).ended(&Ok(()));
        doubts.invalidated("a", 100);
        assert!(!doubts.is_late("a", Some(50), &clock), "it has arrived");
        let full = CacheError::new(ErrorKind::Store, "no memory left");
        doubts.write("a", &clock).ended::<()>(&Err(full));
        doubts.invalidated("a", 100);
        assert!(!doubts.is_late("a", Some(50), &clock), "it was refused");

        let timeout = CacheError::new(ErrorKind::Timeout, "no answer");
        doubts.write("a", &clock).ended::<()>(&Err(timeout));
        drop(doubts.write("c", &clock));
        assert!(!doubts.is_late("a", Some(50), &clock), "it may arrive");
        doubts.invalidated("b", 100);
        assert!(!doubts.is_late("a", Some(50), &clock), "another key");
        doubts.invalidated("a", 100);
        assert!(doubts.is_late("a", Some(99), &clock));
        assert!(!doubts.is_late("a", Some(100), &clock), "newer");
        assert!(doubts.is_late("a", None, &clock), "who knows");
        clock.advance(REACH);
        assert!(
            !doubts.is_late("a", None, &clock),
            "nothing arrives any more"
        );
        assert!(!doubts.is_late("c", Some(99), &clock));
        doubts.invalidated_all("", 100);
        assert!(doubts.is_late("c", Some(99), &clock), "its caller was gone");

        drop(doubts.write("d", &clock));
        let mut condemned = doubts.settle(&clock);
        condemned.sort();
        assert_eq!(condemned, [("a".to_owned(), 100), ("c".to_owned(), 100)]);
        assert!(doubts.is_late("a", Some(99), &clock), "not looked for yet");
        doubts.looked("a", 100, &clock);
        assert!(!doubts.is_late("a", Some(99), &clock));
        doubts.invalidated("c", 200);
        doubts.looked("c", 100, &clock);
        assert!(doubts.is_late("c", Some(150), &clock), "a new one");
        doubts.looked("c", 200, &clock);
        assert!(!doubts.is_empty(), "one may still arrive");
        clock.advance(REACH);
        assert!(doubts.settle(&clock).is_empty(), "nobody invalidated it");
        assert!(doubts.is_empty());
    }

    #[test]
    fn they_are_bounded() {
        let (doubts, clock) = (Doubts::default(), Clock::manual());
        let keys: Vec<String> = (0..MOST + 5).map(|n| n.to_string()).collect();
        for key in &keys {
            drop(doubts.write(key, &clock));
        }
        assert_eq!(doubts.writes.lock().unwrap().len(), MOST);
        clock.advance(REACH);
        drop(doubts.write("new", &clock));
        assert_eq!(doubts.writes.lock().unwrap().len(), 1);
    }
}
