//! Changing one entry: writing, deleting, expiring it, giving it a new timeout.

use std::time::Duration;

use super::changing::Buried;
use super::{Changing, Started, StoreChange, Target, expiry, lossy};
use crate::clock::{Tick, millis};
use crate::codec::{Extended, Times};
use crate::error::{CacheError, ErrorKind};
use crate::flight::Flight;
use crate::guarded::Guarded;
use crate::life::Life;
use crate::local::Change;
use crate::markers::stamp::Stamp;
use crate::markers::tombstone::{self, Unless};
use crate::markers::{self, Marks};
use crate::mode::Mode;
use crate::news::Event;
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

/// What is known about the computation of a value.
pub(crate) struct Making<'f> {
    pub(crate) started: Started,
    pub(crate) tags: Vec<String>,
    /// The execution that it comes from, if any.
    pub(crate) flight: Option<&'f Flight>,
    pub(crate) cause: Cause,
}

/// Why a value is written, and so what it gives way to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// There was none: an invalidation that came since it was begun, in any process, wins.
    Missing,
    /// There was an old one, of which other processes may have copies. Otherwise the same.
    Renewal,
    /// This value is wanted, whatever is there: set by hand, or a refresh. A function's refresh gives way to
    /// what was invalidated while it ran.
    Wanted,
    /// A refresh of a text key, which gives way in the same way.
    Remade,
    /// The store is down: only a copy in process can be kept.
    Alone,
}

/// From when on invalidations forbid a write.
#[derive(Debug, Clone, Copy)]
enum Since {
    /// Since its computation began, on this machine's clock.
    Began(Stamp),
    /// The same, where a tombstone of just that time has been set for it.
    Told(Stamp),
}

impl Making<'_> {
    /// A function has run for a value that takes the place of what is there.
    fn is_refresh(&self) -> bool {
        self.cause == Cause::Wanted && self.flight.is_some()
    }

    fn is_overtaken(&self) -> bool {
        self.flight.is_some_and(Flight::is_overtaken)
    }
}

impl Target {
    /// Writes `value` to the shared store and then to the in-process level. An entry whose
    /// flight was overtaken is not kept, nor left behind.
    pub(crate) async fn write<V>(
        &self,
        mode: Mode,
        how: &How<V>,
        value: V,
        timeout: Timeout,
        making: Making<'_>,
    ) -> Result<Kept, CacheError> {
        let core = self.cache.core();
        let Some(life) = timeout.life() else {
            self.delete(mode).await?;
            return Ok(Kept::Yes);
        };
        let survey = (how.survey)(&value);
        if survey.bytes > core.settings.max_value_size {
            self.count(Counter::TooLarge);
            return Ok(Kept::TooLarge);
        }
        let is_shared = self.is_shared(how);
        let marks = self.marks_of(is_shared, &making)?;
        if !marks.are_silent() || making.is_overtaken() {
            return Ok(Kept::Overtaken);
        }
        let is_written = is_shared && making.cause != Cause::Alone;
        if is_written && !survey.lossless {
            return Err(lossy().on_key(self.stored_key().unwrap_or_default()));
        }
        let mut told = None;
        if is_written && making.is_refresh() && self.is_computed() {
            // Boxed, like everything rare.
            match Box::pin(self.bury_before(mode, making.started.stamp)).await {
                Buried::At(stamp) => told = Some(stamp),
                Buried::Not => return Ok(Kept::Overtaken),
                Buried::Unsure => {
                    // Then neither stays.
                    Box::pin(self.delete_from(mode, false)).await?;
                    return Ok(Kept::Overtaken);
                }
            }
        }
        // No reader makes a copy of what it finds meanwhile.
        let news = match making.cause {
            Cause::Missing | Cause::Alone => None,
            Cause::Renewal => Some(StoreChange::Renewed),
            Cause::Wanted | Cause::Remade => Some(StoreChange::Invalidated),
        };
        let changing = if is_shared && making.flight.is_some() {
            self.changing(news)
        } else {
            // Setting by hand has begun an invalidation, which is a change already.
            None
        };
        // Before the store is asked: what is in process must not live longer than what is in the store.
        let now = core.settings.clock.now();
        if is_written {
            let physical = self.physical(life, &making.tags);
            // Boxed: otherwise the future of a miss in process would have room for it.
            let written = self.write_store(mode, how, &value, (life, physical), (&making, told));
            let kept = Box::pin(written).await?;
            if !matches!(kept, Kept::Yes) {
                return Ok(kept);
            }
        }
        let life = if self.is_careful() {
            self.life_from(now, life, making.started.cost())
        } else {
            Life::plain(expiry(now, life))
        };
        if let Some(level) = core.home(how.is_shared) {
            let draft = (how.hold)(value);
            let draft = if self.is_careful() {
                draft.living(life, making.started.cost(), survey.bytes)
            } else {
                draft.until(life.expires, survey.bytes)
            };
            // What is not put in is dropped after the lock is released: its destructor may use the cache.
            let mut draft = Some(draft.watched(marks, false));
            let kept = level.change(&self.key, |_| {
                match draft.take_if(|_| !making.is_overtaken()) {
                    Some(draft) => Change::Put(draft, true),
                    None => Change::Leave(false),
                }
            });
            if !kept {
                return Ok(Kept::Overtaken);
            }
        } else if let Some(near) = core.near().filter(|_| how.is_shared)
            && let Some(ticket) = changing.as_ref().and_then(Changing::ticket)
            && (making.cause == Cause::Alone || self.cache.unsure(&marks.marks).is_empty())
        {
            if making.is_overtaken() {
                return Ok(Kept::Overtaken);
            }
            let life = near.life(life, now);
            let draft = (how.hold)(value).living(life, making.started.cost(), survey.bytes);
            near.put(ticket, &self.key, draft.watched(marks, true));
        }
        self.count(Counter::Sets);
        Ok(Kept::Yes)
    }

    /// Returns the markers of what is written: none if nothing can end it.
    fn marks_of(&self, is_shared: bool, making: &Making<'_>) -> Result<Marks, CacheError> {
        if !making.tags.is_empty() {
            if is_shared {
                self.cache.check_marks("set")?;
            }
            check_tags(&making.tags)?;
        }
        if !is_shared && making.tags.is_empty() {
            return Ok(Marks::none(0));
        }
        Ok(self.marks(making.started.stamp, &making.tags))
    }

    /// Writes `value` to the shared store.
    async fn write_store<V>(
        &self,
        mode: Mode,
        how: &How<V>,
        value: &V,
        (life, physical): (Option<Duration>, Option<Duration>),
        (making, told): (&Making<'_>, Option<Stamp>),
    ) -> Result<Kept, CacheError> {
        let core = self.cache.core();
        let (Some(store), Some(stored_key)) = (core.store(), self.stored_key()) else {
            return Ok(Kept::Yes);
        };
        let codec = core.settings.codec();
        let times = Times {
            stamp: Some(making.started.stamp),
            ..making.started.times(life)
        };
        let mut bytes = (how.encode)(value, &codec, times)?;
        codec.label(&mut bytes, &making.tags);
        let bytes = core.settings.seal(stored_key, bytes);
        let started = making.started.stamp;
        let since = match (making.cause, making.flight) {
            (Cause::Remade, _) => Some(Since::Began(started)),
            _ if !self.is_computed() => None,
            (Cause::Wanted, None) => {
                self.bury(mode).await;
                None
            }
            (Cause::Wanted, Some(_)) => told.map(Since::Told),
            _ => Some(Since::Began(started)),
        };
        // An invalidation that comes from now on waits for the end of this.
        let _write = core.flights.write(&self.key);
        if making.is_overtaken() {
            return Ok(Kept::Overtaken);
        }
        let _claim = recovery::claim(&core.owed, stored_key, mode).await;
        let written = self.put(mode, store, "set", (stored_key, &bytes), physical, since);
        let written = match (making.flight, written.await) {
            // What is there is older, and is recognized as such by its own times.
            (Some(_), Err(error)) => Err(error),
            (_, written) => self.settled(stored_key, written),
        };
        match written.map_err(|error| self.failed(error, stored_key)) {
            Err(error) if error.kind() == ErrorKind::TooLarge => return Ok(Kept::TooLarge),
            // Another process has invalidated it meanwhile. If that takes several steps, someone may
            // have seen it in between.
            Ok(false) => {
                self.cache.tell(|| Event::Changed(stored_key.to_owned()));
                return Ok(Kept::Overtaken);
            }
            written => written?,
        };
        if making.is_overtaken() {
            // The invalidation may have reached the store before this value did.
            let deleted = store
                .ask(mode, "delete", |store| store.delete(stored_key))
                .await;
            self.settled(stored_key, deleted)?;
            return Ok(Kept::Overtaken);
        }
        Ok(Kept::Yes)
    }

    /// Puts these bytes into the store. If they are what was known at `since`, an invalidation that has
    /// come since then, in any process, forbids it; returns true if nothing did.
    async fn put(
        &self,
        mode: Mode,
        store: &Guarded,
        operation: &'static str,
        (stored_key, bytes): (&str, &[u8]),
        physical: Option<Duration>,
        since: Option<Since>,
    ) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let gone = since.and_then(|_| tombstone::key_of(stored_key, store.hash_tags()));
        let unless = gone.as_deref().zip(since).map(|(gone, since)| match since {
            Since::Began(stamp) => Unless::new(gone, stamp),
            Since::Told(stamp) => Unless::own_time(gone, stamp),
        });
        let write = store.send(mode, operation, bytes.len(), |store| {
            if let Some(unless) = unless {
                store.set_unless(stored_key, bytes, physical, unless)
            } else {
                let set = store.set(stored_key, bytes, physical);
                Box::pin(async move { set.await.map(|()| true) })
            }
        });
        core.doubts
            .watch(stored_key, &core.settings.clock, write)
            .await
    }

    /// Deletes the entry; a running flight does not bring it back.
    pub(crate) async fn delete(&self, mode: Mode) -> Result<bool, CacheError> {
        self.delete_from(mode, self.is_computed()).await
    }

    /// The same of what is computed, whatever its key: no other process brings it back either.
    pub(crate) async fn delete_made(&self, mode: Mode) -> Result<bool, CacheError> {
        self.delete_from(mode, true).await
    }

    async fn delete_from(&self, mode: Mode, is_computed: bool) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let _overtaking = self.overtake(mode).await;
        let mut was_there = false;
        if let Some(level) = core.any_home() {
            was_there = level.change(&self.key, |fresh| Change::Remove(fresh.is_some()));
        }
        if let (Some(store), Some(stored_key)) = (core.store(), &self.stored_key) {
            if is_computed {
                self.bury(mode).await;
            }
            let deleted = store
                .ask(mode, "delete", |store| store.delete(stored_key))
                .await;
            was_there |= self
                .settled(stored_key, deleted)
                .map_err(|error| self.failed(error, stored_key))?;
        }
        if was_there {
            self.count(Counter::Deletes);
        }
        Ok(was_there)
    }

    /// Ends the timeout of the entry, whose value stays for callers that cannot get a new one; returns whether
    /// it was fresh. A running flight does not bring it back.
    pub(crate) async fn expire(&self, mode: Mode) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let _overtaking = self.overtake(mode).await;
        let mut was_fresh = false;
        if let Some(level) = core.any_home() {
            was_fresh = level.expire(&self.key, self.care().stale);
        }
        if let (Some(store), Some(stored_key)) = (core.store(), &self.stored_key) {
            self.settle(mode).await?;
            if self.is_computed() {
                self.bury(mode).await;
            }
            // Whoever deletes it from now on waits for the end of this.
            let _write = core.flights.write(&self.key);
            // If this fails, it must not be served as fresh again; so not at all.
            let expired = self.expire_store(mode, store, stored_key).await;
            was_fresh |= self.settled(stored_key, expired)?;
        }
        Ok(was_fresh)
    }

    // Not atomic: what another process writes in between is lost, which is one more miss; what it
    // deletes stays deleted.
    async fn expire_store(
        &self,
        mode: Mode,
        store: &Guarded,
        stored_key: &str,
    ) -> Result<bool, CacheError> {
        let failed = |error| self.failed(error, stored_key);
        // After the tombstone of this very change.
        let since = self.is_computed().then(|| self.cache.core().stamp());
        let bytes = store
            .ask(mode, "expire", |store| store.get(stored_key))
            .await
            .map_err(failed)?;
        let Some(mut bytes) = bytes.and_then(|bytes| self.unseal(stored_key, bytes)) else {
            return Ok(false);
        };
        if !self.is_alive(mode, &bytes).await? {
            return Ok(false);
        }
        let settings = &self.cache.core().settings;
        let now = settings.clock.wall();
        match settings.codec().extend(&mut bytes, now, now) {
            Extended::Dead => return Ok(false),
            Extended::NoTimes => {
                // It cannot be stale, only deleted.
                return store
                    .ask(mode, "expire", |store| store.delete(stored_key))
                    .await
                    .map_err(failed);
            }
            Extended::Yes => {}
        }
        let left = match store
            .ask(mode, "expire", |store| store.ttl(stored_key))
            .await
        {
            Ok(Ttl::Missing) => return Ok(false),
            Ok(Ttl::Never) => None,
            Ok(Ttl::After(left)) => Some(left),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return store
                    .ask(mode, "expire", |store| store.delete(stored_key))
                    .await
                    .map_err(failed);
            }
            Err(error) => return Err(failed(error)),
        };
        let bytes = settings.seal(stored_key, bytes);
        let there = (stored_key, &*bytes);
        let since = since.map(Since::Began);
        let written = self.put(mode, store, "expire", there, left, since);
        if !written.await.map_err(failed)? {
            // It has been invalidated meanwhile. It must not be served as fresh; so not at all.
            let deleted = store
                .ask(mode, "expire", |store| store.delete(stored_key))
                .await;
            return deleted.map_err(failed);
        }
        Ok(true)
    }

    /// Gives the entry a new timeout; returns whether it was there.
    pub(crate) async fn touch(&self, mode: Mode, timeout: Timeout) -> Result<bool, CacheError> {
        let core = self.cache.core();
        let Some(life) = timeout.or(core.settings.timeout).life() else {
            return self.delete(mode).await;
        };
        if let (Some(store), Some(stored_key)) = (core.store(), &self.stored_key) {
            self.settle(mode).await?;
            let _changing = self.changing(Some(StoreChange::Invalidated));
            // Whoever deletes it from now on waits for the end of this.
            let _write = core.flights.write(&self.key);
            return self.touch_store(mode, store, stored_key, life).await;
        }
        let Some(level) = core.any_home() else {
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

    // An envelope carries its own logical expiry, so it is rewritten with the new one.
    async fn touch_store(
        &self,
        mode: Mode,
        store: &Guarded,
        stored_key: &str,
        life: Option<Duration>,
    ) -> Result<bool, CacheError> {
        let failed = |error| self.failed(error, stored_key);
        let since = self.is_computed().then(|| self.cache.core().stamp());
        let bytes = store
            .ask(mode, "touch", |store| store.get(stored_key))
            .await
            .map_err(failed)?;
        let Some(bytes) = bytes else {
            return Ok(false);
        };
        let settings = &self.cache.core().settings;
        let Some(mut bytes) = self.unseal(stored_key, bytes) else {
            return Ok(false);
        };
        if !self.is_alive(mode, &bytes).await? {
            return Ok(false);
        }
        let now = settings.clock.wall();
        let expires = life.map_or(0, |life| now.saturating_add(millis(life)));
        let extended = settings.codec().extend(&mut bytes, now, expires);
        if extended == Extended::Dead {
            return Ok(false);
        }
        if extended == Extended::Yes {
            let physical = self.physical(life, &settings.codec().tags(&bytes));
            let bytes = settings.seal(stored_key, bytes);
            // What was deleted meanwhile is no longer there.
            let since = since.map(Since::Began);
            let written = self.put(mode, store, "touch", (stored_key, &bytes), physical, since);
            return written.await.map_err(failed);
        }
        store
            .ask(mode, "touch", |store| store.touch(stored_key, life))
            .await
            .map_err(failed)
    }

    /// Returns how long the store is to keep what is fresh for `life`: longer, if an old value may be
    /// served and its format shows that it is old; no longer than the markers of its tags.
    fn physical(&self, life: Option<Duration>, tags: &[String]) -> Option<Duration> {
        if !self.cache.core().settings.format.is_own() {
            return life;
        }
        let physical = self.care().physical(life);
        if tags.is_empty() {
            physical
        } else {
            Some(physical.unwrap_or(markers::LIFE).min(markers::LIFE))
        }
    }

    /// Returns the life of an entry that is written at `now`.
    fn life_from(&self, now: Tick, life: Option<Duration>, cost: Duration) -> Life {
        Life::new(now, expiry(now, life), cost, self.care())
    }
}

/// Checks the tags: one that cannot be written beside a value would not end it.
fn check_tags(tags: &[String]) -> Result<(), CacheError> {
    let wrong = if tags.len() > usize::from(u8::MAX) {
        "an entry has at most 255 tags"
    } else if tags.iter().any(|tag| tag.len() > usize::from(u8::MAX)) {
        "a tag has at most 255 bytes"
    } else {
        return Ok(());
    };
    Err(CacheError::new(ErrorKind::Unsupported, wrong))
}
