//! Invalidations that could not reach the store: remembered, and made up for when it is back.
//!
//! A delete that fails leaves an old value in the store, which would be served when the store returns.
//! So the key is owed: it is not read from there until it has been deleted, by the next caller that asks for
//! it, or in the background of any other call. A write that was to replace an older value is made up for
//! in the same way, by a delete. What is owed is known only to this process, and lost with it.

pub(crate) mod doubts;
mod late;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::background;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::error::CacheError;
use crate::mode::Mode;
use crate::sync::lock;

/// How many keys are remembered. Beyond that the oldest is forgotten, and may be served again until its
/// timeout.
const MOST: usize = 100_000;
/// How many prefixes are remembered.
const MOST_PREFIXES: usize = 100;
/// How many keys are deleted at once.
const BATCH: usize = 500;

/// What the store is owed.
#[derive(Default)]
pub(crate) struct Owed {
    debts: Mutex<Debts>,
    /// Usually there is none, and no caller should have to take the lock to see that.
    any: AtomicBool,
    is_paying: AtomicBool,
}

/// A key or a prefix, with its number.
type Debt = (u64, String);

#[derive(Default)]
struct Debts {
    /// By age: the newest has the largest number.
    by_age: BTreeMap<u64, String>,
    keys: HashMap<String, u64>,
    /// Those of them that are being rewritten, and must not be deleted meanwhile.
    claimed: HashMap<String, usize>,
    /// Those that are being deleted: a writer of one of them waits for that.
    leaving: HashSet<String>,
    /// What was to be cleared.
    prefixes: Vec<Debt>,
    /// Whether some markers are to be written.
    marks: bool,
    next: u64,
    /// Whether it has been logged that some of it was forgotten.
    is_full: bool,
    is_full_of_prefixes: bool,
}

impl Owed {
    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Relaxed)
    }

    /// Notes that this key was to be deleted.
    pub(crate) fn key(&self, key: &str) {
        let mut debts = lock(&self.debts);
        let is_news = debts.add(key);
        self.any.store(true, Ordering::Relaxed);
        drop(debts);
        if is_news {
            tracing::warn!(
                keys = MOST,
                "more deletes have failed than are remembered; the oldest may be served again",
            );
        }
    }

    /// Notes that every key with this prefix was to be deleted.
    pub(crate) fn prefix(&self, prefix: &str) {
        let mut debts = lock(&self.debts);
        let number = debts.number();
        debts.prefixes.retain(|(_, known)| known != prefix);
        debts.prefixes.push((number, prefix.to_owned()));
        let mut is_news = false;
        if debts.prefixes.len() > MOST_PREFIXES {
            debts.prefixes.remove(0);
            is_news = !std::mem::replace(&mut debts.is_full_of_prefixes, true);
        }
        self.any.store(true, Ordering::Relaxed);
        drop(debts);
        if is_news {
            tracing::warn!(
                prefixes = MOST_PREFIXES,
                "more clears have failed than are remembered; what the oldest was to clear may be served again",
            );
        }
    }

    /// Notes that some markers were to be written; the markers know which.
    pub(crate) fn mark(&self) {
        lock(&self.debts).marks = true;
        self.any.store(true, Ordering::Relaxed);
    }

    /// Returns whether there are such markers, and resets that.
    fn take_marks(&self) -> bool {
        let mut debts = lock(&self.debts);
        let marks = std::mem::take(&mut debts.marks);
        self.note(&debts);
        marks
    }

    /// Returns whether this key must not be read.
    pub(crate) fn has(&self, key: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let debts = lock(&self.debts);
        let is_cleared = |(_, prefix): &Debt| key.starts_with(prefix);
        debts.keys.contains_key(key) || debts.prefixes.iter().any(is_cleared)
    }

    /// Notes that this key has been deleted, or rewritten.
    pub(crate) fn paid(&self, key: &str) {
        if self.is_empty() {
            return;
        }
        let mut debts = lock(&self.debts);
        if let Some(number) = debts.keys.remove(key) {
            debts.by_age.remove(&number);
        }
        self.note(&debts);
    }

    /// Returns the next prefix to be cleared.
    fn next_prefix(&self) -> Option<Debt> {
        lock(&self.debts).prefixes.first().cloned()
    }

    /// Returns the next keys to be deleted at once: a writer of one of them waits until [`ended`](Self::ended).
    fn next_keys(&self) -> Vec<Debt> {
        let mut debts = lock(&self.debts);
        let Debts {
            by_age,
            claimed,
            leaving,
            ..
        } = &mut *debts;
        let free = by_age.iter().filter(|(_, key)| !claimed.contains_key(*key));
        let keys: Vec<Debt> = free
            .take(BATCH)
            .map(|(number, key)| (*number, key.clone()))
            .collect();
        leaving.extend(keys.iter().map(|(_, key)| key.clone()));
        keys
    }

    /// Notes that the deletes of [`next_keys`](Self::next_keys) have ended.
    fn ended(&self) {
        lock(&self.debts).leaving.clear();
    }

    /// Returns the right to rewrite `key`, for as long as it lives; `None`: the key is being deleted.
    fn claim<'a>(&'a self, key: &'a str) -> Option<Claim<'a>> {
        let mut debts = lock(&self.debts);
        if debts.leaving.contains(key) {
            return None;
        }
        *debts.claimed.entry(key.to_owned()).or_default() += 1;
        Some(Claim { owed: self, key })
    }

    /// Notes that these have been deleted; what has become owed again since then is not covered.
    fn paid_keys(&self, paid: &[u64]) {
        let mut debts = lock(&self.debts);
        for number in paid {
            if let Some(key) = debts.by_age.remove(number) {
                debts.keys.remove(&key);
            }
        }
        self.note(&debts);
    }

    fn paid_prefix(&self, number: u64) {
        let mut debts = lock(&self.debts);
        debts.prefixes.retain(|(other, _)| *other != number);
        self.note(&debts);
    }

    fn note(&self, debts: &Debts) {
        let any = !debts.keys.is_empty() || !debts.prefixes.is_empty() || debts.marks;
        self.any.store(any, Ordering::Relaxed);
    }
}

impl Debts {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Adds a key; returns true if another had to be forgotten for it, for the first time.
    fn add(&mut self, key: &str) -> bool {
        let number = self.number();
        if let Some(older) = self.keys.insert(key.to_owned(), number) {
            self.by_age.remove(&older);
        }
        self.by_age.insert(number, key.to_owned());
        if self.keys.len() > MOST
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.keys.remove(&oldest);
            return !std::mem::replace(&mut self.is_full, true);
        }
        false
    }
}

/// The right to rewrite an owed key.
pub(crate) struct Claim<'a> {
    owed: &'a Owed,
    key: &'a str,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut debts = lock(&self.owed.debts);
        if let Some(writers) = debts.claimed.get_mut(self.key) {
            *writers -= 1;
            if *writers == 0 {
                debts.claimed.remove(self.key);
            }
        }
    }
}

/// Makes a write of an owed key come after the delete that is under way, not before; `None`: the key is
/// not owed.
pub(crate) async fn claim<'a>(owed: &'a Owed, key: &'a str, mode: Mode) -> Option<Claim<'a>> {
    // A server's time is the system's.
    let clock = Clock::system();
    while owed.has(key) {
        match owed.claim(key) {
            Some(claim) => return Some(claim),
            // No longer than one operation, which has a limit.
            None => Box::pin(mode.wait(clock.alarm(Duration::from_millis(1)))).await,
        }
    }
    None
}

/// Returns whether a change that ended like this may have left there what it was to end. A store that answers and
/// refuses has not changed anything, and its caller knows.
pub(crate) fn leaves_it(error: &CacheError) -> bool {
    error.is_retryable()
}

/// Called when the store answers: gives it what it is owed, in the background, unless that is already running.
pub(crate) fn tend(cache: &Cache, mode: Mode) {
    let core = cache.core();
    let owed = &core.owed;
    if !core.doubts.is_empty() {
        let late = core.doubts.settle(&core.settings.clock);
        if !late.is_empty() {
            let cache = cache.clone();
            let _ = background::spawn(mode, async move { late::end(&cache, mode, late).await });
        }
    }
    if owed.is_empty() || owed.is_paying.swap(true, Ordering::Relaxed) {
        return;
    }
    let paying = Paying(cache.clone());
    let _ = background::spawn(mode, async move { paying.pay(mode).await });
}

/// The work of paying, until this is dropped.
struct Paying(Cache);

impl Paying {
    async fn pay(&self, mode: Mode) {
        let core = self.0.core();
        let Some(store) = core.store() else { return };
        loop {
            let prefix = core.owed.next_prefix();
            if let Some((number, prefix)) = &prefix {
                let cleared = store.walk(mode, "clear", |store| store.clear(prefix)).await;
                if cleared.is_err() {
                    return;
                }
                core.owed.paid_prefix(*number);
            }
            // After the prefix, which would delete them.
            if core.owed.take_marks() && self.write_marks(mode).await.is_err() {
                core.owed.mark();
                return;
            }
            // Not before: a clear takes as long as it takes, and no caller should wait for that.
            let keys = core.owed.next_keys();
            let _ended = Ended(&core.owed);
            if keys.is_empty() && prefix.is_none() {
                tracing::info!("the cache's store has had the deletes that it was owed");
                return;
            }
            let (numbers, keys): (Vec<u64>, Vec<String>) = keys.into_iter().unzip();
            let deleted = store.ask(mode, "delete_many", |store| store.delete_many(&keys));
            if deleted.await.is_err() {
                // The next caller that finds the store alive tries again.
                return;
            }
            core.owed.paid_keys(&numbers);
        }
    }
}

impl Paying {
    async fn write_marks(&self, mode: Mode) -> Result<(), CacheError> {
        for mark in self.0.core().markers.owed() {
            self.0.write_mark(mode, &mark).await?;
        }
        Ok(())
    }
}

struct Ended<'a>(&'a Owed);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl Drop for Paying {
    fn drop(&mut self) {
        self.0.core().owed.is_paying.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Owed};

    #[test]
    fn what_is_owed_is_not_read_until_it_is_paid() {
        let owed = Owed::default();
        assert!(owed.is_empty() && !owed.has("a"));
        owed.key("a");
        owed.key("b");
        owed.key("a");
        owed.prefix("app:1:");
        assert!(owed.has("a") && owed.has("b") && owed.has("app:1:x") && !owed.has("app:2:x"));
        owed.paid("a");
        assert!(!owed.has("a") && owed.has("b"));
        let (keys, prefix) = (owed.next_keys(), owed.next_prefix());
        let numbers: Vec<u64> = keys.iter().map(|(number, _)| *number).collect();
        assert_eq!(keys[0].1, "b");
        owed.paid_prefix(prefix.unwrap().0);
        owed.key("b");
        owed.paid_keys(&numbers);
        assert!(owed.has("b"), "owed again since then");
        owed.paid("b");
        assert!(owed.is_empty());
    }

    #[test]
    fn beyond_the_bound_the_newest_are_remembered() {
        let owed = Owed::default();
        for number in 0..=MOST {
            owed.key(&number.to_string());
        }
        assert!(!owed.has("0") && owed.has("1") && owed.has(&MOST.to_string()));
    }
}
