//! What a behaviour runs on: a store, a kind of caller, and a way to let time pass.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::gather::gather;
use super::raw::Raw;
use super::speaker::Speaker;
use crate::cache::{Cache, CacheBuilder};
use crate::clock::Clock;
use crate::error::CacheError;
use crate::mode::block_on;
use crate::store::{Capabilities, Store};
use crate::sync::lock;

/// Returns a builder with the settings of the place, for a cache of a behaviour's own.
pub(super) type Settings = Arc<dyn Fn() -> Result<CacheBuilder, CacheError> + Send + Sync>;

/// Where values are kept.
#[derive(Clone)]
pub(super) enum Place {
    /// In the in-process level, with a clock that is moved by hand.
    Process,
    /// Nowhere.
    Nowhere,
    /// In an external store, which all behaviours share.
    Store(Shared),
    /// In a store that cannot be opened.
    Broken(CacheError),
}

/// A store, and the cache that all behaviours share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) cache: Cache,
    /// Another store of the same kind, which no other behaviour uses.
    pub(super) another: Another,
}

type Another = Arc<dyn Fn() -> Result<Arc<dyn Store>, CacheError> + Send + Sync>;

/// How a caller waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Awaiting,
    Blocking,
}

/// What a behaviour runs on.
pub(super) struct Bed {
    pub(super) place: Place,
    pub(super) settings: Settings,
    pub(super) caller: Caller,
    /// Whether racers are futures of one task rather than threads.
    pub(super) is_one_task: bool,
    pub(super) resolution: Duration,
    /// What every key of this run starts with.
    pub(super) run: Arc<str>,
    pub(super) clock: Clock,
    pub(super) haste: Haste,
}

/// Whether short lifetimes were too short for a busy machine.
#[derive(Debug, Default)]
pub(super) struct Haste {
    /// How many times longer they now are than at first, less one.
    slower: AtomicU32,
    /// When the first short lifetime began that has not been waited for yet.
    began: Mutex<Option<Instant>>,
    was_late: AtomicBool,
}

impl Bed {
    pub(super) fn blocks(&self) -> bool {
        self.caller == Caller::Blocking
    }

    /// Returns whether values are kept as they are, typed, with a clock that is moved by hand.
    pub(super) fn is_in_process(&self) -> bool {
        matches!(self.place, Place::Process)
    }

    /// Returns a cache whose keys no other behaviour sees.
    pub(super) fn cache(&self) -> Result<Speaker, Failure> {
        match &self.place {
            Place::Store(shared) => Ok(self.speaker(shared.cache.with_prefix(&self.prefix()))),
            _ => self.cache_with(|builder| builder),
        }
    }

    /// Returns the same with other settings, on the same store.
    pub(super) fn cache_with(
        &self,
        change: impl FnOnce(CacheBuilder) -> CacheBuilder,
    ) -> Result<Speaker, Failure> {
        let builder = (self.settings)()?.key_prefix(self.prefix());
        let builder = match &self.place {
            Place::Process => builder.clock(self.clock.clone()),
            Place::Nowhere => builder,
            Place::Broken(error) => return Err(error.clone().into()),
            Place::Store(shared) => patient(builder).store(shared.store.clone()),
        };
        Ok(self.speaker(change(builder).build()?))
    }

    /// Returns a cache on a store that no other behaviour uses.
    pub(super) fn lone_cache(&self) -> Result<Speaker, Failure> {
        match &self.place {
            Place::Store(shared) => {
                let another = (shared.another)()?;
                self.cache_with(|builder| builder.store(another))
            }
            _ => self.cache(),
        }
    }

    /// Returns the store itself.
    pub(super) fn store(&self) -> Result<Raw, Failure> {
        match &self.place {
            Place::Store(shared) => Ok(self.raw(shared.store.clone())),
            Place::Broken(error) => Err(error.clone().into()),
            _ => Err(Failure::new("there is no store here")),
        }
    }

    /// Returns a store that no other behaviour uses.
    pub(super) fn lone_store(&self) -> Result<Raw, Failure> {
        match &self.place {
            Place::Store(shared) => Ok(self.raw((shared.another)()?)),
            Place::Broken(error) => Err(error.clone().into()),
            _ => Err(Failure::new("there is no store here")),
        }
    }

    fn raw(&self, store: Arc<dyn Store>) -> Raw {
        Raw::new(store, self.blocks())
    }

    /// Returns what the store claims it can do; in process, everything.
    pub(super) fn capabilities(&self) -> Capabilities {
        match &self.place {
            Place::Store(shared) => shared.store.capabilities(),
            _ => Capabilities {
                atomic_add: true,
                atomic_incr: true,
                list_keys: true,
                ..Capabilities::default()
            },
        }
    }

    /// Returns a prefix that no other behaviour has, in no other run.
    pub(super) fn prefix(&self) -> String {
        format!("{}{}", self.run, next())
    }

    /// Returns a number that is unique here and among other processes of this time.
    pub(super) fn number(&self) -> i64 {
        i64::from(std::process::id()) * 1_000_000 + i64::from(next())
    }

    fn speaker(&self, cache: Cache) -> Speaker {
        match self.caller {
            Caller::Awaiting => Speaker::Awaiting(cache),
            Caller::Blocking => Speaker::Blocking(cache.blocking()),
        }
    }

    /// Returns a short lifetime, as short as this store can keep.
    pub(super) fn short(&self) -> Duration {
        self.fraction().max(self.resolution)
    }

    /// Returns a short lifetime that is not a whole number of seconds.
    pub(super) fn fraction(&self) -> Duration {
        lock(&self.haste.began).get_or_insert_with(Instant::now);
        Duration::from_millis(400) * (1 + self.haste.slower.load(Ordering::Relaxed))
    }

    /// Waits until a short lifetime that begins now has certainly ended.
    pub(super) async fn outlive_short(&self) {
        self.note_lateness();
        self.pass(self.short() + self.resolution + Duration::from_millis(150))
            .await;
        *lock(&self.haste.began) = None;
    }

    /// Notes whether what was done with a short lifetime came too late: it must end well before that does.
    fn note_lateness(&self) {
        let began = *lock(&self.haste.began);
        let life = self.short();
        if !self.is_in_process() && began.is_some_and(|began| began.elapsed() > life / 2) {
            self.haste.was_late.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether a failure may be due to a machine that was too busy for short lifetimes; they are then
    /// three times as long from now on, twice at most.
    pub(super) fn slows_down(&self) -> bool {
        self.note_lateness();
        *lock(&self.haste.began) = None;
        let slower = self.haste.slower.load(Ordering::Relaxed);
        let is_late = self.haste.was_late.swap(false, Ordering::Relaxed);
        if is_late && slower < 8 {
            self.haste.slower.store(slower * 3 + 2, Ordering::Relaxed);
            return true;
        }
        false
    }

    /// Lets the others run.
    pub(super) async fn breathe(&self) {
        if self.is_one_task && !self.blocks() {
            let mut has_breathed = false;
            poll_fn(|task| {
                if std::mem::replace(&mut has_breathed, true) {
                    return Poll::Ready(());
                }
                task.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        } else {
            thread::yield_now();
        }
    }

    /// Waits this long in real time.
    pub(super) async fn linger(&self, time: Duration) {
        if self.blocks() {
            thread::sleep(time);
        } else {
            Clock::system().alarm(time).await;
        }
    }

    /// Lets time pass: by hand in process, otherwise in real time.
    pub(super) async fn pass(&self, time: Duration) {
        if self.is_in_process() {
            self.clock.advance(time);
        } else {
            self.linger(time).await;
        }
    }

    /// Starts `racers` at once, and returns their results.
    pub(super) async fn race<T, F, W>(&self, racers: usize, racer: F) -> Result<Vec<T>, Failure>
    where
        T: Send,
        F: Fn(usize) -> W + Sync,
        W: Future<Output = Result<T, Failure>> + Send,
    {
        if self.is_one_task && !self.blocks() {
            let racers = gather((0..racers).map(racer), racers).await;
            return racers.into_iter().collect();
        }
        let (racer, start) = (&racer, &std::sync::Barrier::new(racers));
        thread::scope(|scope| {
            let threads: Vec<_> = (0..racers)
                .map(|number| {
                    scope.spawn(move || {
                        start.wait();
                        block_on(racer(number))
                    })
                })
                .collect();
            // All of them: one that panicked must not be left for the scope to find.
            let ends = threads.into_iter().map(|thread| thread.join());
            let ends: Vec<_> = ends.collect();
            let panicked = |_| Err(Failure::new("a racer panicked"));
            ends.into_iter()
                .map(|end| end.unwrap_or_else(panicked))
                .collect()
        })
    }
}

/// Sets long time limits: they are not what is tested here, and the machine may be busy.
pub(super) fn patient(builder: CacheBuilder) -> CacheBuilder {
    const LIMIT: Duration = Duration::from_secs(20);
    builder.op_timeout(LIMIT).connect_timeout(LIMIT)
}

/// A minute, for entries that must not expire while they are looked at.
pub(super) const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
