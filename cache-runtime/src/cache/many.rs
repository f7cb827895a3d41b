//! Operations on several keys at once, and on all of them.

use std::collections::HashMap;

use serde::Serialize;

use super::handle::{Cache, collect};
use super::ops::how;
use crate::call::lock;
use crate::error::{CacheError, ErrorKind};
use crate::guarded::Guarded;
use crate::markers;
use crate::markers::tombstone;
use crate::mode::Mode;
use crate::observe::Counter;
use crate::recovery;
use crate::target::{Found, Target, confirm_many};
use crate::timeout::Timeout;
use crate::tools::glob::Glob;
use crate::value::CacheValue;

/// Whether copies in process, in front of a store, may answer for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copies {
    Serve,
    /// The store itself is asked, and its answer is not copied.
    Pass,
}

impl Cache {
    /// Returns what the store itself has of `keys`, for crates that must not serve an entry that another
    /// process has changed a moment ago.
    #[doc(hidden)]
    pub async fn get_many_past_copies<T: CacheValue>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<HashMap<String, T>, CacheError> {
        self.op_get_many(Mode::Async, collect(keys), Copies::Pass)
            .await
    }

    pub(crate) async fn op_get_many<T: CacheValue>(
        &self,
        mode: Mode,
        keys: Vec<String>,
        copies: Copies,
    ) -> Result<HashMap<String, T>, CacheError> {
        let mut found = HashMap::with_capacity(keys.len());
        let Some(store) = self.core().store() else {
            for key in keys {
                if let Some(value) = self.op_get(mode, &key).await? {
                    found.insert(key, value);
                }
            }
            return Ok(found);
        };
        let how = how::<T>();
        let mut asked = Vec::with_capacity(keys.len());
        for key in keys {
            let target = self.target(&key)?;
            let copy = (copies == Copies::Serve).then(|| target.read_level(how));
            match copy.flatten() {
                Some(value) => {
                    target.binding.counters.count_hit();
                    found.insert(key, value);
                }
                None => asked.push((key, target)),
            }
        }
        if asked.is_empty() {
            return Ok(found);
        }
        let near = self.core().near().filter(|_| copies == Copies::Serve);
        let tickets: Vec<_> = asked
            .iter()
            .map(|(_, target)| near.map(|near| near.reading(target.key.stored_hash)))
            .collect();
        let stored_keys: Vec<String> = asked
            .iter()
            .filter_map(|(_, target)| target.stored_key().map(str::to_owned))
            .collect();
        let counters = &self.space().text.counters;
        let values = store
            .ask(mode, "get_many", |store| store.get_many(&stored_keys))
            .await
            .inspect_err(|_| counters.count(Counter::Errors))?;
        recovery::tend(self, mode);
        let stored = asked.iter().zip(&values);
        let stored = stored.filter_map(|((_, target), value)| Some((target, value.as_deref()?)));
        confirm_many(mode, stored).await?;
        let owed = &self.core().owed;
        for (((key, target), bytes), ticket) in asked.into_iter().zip(values).zip(tickets) {
            let bytes = bytes.filter(|_| {
                target
                    .stored_key()
                    .is_some_and(|stored_key| !owed.has(stored_key))
            });
            let value = bytes.and_then(|bytes| target.decode(how, &bytes));
            let value = match value {
                Some(value) => target.accept(mode, how, value, ticket).await?,
                None => None,
            };
            let value = value.filter(Found::is_fresh).map(|found| found.value);
            target.count(if value.is_some() {
                Counter::StoreHits
            } else {
                Counter::Misses
            });
            found.extend(value.map(|value| (key, value)));
        }
        Ok(found)
    }

    fn targets(&self, keys: &[String]) -> Result<Vec<Target>, CacheError> {
        keys.iter().map(|key| self.target(key)).collect()
    }

    pub(crate) async fn op_set_many<T>(
        &self,
        mode: Mode,
        items: Vec<(String, T)>,
        timeout: Timeout,
    ) -> Result<Vec<String>, CacheError>
    where
        T: Serialize + Clone + Send + Sync + 'static,
    {
        let life = timeout.or(self.core().settings.timeout).life();
        let mut failed = Vec::new();
        // A key that cannot be used is reported before anything is written.
        let mut targets = Vec::with_capacity(items.len());
        for (key, _) in &items {
            targets.push(self.target(key)?);
        }
        let (Some(store), Some(life)) = (self.core().store(), life) else {
            for (key, value) in items {
                if self.op_set(mode, &key, &value, timeout).await.is_err() {
                    failed.push(key);
                }
            }
            return Ok(failed);
        };
        let mut overtaking = Vec::with_capacity(items.len());
        let mut keys = Vec::with_capacity(items.len());
        let mut encoded = Vec::with_capacity(items.len());
        for ((key, value), target) in items.into_iter().zip(&targets) {
            if self.check_size(&value, "set_many", &key).is_err() {
                target.delete(mode).await?;
                failed.push(key);
                continue;
            }
            let stored_key = target.stored_key();
            match stored_key.map(|stored_key| (stored_key, self.encode(stored_key, &value, life))) {
                Some((stored_key, Ok(bytes))) => {
                    overtaking.push(target.overtake(mode).await);
                    encoded.push((stored_key.to_owned(), bytes));
                    keys.push(key);
                }
                _ => failed.push(key),
            }
        }
        let counters = &self.space().text.counters;
        let owed = &self.core().owed;
        let bytes = encoded.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut claims = Vec::new();
        for (stored_key, _) in &encoded {
            claims.extend(recovery::claim(owed, stored_key, mode).await);
        }
        let core = self.core();
        let stored_keys = encoded.iter().map(|(stored_key, _)| stored_key.as_str());
        let write = store.send(mode, "set_many", bytes, |store| {
            store.set_many(&encoded, life)
        });
        let written = core
            .doubts
            .watch_many(stored_keys, &core.settings.clock, write)
            .await;
        let bad = written.inspect_err(|error| {
            counters.count(Counter::Errors);
            if recovery::leaves_it(error) {
                encoded
                    .iter()
                    .for_each(|(stored_key, _)| owed.key(stored_key));
            }
        })?;
        for (at, (stored_key, _)) in encoded.iter().enumerate() {
            if bad.contains(&at) {
                owed.key(stored_key);
            } else {
                owed.paid(stored_key);
            }
        }
        counters.count_many(Counter::Sets, (keys.len() - bad.len()) as u64);
        failed.extend(bad.into_iter().filter_map(|at| keys.get(at).cloned()));
        Ok(failed)
    }

    pub(crate) async fn op_delete_many(
        &self,
        mode: Mode,
        keys: Vec<String>,
    ) -> Result<u64, CacheError> {
        let Some(store) = self.core().store() else {
            let mut count = 0;
            for key in keys {
                count += u64::from(self.op_delete(mode, &key).await?);
            }
            return Ok(count);
        };
        let targets = self.targets(&keys)?;
        let mut overtaking = Vec::with_capacity(targets.len());
        let mut stored_keys = Vec::with_capacity(targets.len());
        for target in &targets {
            overtaking.push(target.overtake(mode).await);
            stored_keys.extend(target.stored_key().map(str::to_owned));
        }
        self.bury_many(mode, &targets).await;
        let counters = &self.space().text.counters;
        let owed = &self.core().owed;
        let count = store
            .ask(mode, "delete_many", |store| store.delete_many(&stored_keys))
            .await
            .inspect_err(|error| {
                counters.count(Counter::Errors);
                if recovery::leaves_it(error) {
                    stored_keys
                        .iter()
                        .for_each(|stored_key| owed.key(stored_key));
                }
            })?;
        stored_keys
            .iter()
            .for_each(|stored_key| owed.paid(stored_key));
        counters.count_many(Counter::Deletes, count);
        Ok(count)
    }

    /// Does what [`Target::bury`] does, for many.
    async fn bury_many(&self, mode: Mode, targets: &[Target]) {
        let computed = targets.iter().filter(|target| target.is_computed());
        let text = self.core().stamp().to_text();
        let hash_tags = self.core().store().is_some_and(Guarded::hash_tags);
        let key_of = |stored_key| tombstone::key_of(stored_key, hash_tags);
        let tombstone = |stored_key| Some((key_of(stored_key)?, text.clone().into_bytes()));
        let tombstones: Vec<_> = computed
            .filter_map(Target::stored_key)
            .filter_map(tombstone)
            .collect();
        if let Some(store) = self.core().store().filter(|_| !tombstones.is_empty()) {
            let life = Some(tombstone::LIFE);
            // What fails here fails again below.
            let _ = store
                .ask(mode, "set_many", |store| store.set_many(&tombstones, life))
                .await;
        }
    }

    pub(crate) async fn op_clear(&self, mode: Mode) -> Result<(), CacheError> {
        let version = self.version_number();
        let is_mine = |key: &crate::local::FullKey| {
            key.header.version == version && self.space().binding(key.header.binding).is_some()
        };
        self.core().flights.overtake_where(mode, is_mine).await;
        if let Some(level) = self.core().any_home() {
            level.remove_where(|key| is_mine(key));
        }
        let cleared = match self.core().store() {
            Some(store) => self.clear_store(mode, store).await,
            None => Ok(()),
        };
        self.core().flights.end_where(is_mine);
        cleared
    }

    /// Clears the store. The marker invalidates what functions have kept, everywhere and at once. A value set
    /// by hand may carry no times (an integer), or be another program's, and is therefore searched for.
    async fn clear_store(&self, mode: Mode, store: &Guarded) -> Result<(), CacheError> {
        let prefix = self.store_prefix("clear")?;
        let mark = self.has_marks().then(|| self.mark_of_all());
        if let Some(mark) = &mark {
            // What fails here fails again below, and is owed.
            let _ = self.set_mark(mode, mark).await;
        }
        let cleared = self.clear_prefix(mode, store, &prefix).await;
        if let Some(mark) = &mark {
            // It was deleted with the rest.
            let written = self.write_mark(mode, mark).await;
            return cleared.and(written);
        }
        cleared
    }

    /// Clears a prefix of the store; if that fails, nothing of it is served until it is made up for.
    pub(crate) async fn clear_prefix(
        &self,
        mode: Mode,
        store: &Guarded,
        prefix: &str,
    ) -> Result<(), CacheError> {
        let core = self.core();
        let now = core.settings.clock.wall();
        core.doubts.invalidated_all(prefix, now);
        let cleared = store.walk(mode, "clear", |store| store.clear(prefix)).await;
        cleared.inspect_err(|error| {
            if recovery::leaves_it(error) {
                core.owed.prefix(prefix);
            }
        })
    }

    /// Returns what every key of this prefix and version starts with.
    pub(crate) fn store_prefix(&self, operation: &'static str) -> Result<String, CacheError> {
        let settings = &self.core().settings;
        if settings.key_function.is_some() {
            return Err(CacheError::new(
                ErrorKind::Unsupported,
                "a cache with a key function does not know which keys are its own: delete them by name, or by tag",
            )
            .in_operation(operation));
        }
        Ok(settings.make_key(&self.space().prefix, self.version_number(), ""))
    }

    pub(crate) async fn op_keys(
        &self,
        mode: Mode,
        pattern: &str,
    ) -> Result<Vec<String>, CacheError> {
        if let Some(store) = self.core().store() {
            let prefix = self.store_prefix("keys")?;
            let keys = store
                .walk(mode, "keys", |store| store.keys(&prefix, pattern))
                .await?;
            return Ok(keys
                .iter()
                .filter(|key| !lock::is_name(key) && !tombstone::is_name(key))
                .filter_map(|key| key.strip_prefix(&prefix))
                .filter(|name| !markers::is_name(name))
                .map(str::to_owned)
                .collect());
        }
        let glob = Glob::new(pattern);
        let mut names = Vec::new();
        if let Some(level) = self.home() {
            level.each(|key| names.extend(self.name_of(key).filter(|name| glob.matches(name))));
        }
        Ok(names)
    }
}
