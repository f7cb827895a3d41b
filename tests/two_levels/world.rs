//! Two nodes over one store, and functions in them.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{BlockingCache, BlockingEntry, Cache, cache_result, current};

use crate::shared::Shared;

/// What a function reads, and how often.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) value: AtomicU64,
    pub(crate) reads: AtomicU64,
}

impl Source {
    pub(crate) fn read(&self) -> u64 {
        self.reads.fetch_add(1, SeqCst);
        self.value.load(SeqCst)
    }

    pub(crate) fn set(&self, value: u64) {
        self.value.store(value, SeqCst);
    }

    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(SeqCst)
    }
}

/// One cache of a store, as another process has it.
pub(crate) struct Node {
    pub(crate) cache: BlockingCache,
}

#[cache_result(timeout = 600, key_prefix = "prices", cache = node.cache.awaiting(), key(id))]
fn price(node: &Node, source: &Source, id: u64) -> u64 {
    source.read() * 100 + id
}

#[cache_result(timeout = 600, key_prefix = "prices", cache = node.cache.awaiting(), key(id))]
fn tagged(node: &Node, source: &Source, id: u64) -> u64 {
    current().tag("all");
    current().tag(format!("id:{id}"));
    source.read() * 100 + id
}

#[cache_result(timeout = 600, key_prefix = "slow", cache = node.cache.awaiting(), key(id))]
fn slow(node: &Node, id: u64, f: &mut dyn FnMut() -> u64) -> u64 {
    f()
}

#[cache_result(timeout = 600, key_prefix = "slow", cache = node.cache.awaiting(), key(id))]
fn slow_tagged(node: &Node, id: u64, f: &mut dyn FnMut() -> u64) -> u64 {
    current().tag("slow");
    f()
}

impl Node {
    pub(crate) fn price(&self, source: &Source, id: u64) -> u64 {
        price(self, source, id)
    }

    pub(crate) fn entry(&self, id: u64) -> BlockingEntry<u64> {
        price::entry(self, &Source::default(), id)
    }

    pub(crate) fn clear_prices(&self) {
        price::clear_in(&self.cache.awaiting()).unwrap();
    }

    pub(crate) fn slow(&self, id: u64, f: &mut dyn FnMut() -> u64) -> u64 {
        slow(self, id, f)
    }

    pub(crate) fn slow_refresh(&self, id: u64, f: &mut dyn FnMut() -> u64) -> u64 {
        slow::refresh(self, id, f)
    }

    pub(crate) fn slow_entry(&self, id: u64) -> BlockingEntry<u64> {
        slow::entry(self, id, &mut || 0)
    }

    pub(crate) fn slow_tagged(&self, id: u64, f: &mut dyn FnMut() -> u64) -> u64 {
        slow_tagged(self, id, f)
    }

    pub(crate) fn tagged(&self, source: &Source, id: u64) -> u64 {
        tagged(self, source, id)
    }

    pub(crate) fn hits_in_process(&self) -> u64 {
        self.cache.stats().local_hits
    }
}

pub(crate) struct World {
    pub(crate) store: Shared,
    pub(crate) source: Source,
    pub(crate) here: Node,
    pub(crate) there: Node,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self::over(Shared::new(), true);
        world.settle();
        world
    }

    pub(crate) fn over(store: Shared, is_near: bool) -> Self {
        let node = || {
            let builder = Cache::builder().store(store.clone()).key_prefix("app");
            let builder = if is_near {
                builder.local_max(1000)
            } else {
                builder
            };
            Node {
                cache: builder.build().unwrap().blocking(),
            }
        };
        Self {
            source: Source::default(),
            here: node(),
            there: node(),
            store,
        }
    }

    /// Both hear each other, and copies are made and served.
    pub(crate) fn settle(&self) {
        for node in [&self.here, &self.there] {
            eventually("the news is heard", || {
                node.price(&self.source, 0);
                let before = node.hits_in_process();
                node.price(&self.source, 0);
                node.hits_in_process() > before
            });
        }
        self.source.reads.store(0, SeqCst);
    }
}

/// Waits for what other threads of the library do.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: never");
        thread::sleep(Duration::from_millis(2));
    }
}
