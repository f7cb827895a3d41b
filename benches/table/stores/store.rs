//! One store in the races: its cache, and what can be seen of the store from outside.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use cache_benches::overview::BASE;
use cache_runtime::{Cache, CacheError};
use cache_tests::every_store::Started;

use crate::callers;

/// A store that runs.
pub(crate) struct Store {
    name: &'static str,
    cache: Cache,
    started: Started,
}

impl Store {
    /// The store at its URL; the server runs as long as this is kept.
    pub(super) fn open(name: &'static str, started: Started) -> Result<Store, CacheError> {
        // Nothing is to be refused, culled or given up but by the store itself.
        let url = started.with(
            "key_prefix=bench&max_value_size=16MiB&max_entries=10000000&op_timeout=300\
             &connect_timeout=10",
        );
        let cache = Cache::from_url(&url)?;
        callers::wait(cache.ping())?;
        Ok(Self {
            name,
            cache,
            started,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// How many entries take room; `None` where nobody can see that.
    pub(super) fn count(&self) -> Option<u64> {
        Some(self.started.entries.as_ref()?.count())
    }

    /// Whether the others are told as ratios to it.
    pub(super) fn is_base(&self) -> bool {
        self.name == BASE
    }

    pub(super) fn clear(&self) {
        callers::wait(self.cache.clear()).unwrap();
    }

    /// Keeps `value` under `key` and looks whether it is there; or why it cannot be kept.
    pub(super) fn keep(&self, key: &str, value: &String) -> Result<(), String> {
        callers::wait(async {
            let set = self.cache.set(key, value, 3600).await;
            set.map_err(|error| format!("refused: {error}"))?;
            let found = self.cache.get::<String>(key).await;
            match found.map_err(|error| format!("not read back: {error}"))? {
                Some(found) if found == *value => Ok(()),
                Some(_) => Err("another value is read back".to_owned()),
                None => Err("not kept".to_owned()),
            }
        })
    }
}
