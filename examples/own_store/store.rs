//! A store of your own, in one small impl: a map with expiry.
//!
//! `name`, `get`, `set` and `delete` must be implemented. `ttl` provides `incr`, and `keys` provides
//! `clear`; `add` and `incr` are implemented too, under the one lock, so that of concurrent callers only one wins
//! and no sum is lost. The rest is provided by the library.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_runtime::{CacheError, Capabilities, ErrorKind, Glob, Store, StoreFuture, Ttl, Unless};

/// Values in a map, each with the time at which it expires.
#[derive(Default)]
pub struct OwnStore(Mutex<HashMap<String, Entry>>);

#[derive(Clone)]
struct Entry {
    value: Vec<u8>,
    /// `None` means never.
    end: Option<Instant>,
}

impl Entry {
    fn new(value: &[u8], ttl: Option<Duration>) -> Self {
        Self {
            value: value.to_vec(),
            // A lifetime that no clock can reach is for ever.
            end: ttl.and_then(|ttl| Instant::now().checked_add(ttl)),
        }
    }

    fn is_fresh(&self) -> bool {
        self.end.is_none_or(|end| end > Instant::now())
    }
}

impl OwnStore {
    /// Returns the map, without the entry of `key` if that has expired.
    fn map(&self, key: &str) -> MutexGuard<'_, HashMap<String, Entry>> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.get(key).is_some_and(|entry| !entry.is_fresh()) {
            map.remove(key);
        }
        map
    }
}

impl Store for OwnStore {
    fn name(&self) -> &'static str {
        "own"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { Ok(self.map(key).get(key).map(|entry| entry.value.clone())) })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.map(key).insert(key.to_owned(), Entry::new(value, ttl));
            Ok(())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.map(key).remove(key).is_some()) })
    }

    // Enough for a cache. What follows makes it a good one.

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        can.atomic_add = true;
        can.atomic_delete_if = true;
        can.atomic_set_unless = true;
        can.atomic_incr = true;
        can.list_keys = true;
        can
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        Box::pin(async move {
            Ok(match self.map(key).get(key) {
                None => Ttl::Missing,
                Some(Entry { end: None, .. }) => Ttl::Never,
                Some(Entry { end: Some(end), .. }) => {
                    Ttl::After(end.saturating_duration_since(Instant::now()))
                }
            })
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        Box::pin(async move {
            let (map, glob) = (self.map(""), Glob::new(pattern));
            let fresh = map.iter().filter(|(_, entry)| entry.is_fresh());
            let keys = fresh.map(|(key, _)| key).filter(|key| {
                let rest = key.strip_prefix(prefix);
                rest.is_some_and(|rest| glob.matches(rest))
            });
            Ok(keys.cloned().collect())
        })
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut map = self.map(key);
            let is_free = !map.contains_key(key);
            if is_free {
                map.insert(key.to_owned(), Entry::new(value, ttl));
            }
            Ok(is_free)
        })
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut map = self.map(key);
            let is_it = map.get(key).is_some_and(|entry| entry.value == value);
            if is_it {
                map.remove(key);
            }
            Ok(is_it)
        })
    }

    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut map = self.map(unless.key);
            let there = map.get(unless.key).map(|entry| &*entry.value);
            let may_be = !unless.forbids(there);
            if may_be {
                map.insert(key.to_owned(), Entry::new(value, ttl));
            }
            Ok(may_be)
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        Box::pin(async move {
            let mut map = self.map(key);
            let Some(entry) = map.get_mut(key) else {
                return Ok(None);
            };
            let number = std::str::from_utf8(&entry.value).ok();
            let number: Option<i64> = number.and_then(|digits| digits.parse().ok());
            let number =
                number.ok_or_else(|| CacheError::new(ErrorKind::Decode, "not a number"))?;
            let sum = number.checked_add(by);
            let sum =
                sum.ok_or_else(|| CacheError::new(ErrorKind::Store, "the sum is too large"))?;
            // Only the value: it still expires when it did.
            entry.value = sum.to_string().into_bytes();
            Ok(Some(sum))
        })
    }
}
