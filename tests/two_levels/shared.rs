//! A store in memory that several caches share as processes share a server, with a backplane whose
//! connections can be cut and whose messages can be lost.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cache_runtime::{
    Backplane, CacheError, Capabilities, ErrorKind, Heard, SIGN_OF_LIFE, Store, StoreFuture, Ttl,
    Unless,
};
use tokio::sync::broadcast;

#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

/// A value and its end.
type Entry = (Vec<u8>, Option<Instant>);

struct Inner {
    entries: Mutex<HashMap<String, Entry>>,
    gets: AtomicU64,
    said: broadcast::Sender<String>,
    /// What has been said, for ever.
    record: Mutex<Vec<String>>,
    /// Listeners are thrown out and not let in again.
    is_cut: AtomicBool,
    /// What is said does not arrive, and nobody notices.
    is_deaf: AtomicBool,
    is_down: AtomicBool,
    /// What is said takes a while to be heard.
    is_slow: AtomicBool,
    has_backplane: bool,
    /// It says that it checks for a tombstone in one step.
    is_atomic: AtomicBool,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self::with(true)
    }

    pub(crate) fn without_backplane() -> Self {
        Self::with(false)
    }

    pub(crate) fn in_steps() -> Self {
        let store = Self::without_backplane();
        store.0.is_atomic.store(false, SeqCst);
        store
    }

    fn with(has_backplane: bool) -> Self {
        Self(Arc::new(Inner {
            entries: Mutex::default(),
            gets: AtomicU64::new(0),
            said: broadcast::channel(4096).0,
            record: Mutex::default(),
            is_cut: AtomicBool::new(false),
            is_deaf: AtomicBool::new(false),
            is_down: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
            has_backplane,
            is_atomic: AtomicBool::new(true),
        }))
    }

    /// How often a value was asked for.
    pub(crate) fn gets(&self) -> u64 {
        self.0.gets.load(SeqCst)
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.0.entries.lock().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }

    pub(crate) fn put(&self, key: &str, value: &str) {
        let entry = (value.as_bytes().to_vec(), None);
        self.0.entries.lock().unwrap().insert(key.to_owned(), entry);
    }

    pub(crate) fn forget(&self, key: &str) {
        self.0.entries.lock().unwrap().remove(key);
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        self.0.is_cut.store(is_cut, SeqCst);
    }

    pub(crate) fn deafen(&self, is_deaf: bool) {
        self.0.is_deaf.store(is_deaf, SeqCst);
    }

    pub(crate) fn down(&self, is_down: bool) {
        self.0.is_down.store(is_down, SeqCst);
    }

    pub(crate) fn slow_down(&self) {
        self.0.is_slow.store(true, SeqCst);
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.0.record.lock().unwrap().clone()
    }

    fn check(&self) -> Result<(), CacheError> {
        if self.0.is_down.load(SeqCst) {
            return Err(CacheError::new(ErrorKind::Unavailable, "it is down"));
        }
        Ok(())
    }
}

fn end(ttl: Option<Duration>) -> Option<Instant> {
    ttl.map(|ttl| Instant::now() + ttl)
}

impl Store for Shared {
    fn name(&self) -> &'static str {
        "shared"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            self.0.gets.fetch_add(1, SeqCst);
            self.check()?;
            let entries = self.0.entries.lock().unwrap();
            let found = entries.get(key);
            let alive = found.filter(|(_, end)| end.is_none_or(|end| Instant::now() < end));
            Ok(alive.map(|(value, _)| value.clone()))
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.check()?;
            let entry = (value.to_vec(), end(ttl));
            self.0.entries.lock().unwrap().insert(key.to_owned(), entry);
            Ok(())
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
            self.check()?;
            let mut entries = self.0.entries.lock().unwrap();
            let there = entries.get(unless.key);
            let alive = there.filter(|(_, end)| end.is_none_or(|end| Instant::now() < end));
            if unless.forbids(alive.map(|(value, _)| &**value)) {
                return Ok(false);
            }
            entries.insert(key.to_owned(), (value.to_vec(), end(ttl)));
            Ok(true)
        })
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        can.atomic_set_unless = self.0.is_atomic.load(SeqCst);
        can
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.check()?;
            Ok(self.0.entries.lock().unwrap().remove(key).is_some())
        })
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        Box::pin(async move {
            self.check()?;
            Ok(match self.0.entries.lock().unwrap().get(key) {
                None => Ttl::Missing,
                Some((_, None)) => Ttl::Never,
                Some((_, Some(end))) => Ttl::After(end.saturating_duration_since(Instant::now())),
            })
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        Box::pin(async move {
            self.check()?;
            let glob = cache_runtime::Glob::new(pattern);
            let entries = self.0.entries.lock().unwrap();
            let is_meant = |key: &&String| {
                key.strip_prefix(prefix)
                    .is_some_and(|rest| glob.matches(rest))
            };
            Ok(entries.keys().filter(is_meant).cloned().collect())
        })
    }

    fn backplane(&self) -> Option<&dyn Backplane> {
        self.0.has_backplane.then_some(self)
    }
}

impl Backplane for Shared {
    fn publish<'a>(&'a self, channel: &'a str, message: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.check()?;
            assert_eq!(channel, "cache-news:app");
            if self.0.is_slow.load(SeqCst) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            self.0.record.lock().unwrap().push(message.to_owned());
            if !self.0.is_deaf.load(SeqCst) {
                let _ = self.0.said.send(message.to_owned());
            }
            Ok(())
        })
    }

    fn listen<'a>(
        &'a self,
        _: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible> {
        Box::pin(async move {
            let gone = || CacheError::new(ErrorKind::Unavailable, "the connection is cut");
            let mut said = self.0.said.subscribe();
            if self.0.is_cut.load(SeqCst) {
                return Err(gone());
            }
            hear(Heard::Listening);
            let mut sign = tokio::time::interval(SIGN_OF_LIFE);
            let mut look = tokio::time::interval(Duration::from_millis(5));
            loop {
                tokio::select! {
                    message = said.recv() => {
                        hear(Heard::Message(&message.map_err(|_| gone())?));
                    }
                    _ = sign.tick(), if !self.0.is_deaf.load(SeqCst) => {
                        hear(Heard::Alive { asked: Instant::now() });
                    }
                    _ = look.tick() => {
                        if self.0.is_cut.load(SeqCst) {
                            return Err(gone());
                        }
                    }
                }
            }
        })
    }
}
