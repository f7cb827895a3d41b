//! One entry of one cache: where it is, and the only places that read, write and delete it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::cache::Cache;
use crate::call_key::Key;
use crate::clock::{NEVER, Tick, millis};
use crate::codec::{Decoded, Extended, Times};
use crate::error::{CacheError, ErrorKind};
use crate::flight::Flight;
use crate::key::{self, KeyError, Tree};
use crate::local::{Change, FullKey, Header};
use crate::mode::Mode;
use crate::observe::Counter;
use crate::space::Binding;
use crate::timeout::Timeout;
use crate::value::How;

/// One entry of one cache.
pub(crate) struct Target {
    pub(crate) cache: Cache,
    pub(crate) binding: Arc<Binding>,
    pub(crate) key: FullKey,
    /// The whole key in the store, if there is one.
    made: Option<String>,
}

/// Whether a value was kept, and if not, why.
#[derive(Debug)]
pub(crate) enum Kept {
    Yes,
    TooLarge,
    Overtaken,
}

impl Target {
    /// The entry under a text key.
    pub(crate) fn text(cache: &Cache, key: &str) -> Result<Self, CacheError> {
        let settings = &cache.core().settings;
        let made = settings.make_key(&cache.space().prefix, cache.version_number(), key);
        key::validate(&made).map_err(|error| unusable(error).on_key(key))?;
        let binding = cache.space().text.clone();
        let mut tree = Tree::default();
        tree.push(key).map_err(unusable)?;
        let header = Header {
            binding: binding.id,
            version: cache.version_number(),
        };
        Ok(Self {
            cache: cache.clone(),
            key: FullKey::new(header, tree),
            binding,
            made: Some(made),
        })
    }

    /// The entry of a call in `cache`, of which its function may claim the keys.
    pub(crate) fn function(key: &Key<'_>, cache: &Cache) -> Result<Self, CacheError> {
        let binding = cache.space().bind(key.site);
        if binding.is_collision {
            binding.counters.count(Counter::Collisions);
            return Err(CacheError::new(
                ErrorKind::Collision,
                format!(
                    "another function claims the keys of key_prefix {:?} and name {:?}",
                    key.site.prefix(),
                    key.site.name
                ),
            ));
        }
        Self::bound(key, cache, binding)
    }

    /// The entry of a call of a function that is bound to `cache`.
    pub(crate) fn bound(
        key: &Key<'_>,
        cache: &Cache,
        binding: Arc<Binding>,
    ) -> Result<Self, CacheError> {
        if let Some(error) = key.tree.error() {
            binding.counters.count(Counter::Errors);
            return Err(unusable(error.clone()));
        }
        let cache = match key.version {
            Some(version) if version.number() != cache.version_number() => {
                cache.with_version(version)
            }
            _ => cache.clone(),
        };
        let header = Header {
            binding: binding.id,
            version: cache.version_number(),
        };
        let mut target = Self {
            key: FullKey::new(header, key.tree.clone()),
            binding,
            cache,
            made: None,
        };
        if target.cache.core().store().is_some() && !key.site.is_local {
            let made = target.made_key();
            target.made = Some(made.inspect_err(|_| target.count(Counter::Errors))?);
        }
        Ok(target)
    }

    /// The whole key, as a store sees it.
    pub(crate) fn made_key(&self) -> Result<String, CacheError> {
        if let Some(made) = &self.made {
            return Ok(made.clone());
        }
        let name = match self.binding.site {
            Some(site) => self
                .cache
                .function_name(site, &self.key.tree)
                .map_err(unusable)?,
            None => self.key.tree.as_text().unwrap_or_default().to_owned(),
        };
        let made = self.cache.core().settings.make_key(
            &self.cache.space().prefix,
            self.cache.version_number(),
            &name,
        );
        key::validate(&made).map_err(|error| unusable(error).on_key(&made))?;
        Ok(made)
    }

    pub(crate) fn count(&self, what: Counter) {
        self.binding.counters.count(what);
    }

    /// The fresh value in the in-process level.
    pub(crate) fn read_level<V>(&self, how: &How<V>) -> Option<V> {
        let level = self.cache.core().level(how.is_shared)?;
        let value = level.read(&self.key.lookup(), how.copy)?;
        if value.is_none() {
            self.count(Counter::Undecodable);
        }
        value
    }

    /// The fresh value in the shared store. Undecodable bytes are a counted miss.
    pub(crate) async fn read_store<V>(
        &self,
        mode: Mode,
        how: &How<V>,
    ) -> Result<Option<V>, CacheError> {
        let (Some(store), Some(made), true) =
            (self.cache.core().store(), &self.made, how.is_shared)
        else {
            return Ok(None);
        };
        let bytes = store
            .ask(mode, "get", |store| store.get(made))
            .await
            .map_err(|error| self.failed(error, made))?;
        let Some(bytes) = bytes else { return Ok(None) };
        Ok(self.decode(how, &bytes))
    }

    /// The value in these bytes, if they are one and it is fresh.
    pub(crate) fn decode<V>(&self, how: &How<V>, bytes: &[u8]) -> Option<V> {
        let settings = &self.cache.core().settings;
        let made = self.made().unwrap_or_default();
        let decoded = settings
            .unseal(made, Cow::Borrowed(bytes))
            .and_then(|bytes| (how.decode)(&bytes, &settings.codec()));
        match decoded {
            Ok(Decoded { value, times }) => {
                let now = settings.clock.wall();
                let is_fresh = times.is_none_or(|times| times.expires == 0 || times.expires > now);
                is_fresh.then_some(value)
            }
            Err(_) => {
                self.count(Counter::Undecodable);
                None
            }
        }
    }

    /// What was sealed for this entry, where bytes are handed on as they are. Anything else is a
    /// counted miss.
    pub(crate) fn unseal(&self, made: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let settings = &self.cache.core().settings;
        let unsealed = settings.unseal(made, Cow::Owned(bytes));
        let unsealed = unsealed.inspect_err(|_| self.count(Counter::Undecodable));
        unsealed.ok().map(Cow::into_owned)
    }

    /// Keeps `value`, in the shared store and then in the in-process level. An entry whose
    /// `flight` was overtaken is not kept, nor left behind.
    pub(crate) async fn write<V>(
        &self,
        mode: Mode,
        how: &How<V>,
        value: V,
        timeout: Timeout,
        started: Started,
        flight: Option<&Flight>,
    ) -> Result<Kept, CacheError> {
        let core = self.cache.core();
        let Some(life) = timeout.life() else {
            self.delete(mode).await?;
            return Ok(Kept::Yes);
        };
        let is_overtaken = || flight.is_some_and(Flight::is_overtaken);
        let survey = (how.survey)(&value);
        if survey.bytes > core.settings.max_value_size {
            self.count(Counter::TooLarge);
            return Ok(Kept::TooLarge);
        }
        if let (Some(store), Some(made), true) = (core.store(), &self.made, how.is_shared) {
            if !survey.lossless {
                return Err(lossy().on_key(made));
            }
            let times = started.times(life);
            let bytes = (how.encode)(&value, &core.settings.codec(), times)?;
            let bytes = core.settings.seal(made, bytes);
            // An invalidation that comes from now on waits for the end of this.
            let _write = core.flights.write(&self.key);
            if is_overtaken() {
                return Ok(Kept::Overtaken);
            }
            let written = store
                .ask(mode, "set", |store| store.set(made, &bytes, life))
                .await;
            match written.map_err(|error| self.failed(error, made)) {
                Err(error) if error.kind() == ErrorKind::TooLarge => return Ok(Kept::TooLarge),
                written => written?,
            }
            if is_overtaken() {
                // The invalidation may have come to the store before this value did.
                store
                    .ask(mode, "delete", |store| store.delete(made))
                    .await?;
                return Ok(Kept::Overtaken);
            }
        }
        if let Some(level) = core.level(how.is_shared) {
            let expires = expiry(core.settings.clock.now(), life);
            // What is not put in is dropped after the lock is gone: its end may use the cache.
            let mut draft = Some((how.hold)(value).until(expires, survey.bytes));
            let kept = level.change(&self.key, |_| match draft.take_if(|_| !is_overtaken()) {
                Some(draft) => Change::Put(draft, true),
                None => Change::Leave(false),
            });
            if !kept {
                return Ok(Kept::Overtaken);
            }
        }
        self.count(Counter::Sets);
        Ok(Kept::Yes)
    }

    /// Forgets the entry; a flight under way does not bring it back.
    pub(crate) async fn delete(&self, mode: Mode) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let _overtaking = core.flights.overtake(mode, &self.key).await;
        let mut was_there = false;
        if let Some(level) = core.any_level() {
            was_there = level.change(&self.key, |fresh| Change::Remove(fresh.is_some()));
        }
        if let (Some(store), Some(made)) = (core.store(), &self.made) {
            was_there |= store
                .ask(mode, "delete", |store| store.delete(made))
                .await
                .map_err(|error| self.failed(error, made))?;
        }
        if was_there {
            self.count(Counter::Deletes);
        }
        Ok(was_there)
    }

    /// Gives the entry a new life; true if it was there.
    pub(crate) async fn touch(&self, mode: Mode, timeout: Timeout) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let Some(life) = timeout.or(core.settings.timeout).life() else {
            return self.delete(mode).await;
        };
        if let (Some(store), Some(made)) = (core.store(), &self.made) {
            return self.touch_store(mode, store, made, life).await;
        }
        let Some(level) = core.any_level() else {
            return Ok(false);
        };
        let expires = expiry(core.settings.clock.now(), life);
        Ok(level.change(&self.key, |fresh| {
            if let Some(entry) = fresh {
                entry.expire_at(expires);
            }
            Change::Leave(fresh.is_some())
        }))
    }

    // An envelope carries its own logical expiry, so it is written anew with the new one.
    async fn touch_store(
        &self,
        mode: Mode,
        store: &crate::guarded::Guarded,
        made: &str,
        life: Option<std::time::Duration>,
    ) -> Result<bool, CacheError> {
        let failed = |error| self.failed(error, made);
        let bytes = store
            .ask(mode, "touch", |store| store.get(made))
            .await
            .map_err(failed)?;
        let Some(bytes) = bytes else {
            return Ok(false);
        };
        let settings = &self.cache.core().settings;
        let Some(mut bytes) = self.unseal(made, bytes) else {
            return Ok(false);
        };
        let now = settings.clock.wall();
        let expires = life.map_or(0, |life| now.saturating_add(millis(life)));
        let extended = settings.codec().extend(&mut bytes, now, expires);
        if extended == Extended::Dead {
            return Ok(false);
        }
        if extended == Extended::Yes {
            let bytes = settings.seal(made, bytes);
            store
                .ask(mode, "touch", |store| store.set(made, &bytes, life))
                .await
                .map_err(failed)?;
            return Ok(true);
        }
        store
            .ask(mode, "touch", |store| store.touch(made, life))
            .await
            .map_err(failed)
    }

    /// Counts a failure of the store, and says what it was about. A value that is too large for it
    /// is no failure.
    pub(crate) fn failed(&self, error: CacheError, made: &str) -> CacheError {
        self.count(if error.kind() == ErrorKind::TooLarge {
            Counter::TooLarge
        } else {
            Counter::Errors
        });
        error.on_key(made)
    }

    pub(crate) fn made(&self) -> Option<&str> {
        self.made.as_deref()
    }
}

/// When a computation started; not asked where no store is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Started(Option<(u64, std::time::Instant)>);

impl Started {
    pub(crate) fn now(cache: &Cache) -> Self {
        let core = cache.core();
        let is_told = core.store().is_some();
        Self(is_told.then(|| (core.settings.clock.wall(), std::time::Instant::now())))
    }

    /// The times of an entry that lives for `life` from now on.
    pub(crate) fn times(self, life: Option<std::time::Duration>) -> Times {
        let (created, took) = self.0.map_or((0, std::time::Duration::ZERO), |(wall, at)| {
            (wall, at.elapsed())
        });
        let now = created.saturating_add(millis(took));
        Times {
            created,
            expires: life.map_or(0, |life| now.saturating_add(millis(life))),
            cost: u32::try_from(took.as_micros()).unwrap_or(u32::MAX),
        }
    }
}

/// The tick at which a life that starts at `now` ends.
pub(crate) fn expiry(now: Tick, life: Option<std::time::Duration>) -> Tick {
    // One below NEVER, so that a very long life is not for ever by accident.
    life.map_or(NEVER, |life| {
        now.saturating_add(millis(life)).min(NEVER - 1)
    })
}

pub(crate) fn lossy() -> CacheError {
    CacheError::new(
        ErrorKind::Encode,
        "JSON would change the value (a NaN, an infinity, a Some around None, or map keys that are not text)",
    )
}

pub(crate) fn unusable(error: KeyError) -> CacheError {
    CacheError::new(ErrorKind::Key, format!("the key cannot be used: {error}")).with_source(error)
}
