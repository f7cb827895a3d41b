//! Reading one entry: in the in-process level, and in the shared store.

use std::borrow::Cow;
use std::time::Duration;

use super::Target;
use crate::clock::NEVER;
use crate::codec::{Decoded, Times};
use crate::error::CacheError;
use crate::life::{Age, Care, Life};
use crate::local::Level;
use crate::markers::Marks;
use crate::mode::Mode;
use crate::near::Ticket;
use crate::observe::Counter;
use crate::recovery;
use crate::store::Ttl;
use crate::value::How;

/// A value that was found and may be served, and what is known of its age.
pub(crate) struct Found<V> {
    pub(crate) value: V,
    /// On the clock of this process.
    pub(crate) life: Life,
    pub(crate) age: Age,
    /// How long the computation took.
    pub(crate) cost: Duration,
    /// Whether it was found in process, which decides how a hit is counted.
    pub(crate) is_local: bool,
    /// What may end it early.
    pub(crate) marks: Marks,
}

impl<V> Found<V> {
    /// Returns the same, with a copy of the value.
    pub(crate) fn again(&self, how: &How<V>) -> Self {
        Self {
            value: (how.duplicate)(&self.value),
            marks: self.marks.clone(),
            ..*self
        }
    }

    pub(crate) fn is_fresh(&self) -> bool {
        self.age < Age::Stale
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.age == Age::Calm
    }

    pub(crate) fn is_late(&self) -> bool {
        self.age == Age::Late
    }

    /// Returns what serving it counts as.
    pub(crate) fn counter(&self) -> Counter {
        Counter::of_read(self.age, self.is_local)
    }
}

impl Target {
    /// Returns what the function sets about the time around its timeout.
    pub(crate) fn care(&self) -> &'static Care {
        self.binding.site.map_or(&Care::NONE, |site| &site.care)
    }

    /// Returns whether the function sets anything of that kind.
    pub(crate) fn is_careful(&self) -> bool {
        self.binding.site.is_some_and(|site| site.is_careful)
    }

    /// Returns whether a store has it, too.
    pub(crate) fn is_shared<V>(&self, how: &How<V>) -> bool {
        how.is_shared && self.stored_key.is_some() && self.cache.core().store().is_some()
    }

    /// Returns the fresh value, from the in-process level or else from the shared store; counted.
    pub(crate) async fn read<V>(&self, mode: Mode, how: &How<V>) -> Result<Option<V>, CacheError> {
        if let Some(value) = self.read_level(how) {
            self.binding.counters.count_hit();
            return Ok(Some(value));
        }
        let value = self.read_store(mode, how).await?;
        self.count(match value {
            Some(_) => Counter::StoreHits,
            None => Counter::Misses,
        });
        Ok(value)
    }

    /// Returns the fresh value in the in-process level.
    pub(crate) fn read_level<V>(&self, how: &How<V>) -> Option<V> {
        let level = self.cache.core().level(how.is_shared)?;
        let lookup = self.key.lookup();
        let value = level
            .is_trusted()
            .then(|| level.read(&lookup, how.copy))??;
        if value.is_none() {
            self.count(Counter::Undecodable);
        }
        value
    }

    /// Returns the value in the in-process level, fresh or stale, if the level is trusted.
    pub(crate) fn look_level<V>(&self, how: &How<V>) -> Option<Found<V>> {
        let level = self.cache.core().level(how.is_shared)?;
        level.is_trusted().then(|| self.look_in(level, how))?
    }

    fn look_in<V>(&self, level: &Level, how: &How<V>) -> Option<Found<V>> {
        let found = level.look(&self.key.lookup(), |entry, now| {
            let life = entry.life();
            Some(Found {
                value: (how.copy)(entry)?,
                age: life.age(now),
                life,
                cost: entry.cost(),
                is_local: true,
                marks: entry.marks(),
            })
        })?;
        if found.is_none() {
            self.count(Counter::Undecodable);
        }
        found
    }

    /// Returns the value in the in-process level or else in the shared store, fresh or stale.
    pub(crate) async fn look<V>(
        &self,
        mode: Mode,
        how: &How<V>,
    ) -> Result<Option<Found<V>>, CacheError> {
        let found = self.look_level(how);
        // For a copy that is due for renewal: another process may have done that.
        let is_good = found.as_ref().is_some_and(Found::is_calm);
        if is_good || !self.is_shared(how) {
            return Ok(found);
        }
        match self.look_store(mode, how).await {
            // What cannot be verified is served, though it may have changed.
            Err(error) => match found.or_else(|| self.look_copy(how)) {
                Some(found) => Ok(Some(found)),
                None => Err(error),
            },
            found => found,
        }
    }

    /// Returns the copy in process, trusted or not.
    pub(crate) fn look_copy<V>(&self, how: &How<V>) -> Option<Found<V>> {
        let near = self.cache.core().near().filter(|_| how.is_shared)?;
        self.look_in(near.level(), how)
    }

    /// Returns the fresh value in the shared store. Undecodable bytes are counted as a miss.
    pub(crate) async fn read_store<V>(
        &self,
        mode: Mode,
        how: &How<V>,
    ) -> Result<Option<V>, CacheError> {
        let found = self.look_store(mode, how).await?;
        Ok(found.filter(Found::is_fresh).map(|found| found.value))
    }

    /// Returns the value in the shared store, fresh or stale.
    pub(crate) async fn look_store<V>(
        &self,
        mode: Mode,
        how: &How<V>,
    ) -> Result<Option<Found<V>>, CacheError> {
        let (Some(store), Some(stored_key), true) =
            (self.cache.core().store(), &self.stored_key, how.is_shared)
        else {
            return Ok(None);
        };
        let owed = &self.cache.core().owed;
        if owed.has(stored_key) {
            // Whatever is there should have been deleted.
            self.settle(mode).await?;
            recovery::tend(&self.cache, mode);
            return Ok(None);
        }
        let near = self.cache.core().near();
        let ticket = near.map(|near| near.reading(self.key.stored_hash));
        let bytes = store
            .ask(mode, "get", |store| store.get(stored_key))
            .await
            .map_err(|error| self.failed(error, stored_key))?;
        recovery::tend(&self.cache, mode);
        let found = bytes.and_then(|bytes| self.decode(how, &bytes));
        match found {
            Some(found) => self.accept(mode, how, found, ticket).await,
            None => Ok(None),
        }
    }

    /// Returns what was found in the store, unless a marker has ended it; a copy of it is put into the in-process
    /// level in front of the store, for which the ticket was taken before reading.
    pub(crate) async fn accept<V>(
        &self,
        mode: Mode,
        how: &How<V>,
        found: Found<V>,
        ticket: Option<Ticket>,
    ) -> Result<Option<Found<V>>, CacheError> {
        if !self.are_silent(mode, &found.marks).await? {
            return Ok(None);
        }
        if let Some(ticket) = ticket {
            self.bring_near(how, &found, ticket);
        }
        Ok(Some(found))
    }

    fn bring_near<V>(&self, how: &How<V>, found: &Found<V>, ticket: Ticket) {
        let core = self.cache.core();
        let Some(near) = core.near().filter(|near| near.guard().may_fill()) else {
            return;
        };
        // Integers that the store counts with carry no times; and an entry with a function's key was put
        // there by the function, under a key that it knows.
        let is_other = self.binding.site.is_none() && self.is_computed();
        if found.life.dead == NEVER && found.marks.started.at == 0 || is_other {
            return;
        }
        let mut marks = found.marks.clone();
        if marks.is_empty() {
            // Set by hand: invalid when the whole cache is cleared.
            marks = self.marks(marks.started, &[]);
        }
        let life = near.life(found.life, core.settings.clock.now());
        let weight = (how.survey)(&found.value).bytes;
        let draft = (how.hold)((how.duplicate)(&found.value));
        near.put(
            ticket,
            &self.key,
            draft.living(life, found.cost, weight).watched(marks, true),
        );
    }

    /// Returns how long the entry in the shared store is still fresh.
    pub(crate) async fn left_in_store(&self, mode: Mode) -> Result<Ttl, CacheError> {
        let (Some(store), Some(stored_key)) = (self.cache.core().store(), &self.stored_key) else {
            return Ok(Ttl::Missing);
        };
        self.settle(mode).await?;
        let failed = |error| self.failed(error, stored_key);
        let bytes = store.ask(mode, "ttl", |store| store.get(stored_key)).await;
        let Some(bytes) = bytes.map_err(failed)? else {
            return Ok(Ttl::Missing);
        };
        let settings = &self.cache.core().settings;
        let Some(bytes) = self.unseal(stored_key, bytes) else {
            return Ok(Ttl::Missing);
        };
        if !self.is_alive(mode, &bytes).await? {
            return Ok(Ttl::Missing);
        }
        match settings.codec().expires(&bytes) {
            Some(0) => Ok(Ttl::Never),
            Some(expires) => match expires.checked_sub(settings.clock.wall()) {
                Some(left) if left > 0 => Ok(Ttl::After(Duration::from_millis(left))),
                _ => Ok(Ttl::Missing),
            },
            None => store
                .ask(mode, "ttl", |store| store.ttl(stored_key))
                .await
                .map_err(failed),
        }
    }

    /// Returns the value in these bytes, if they are valid and it may still be served.
    pub(crate) fn decode<V>(&self, how: &How<V>, bytes: &[u8]) -> Option<Found<V>> {
        let settings = &self.cache.core().settings;
        let stored_key = self.stored_key().unwrap_or_default();
        let codec = settings.codec();
        let unsealed = settings.unseal(stored_key, Cow::Borrowed(bytes));
        let decoded =
            unsealed.and_then(|bytes| (how.decode)(&bytes, &codec).map(|decoded| (decoded, bytes)));
        let Ok((Decoded { value, times }, bytes)) = decoded else {
            self.count(Counter::Undecodable);
            return None;
        };
        let marks = match times.and_then(|times| times.stamp) {
            Some(started) => self.marks(started, &codec.tags(&bytes)),
            None => Marks::none(times.map_or(0, |times| times.created)),
        };
        let doubts = &self.cache.core().doubts;
        if doubts.is_late(
            stored_key,
            times.map(|times| times.created),
            &settings.clock,
        ) {
            return None;
        }
        let (life, cost) = match times {
            // A format without times: only the store knows.
            None => (Life::plain(NEVER), Duration::ZERO),
            Some(times) => self.life_of(&times),
        };
        let age = life.age(settings.clock.now());
        (age != Age::Dead).then_some(Found {
            value,
            life,
            age,
            cost,
            is_local: false,
            marks,
        })
    }

    /// Returns the life of an entry with these times, on the clock of this process.
    fn life_of(&self, times: &Times) -> (Life, Duration) {
        let clock = &self.cache.core().settings.clock;
        let cost = Duration::from_micros(times.cost.into());
        let expires = match times.expires {
            0 => NEVER,
            expires => expires,
        };
        let life = Life::new(times.created, expires, cost, self.care());
        // Both clocks are read once, so that an entry's age is that of one moment.
        (life.on(clock.wall(), clock.now()), cost)
    }

    /// Returns what was sealed for this entry, where bytes are passed on as they are. Anything else is counted
    /// as a miss.
    pub(crate) fn unseal(&self, stored_key: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let settings = &self.cache.core().settings;
        let unsealed = settings.unseal(stored_key, Cow::Owned(bytes));
        let unsealed = unsealed.inspect_err(|_| self.count(Counter::Undecodable));
        unsealed.ok().map(Cow::into_owned)
    }
}
