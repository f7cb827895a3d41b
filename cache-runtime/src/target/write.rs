//! Changing one entry: kept, forgotten, expired, given a new life.

use std::time::Duration;

use super::{Started, Target, expiry, lossy};
use crate::clock::{Tick, millis};
use crate::codec::Extended;
use crate::error::{CacheError, ErrorKind};
use crate::flight::Flight;
use crate::guarded::Guarded;
use crate::life::Life;
use crate::local::Change;
use crate::mode::Mode;
use crate::observe::Counter;
use crate::recovery;
use crate::store::Ttl;
use crate::timeout::Timeout;
use crate::value::How;

/// Whether a value was kept, and if not, why.
#[derive(Debug)]
pub(crate) enum Kept {
    Yes,
    TooLarge,
    Overtaken,
}

impl Target {
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
            let physical = self.physical(life);
            let _claim = recovery::claim(&core.owed, made, mode).await;
            let under_way = core.doubts.write(made, &core.settings.clock);
            let written = store
                .send(mode, "set", bytes.len(), |store| {
                    store.set(made, &bytes, physical)
                })
                .await;
            under_way.ended(&written);
            let written = match flight {
                // What is there is older, and is told so by its own times.
                Some(_) if written.is_err() => written,
                _ => self.settled(made, written),
            };
            match written.map_err(|error| self.failed(error, made)) {
                Err(error) if error.kind() == ErrorKind::TooLarge => return Ok(Kept::TooLarge),
                written => written?,
            }
            if is_overtaken() {
                // The invalidation may have come to the store before this value did.
                let deleted = store.ask(mode, "delete", |store| store.delete(made)).await;
                self.settled(made, deleted)?;
                return Ok(Kept::Overtaken);
            }
        }
        if let Some(level) = core.level(how.is_shared) {
            let now = core.settings.clock.now();
            let draft = (how.hold)(value);
            let draft = if self.is_careful() {
                let cost = started.cost();
                draft.living(self.life_from(now, life, cost), cost, survey.bytes)
            } else {
                draft.until(expiry(now, life), survey.bytes)
            };
            // What is not put in is dropped after the lock is gone: its end may use the cache.
            let mut draft = Some(draft);
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
        let _overtaking = self.overtake(mode).await;
        let mut was_there = false;
        if let Some(level) = core.any_level() {
            was_there = level.change(&self.key, |fresh| Change::Remove(fresh.is_some()));
        }
        if let (Some(store), Some(made)) = (core.store(), &self.made) {
            let deleted = store.ask(mode, "delete", |store| store.delete(made)).await;
            was_there |= self
                .settled(made, deleted)
                .map_err(|error| self.failed(error, made))?;
        }
        if was_there {
            self.count(Counter::Deletes);
        }
        Ok(was_there)
    }

    /// Ends the timeout of the entry, whose value stays for those who cannot have a new one; true if
    /// it was fresh. A flight under way does not bring it back.
    pub(crate) async fn expire(&self, mode: Mode) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let _overtaking = self.overtake(mode).await;
        let mut was_fresh = false;
        if let Some(level) = core.any_level() {
            was_fresh = level.expire(&self.key, self.care().stale);
        }
        if let (Some(store), Some(made)) = (core.store(), &self.made) {
            self.settle(mode).await?;
            // What deletes it from now on waits for the end of this.
            let _write = core.flights.write(&self.key);
            // Where this fails, it must not be served as fresh again; so not at all.
            let expired = self.expire_store(mode, store, made).await;
            was_fresh |= self.settled(made, expired)?;
        }
        Ok(was_fresh)
    }

    // Not in one step: what another process writes in between is lost, which is one more miss.
    async fn expire_store(
        &self,
        mode: Mode,
        store: &Guarded,
        made: &str,
    ) -> Result<bool, CacheError> {
        let failed = |error| self.failed(error, made);
        let bytes = store
            .ask(mode, "expire", |store| store.get(made))
            .await
            .map_err(failed)?;
        let Some(mut bytes) = bytes.and_then(|bytes| self.unseal(made, bytes)) else {
            return Ok(false);
        };
        let settings = &self.cache.core().settings;
        let now = settings.clock.wall();
        match settings.codec().extend(&mut bytes, now, now) {
            Extended::Dead => return Ok(false),
            Extended::NoTimes => {
                // It cannot be old, only gone.
                return store
                    .ask(mode, "expire", |store| store.delete(made))
                    .await
                    .map_err(failed);
            }
            Extended::Yes => {}
        }
        let left = match store.ask(mode, "expire", |store| store.ttl(made)).await {
            Ok(Ttl::Missing) => return Ok(false),
            Ok(Ttl::Never) => None,
            Ok(Ttl::After(left)) => Some(left),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return store
                    .ask(mode, "expire", |store| store.delete(made))
                    .await
                    .map_err(failed);
            }
            Err(error) => return Err(failed(error)),
        };
        let bytes = settings.seal(made, bytes);
        store
            .ask(mode, "expire", |store| store.set(made, &bytes, left))
            .await
            .map_err(failed)?;
        Ok(true)
    }

    /// Gives the entry a new life; true if it was there.
    pub(crate) async fn touch(&self, mode: Mode, timeout: Timeout) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let Some(life) = timeout.or(core.settings.timeout).life() else {
            return self.delete(mode).await;
        };
        if let (Some(store), Some(made)) = (core.store(), &self.made) {
            self.settle(mode).await?;
            // What deletes it from now on waits for the end of this.
            let _write = core.flights.write(&self.key);
            return self.touch_store(mode, store, made, life).await;
        }
        let Some(level) = core.any_level() else {
            return Ok(false);
        };
        let now = core.settings.clock.now();
        Ok(level.change(&self.key, |fresh| {
            if let Some(entry) = fresh {
                entry.live(self.life_from(now, life, entry.cost()));
            }
            Change::Leave(fresh.is_some())
        }))
    }

    // An envelope carries its own logical expiry, so it is written anew with the new one.
    async fn touch_store(
        &self,
        mode: Mode,
        store: &Guarded,
        made: &str,
        life: Option<Duration>,
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
            let physical = self.physical(life);
            store
                .ask(mode, "touch", |store| store.set(made, &bytes, physical))
                .await
                .map_err(failed)?;
            return Ok(true);
        }
        store
            .ask(mode, "touch", |store| store.touch(made, life))
            .await
            .map_err(failed)
    }

    /// How long the store is to keep what is fresh for `life`: longer, if an old value may be
    /// served and its format tells that it is old.
    fn physical(&self, life: Option<Duration>) -> Option<Duration> {
        if self.cache.core().settings.format.is_own() {
            self.care().physical(life)
        } else {
            life
        }
    }

    /// The life of an entry that is written at `now`.
    fn life_from(&self, now: Tick, life: Option<Duration>, cost: Duration) -> Life {
        Life::new(now, expiry(now, life), cost, self.care())
    }
}
