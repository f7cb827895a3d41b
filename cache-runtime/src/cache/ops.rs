//! Every operation on one key, implemented once for sync and async callers and every store.

use std::future::Future;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::handle::Cache;
use super::names;
use crate::call::{self, Plan};
use crate::clock::{NEVER, Tick};
use crate::codec::survey;
use crate::context::thread;
use crate::error::{CacheError, ErrorKind};
use crate::guarded::Guarded;
use crate::keep::Keep;
use crate::local::{Change, Draft, Entry, Level};
use crate::mode::Mode;
use crate::observe::Counter;
use crate::recovery;
use crate::store::Ttl;
use crate::store::counting::{not_an_integer, sum};
use crate::target::{Cause, Started, StoreChange, Target, expiry, lossy};
use crate::timeout::Timeout;
use crate::value::{ByHand, CacheValue, Form, How, copy, hold, peek};

impl Cache {
    /// The entry under a text key: that of the text itself, or that of the function that has this key.
    pub(super) fn target(&self, key: &str) -> Result<Target, CacheError> {
        let mut target = Target::text(self, key)?;
        let level = self.home();
        let is_text = level.and_then(|level| level.read(&target.key.lookup(), |_| ()));
        if is_text.is_none()
            && let Some(function) = self.function_entry(key)
        {
            target.key = function;
        }
        Ok(target)
    }

    fn store_of<'a>(&'a self, target: &'a Target) -> Option<(&'a Guarded, &'a str)> {
        Some((self.core().store()?, target.stored_key()?))
    }

    /// The in-process level, where there is no store.
    pub(super) fn home(&self) -> Option<&Level> {
        self.core().home(true)
    }

    fn now(&self) -> Tick {
        self.core().settings.clock.now()
    }

    pub(crate) async fn op_get<T: CacheValue>(
        &self,
        mode: Mode,
        key: &str,
    ) -> Result<Option<T>, CacheError> {
        self.target(key)?.read(mode, how::<T>()).await
    }

    pub(crate) async fn op_set<T>(
        &self,
        mode: Mode,
        key: &str,
        value: &T,
        timeout: Timeout,
    ) -> Result<(), CacheError>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        let target = self.target(key)?;
        let at = |error: CacheError| error.in_operation("set").on_key(key);
        let Some(life) = timeout.or(self.core().settings.timeout).life() else {
            return target.delete(mode).await.map(drop);
        };
        if let Err(error) = self.check_size(value, "set", key) {
            target.delete(mode).await?;
            return Err(error);
        }
        let _overtaking = target.overtake(mode).await;
        if let Some((store, stored_key)) = self.store_of(&target) {
            let bytes = self.encode(stored_key, value, life).map_err(at)?;
            let core = self.core();
            let _claim = recovery::claim(&core.owed, stored_key, mode).await;
            let write = store.send(mode, "set", bytes.len(), |store| {
                store.set(stored_key, &bytes, life)
            });
            let written = core
                .doubts
                .watch(stored_key, &core.settings.clock, write)
                .await;
            target
                .settled(stored_key, written)
                .map_err(|error| target.failed(error, stored_key))?;
        }
        if let Some(level) = self.home() {
            let draft = self.draft(value, life).map_err(at)?;
            level.change(&target.key, |_| Change::Put(draft, ()));
        }
        target.count(Counter::Sets);
        Ok(())
    }

    pub(crate) async fn op_add<T>(
        &self,
        mode: Mode,
        key: &str,
        value: &T,
        timeout: Timeout,
    ) -> Result<bool, CacheError>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        let target = self.target(key)?;
        let at = |error: CacheError| error.in_operation("add").on_key(key);
        self.check_size(value, "add", key)?;
        let Some(life) = timeout.or(self.core().settings.timeout).life() else {
            return self.op_has_key(mode, key).await.map(|is_there| !is_there);
        };
        // Before it is known whether the key is free: a computation that started earlier must not overwrite
        // what is added.
        let overtaking = target.hold_off(mode).await;
        let mut added = true;
        if let Some((store, stored_key)) = self.store_of(&target) {
            let bytes = self.encode(stored_key, value, life).map_err(at)?;
            target.settle(mode).await?;
            let core = self.core();
            let write = store.send(mode, "add", bytes.len(), |store| {
                store.add(stored_key, &bytes, life)
            });
            let answer = core
                .doubts
                .watch(stored_key, &core.settings.clock, write)
                .await;
            added = answer.map_err(|error| target.failed(error, stored_key))?;
        } else if let Some(level) = self.home() {
            // A draft that is not put in is dropped after the lock is released: its destructor may use the cache.
            let draft = self.draft(value, life).map_err(at)?;
            let mut draft = Some(draft);
            added = level.change(&target.key, |fresh| {
                match draft.take_if(|_| fresh.is_none()) {
                    Some(draft) => Change::Put(draft, true),
                    None => Change::Leave(false),
                }
            });
        }
        if added {
            overtaking.condemn();
            target.count(Counter::Sets);
        }
        Ok(added)
    }

    /// Returns the value of `key`, or runs `run`, of whose result `K` is kept.
    pub(crate) async fn op_get_or_set<R, K>(
        &self,
        mode: Mode,
        key: &str,
        timeout: Timeout,
        run: impl Future<Output = R>,
    ) -> Result<R, CacheError>
    where
        K: Keep<R>,
        K::Value: CacheValue,
    {
        let target = self.target(key)?;
        if let Some(value) = target.read_level(how::<K::Value>()) {
            target.binding.counters.count_hit();
            return Ok(K::wrap(value));
        }
        let plan = Plan::plain(how::<K::Value>(), timeout);
        Ok(call::fetch::<R, K, _>(mode, Some(&target), plan, run).await)
    }

    /// Runs `run`, of whose result `K` is kept, whatever is there.
    pub(crate) async fn op_refresh<R, K>(
        &self,
        mode: Mode,
        key: &str,
        timeout: Timeout,
        (began, cause): (Option<Started>, Cause),
        run: impl Future<Output = R>,
    ) -> Result<R, CacheError>
    where
        K: Keep<R>,
        K::Value: CacheValue,
    {
        let target = self.target(key)?;
        let plan = Plan::plain(how::<K::Value>(), timeout);
        Ok(call::refresh::<R, K, _>(mode, &target, plan, (began, cause), run).await)
    }

    pub(crate) async fn op_touch(
        &self,
        mode: Mode,
        key: &str,
        timeout: Timeout,
    ) -> Result<bool, CacheError> {
        self.target(key)?.touch(mode, timeout).await
    }

    pub(crate) async fn op_delete(&self, mode: Mode, key: &str) -> Result<bool, CacheError> {
        self.target(key)?.delete(mode).await
    }

    /// See [`Cache::delete_made`].
    pub(crate) async fn op_delete_made(&self, mode: Mode, key: &str) -> Result<bool, CacheError> {
        self.target(key)?.delete_made(mode).await
    }

    pub(crate) async fn op_expire(&self, mode: Mode, key: &str) -> Result<bool, CacheError> {
        let target = self.target(key)?;
        if names::is_functions(key) {
            target.expire(mode).await
        } else {
            target.delete(mode).await
        }
    }

    pub(crate) async fn op_ttl(&self, mode: Mode, key: &str) -> Result<Ttl, CacheError> {
        let target = self.target(key)?;
        if names::is_functions(key) && self.store_of(&target).is_some() {
            // The store may keep it longer than its timeout.
            return target.left_in_store(mode).await;
        }
        target.settle(mode).await?;
        if let Some((store, stored_key)) = self.store_of(&target) {
            return store
                .ask(mode, "ttl", |store| store.ttl(stored_key))
                .await
                .map_err(|error| target.failed(error, stored_key));
        }
        let Some(level) = self.home() else {
            return Ok(Ttl::Missing);
        };
        let expires = level.read(&target.key.lookup(), Entry::expires);
        Ok(match expires {
            None => Ttl::Missing,
            Some(NEVER) => Ttl::Never,
            Some(at) => Ttl::After(Duration::from_millis(at.saturating_sub(self.now()))),
        })
    }

    pub(crate) async fn op_has_key(&self, mode: Mode, key: &str) -> Result<bool, CacheError> {
        let target = self.target(key)?;
        let Some((store, stored_key)) = self.store_of(&target) else {
            return self
                .op_ttl(mode, key)
                .await
                .map(|life| life != Ttl::Missing);
        };
        target.settle(mode).await?;
        if names::is_functions(key) {
            let left = target.left_in_store(mode).await?;
            return Ok(left != Ttl::Missing);
        }
        let is_there = match store
            .ask(mode, "has_key", |store| store.ttl(stored_key))
            .await
        {
            Ok(life) => Ok(life != Ttl::Missing),
            // A store that does not know how long it lives still knows whether it is there.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let value = store
                    .ask(mode, "has_key", |store| store.get(stored_key))
                    .await;
                value.map(|value| value.is_some())
            }
            Err(error) => Err(error),
        };
        is_there.map_err(|error| target.failed(error, stored_key))
    }

    pub(crate) async fn op_incr(&self, mode: Mode, key: &str, by: i64) -> Result<i64, CacheError> {
        let target = self.target(key)?;
        let missing = || missing("incr", key);
        if let Some((store, stored_key)) = self.store_of(&target) {
            if self.core().settings.signer.is_some() {
                // Reading, adding and signing anew would lose what others add in between.
                return Err(CacheError::new(
                    ErrorKind::Unsupported,
                    "entries are signed here, and a store that counts cannot sign the sum: count in a cache without `sign_with`",
                )
                .in_operation("incr")
                .on_key(key));
            }
            target.settle(mode).await?;
            let _changing = target.changing(Some(StoreChange::Invalidated));
            return store
                .ask(mode, "incr", |store| store.incr(stored_key, by))
                .await
                .map_err(|error| target.failed(error, stored_key))?
                .ok_or_else(missing);
        }
        let level = self.home().ok_or_else(missing)?;
        // A number of another type is read through its JSON, but not under the lock, since a type's
        // `Serialize` may use the cache. Pinned, so that an entry at the same address is the same one.
        thread::with(|own| {
            let _pinned = own.pin();
            loop {
                let seen = level.read(&target.key.lookup(), |entry| {
                    (std::ptr::from_ref(entry), copy::<i64>(entry))
                });
                let sum = level.change(&target.key, |fresh| {
                    let Some(entry) = fresh else {
                        return Change::Leave(Some(Err(missing())));
                    };
                    let number = match (peek::<i64>(entry), seen) {
                        (Some(number), _) => Some(*number),
                        (None, Some((same, number))) if std::ptr::eq(same, entry) => number,
                        _ => return Change::Leave(None),
                    };
                    match number
                        .ok_or_else(not_an_integer)
                        .and_then(|number| sum(number, by))
                    {
                        Ok(sum) => Change::Put(hold(sum).until(entry.expires(), 8), Some(Ok(sum))),
                        Err(error) => {
                            Change::Leave(Some(Err(error.in_operation("incr").on_key(key))))
                        }
                    }
                });
                if let Some(sum) = sum {
                    return sum;
                }
            }
        })
    }

    pub(crate) async fn op_incr_version(
        &self,
        mode: Mode,
        key: &str,
        by: i64,
    ) -> Result<i64, CacheError> {
        let version = self.version_number().saturating_add(by);
        let moved = self.with_version(version);
        let missing = || missing("incr_version", key);
        let (old, new) = (self.target(key)?, Target::text(&moved, key)?);
        if by == 0 {
            let is_there = self.op_has_key(mode, key).await?;
            return is_there.then_some(version).ok_or_else(missing);
        }
        let _leaving = old.overtake(mode).await;
        // What moves there keeps its own times.
        let _arriving = new.hold_off(mode).await;
        if let (Some((store, from)), Some(to)) = (self.store_of(&old), new.stored_key()) {
            let failed = |error| old.failed(error, from);
            let ask = "incr_version";
            old.settle(mode).await?;
            new.settle(mode).await?;
            let bytes = store
                .ask(mode, ask, |s| s.get(from))
                .await
                .map_err(failed)?;
            let bytes = bytes.and_then(|bytes| old.unseal(from, bytes));
            let bytes = bytes.ok_or_else(missing)?;
            if !old.is_alive(mode, &bytes).await? {
                return Err(missing());
            }
            // A signature is valid for one key.
            let bytes = self.core().settings.seal(to, bytes);
            let life = match store
                .ask(mode, ask, |s| s.ttl(from))
                .await
                .map_err(failed)?
            {
                Ttl::After(life) => Some(life),
                Ttl::Never => None,
                // It expired between the two reads.
                Ttl::Missing => return Err(missing()),
            };
            let core = self.core();
            let write = store.ask(mode, ask, |s| s.set(to, &bytes, life));
            let written = core.doubts.watch(to, &core.settings.clock, write).await;
            new.settled(to, written).map_err(failed)?;
            let deleted = store.ask(mode, ask, |s| s.delete(from)).await;
            old.settled(from, deleted).map_err(failed)?;
            return Ok(version);
        }
        let level = self.home().ok_or_else(missing)?;
        // The value's type is not known here; its JSON stands for it on every store alike.
        let (json, expires) = level
            .read(&old.key.lookup(), |entry| (entry.encode(), entry.expires()))
            .ok_or_else(missing)?;
        let json = json.unwrap_or_else(|| Err(crate::codec::local_only()))?;
        let value: serde_json::Value = crate::codec::from_json(&json)?;
        let weight = json.len();
        level.change(&new.key, |_| {
            Change::Put(hold(value).until(expires, weight), ())
        });
        level.change(&old.key, |_| Change::Remove(()));
        Ok(version)
    }

    pub(crate) async fn op_ping(&self, mode: Mode) -> Result<Duration, CacheError> {
        let started = Instant::now();
        if let Some(store) = self.core().store() {
            store.ask(mode, "ping", |store| store.ping()).await?;
        }
        Ok(started.elapsed())
    }

    pub(crate) async fn op_prepare(&self, mode: Mode) -> Result<(), CacheError> {
        match self.core().store() {
            Some(store) => store.walk(mode, "prepare", |store| store.prepare()).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn op_close(&self, mode: Mode) -> Result<(), CacheError> {
        if let Some(news) = self.core().news() {
            let limit = self.core().settings.op_timeout;
            mode.wait(news.told(limit)).await;
        }
        match self.core().store() {
            Some(store) => store.walk(mode, "close", |store| store.close()).await,
            None => Ok(()),
        }
    }

    /// Makes a value over the limit an error, and counts it.
    pub(super) fn check_size<T: Serialize + ?Sized>(
        &self,
        value: &T,
        operation: &'static str,
        key: &str,
    ) -> Result<(), CacheError> {
        let survey = survey(value);
        let max = self.core().settings.max_value_size;
        if survey.bytes > max {
            self.space().text.counters.count(Counter::TooLarge);
            return Err(CacheError::new(
                ErrorKind::TooLarge,
                format!(
                    "the value has more than max_value_size ({max} bytes): raise that, or keep less"
                ),
            )
            .in_operation(operation)
            .on_key(key));
        }
        Ok(())
    }

    /// Encodes the value as a shared store keeps it under `stored_key`, the whole key.
    pub(super) fn encode<T: Serialize + ?Sized>(
        &self,
        stored_key: &str,
        value: &T,
        life: Option<Duration>,
    ) -> Result<Vec<u8>, CacheError> {
        let survey = survey(value);
        if !survey.failed && !survey.lossless {
            return Err(lossy());
        }
        let settings = &self.core().settings;
        if survey.failed && settings.format.is_own() {
            // Whatever the format: what can be stored must not depend on it.
            crate::codec::to_json(value)?;
        }
        let times = Started::now(self, false).times(life);
        let bytes = settings.codec().encode_plain(value, times)?;
        Ok(settings.seal(stored_key, bytes))
    }

    fn draft<T>(&self, value: &T, life: Option<Duration>) -> Result<Draft, CacheError>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        let survey = survey(value);
        if survey.failed {
            // A shared store would refuse it; what can be stored must not depend on where.
            crate::codec::to_json(value)?;
        }
        let expires = expiry(self.now(), life);
        Ok(hold(value.to_owned()).until(expires, survey.bytes))
    }
}

fn missing(operation: &'static str, key: &str) -> CacheError {
    let text = "the key is not in the cache: `set` or `add` it first";
    CacheError::new(ErrorKind::NotFound, text)
        .in_operation(operation)
        .on_key(key)
}

pub(super) fn how<T: CacheValue>() -> &'static How<T> {
    <ByHand as Form<T>>::HOW
}
