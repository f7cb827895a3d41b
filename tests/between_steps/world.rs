//! Two caches over one store, as two processes have them, and a function in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::testing::FaultyStore;
use cache_runtime::{Cache, cache_result};

use crate::stepped::Stepped;

pub(crate) struct World {
    pub(crate) steps: Stepped,
    pub(crate) store: FaultyStore<Stepped>,
    pub(crate) here: Node,
    pub(crate) there: Node,
}

/// One process.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) cache: Cache,
    pub(crate) runs: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_limit(Duration::from_millis(300))
    }

    /// With so much time for an operation of the store.
    pub(crate) fn with_limit(limit: Duration) -> Self {
        let steps = Stepped::default();
        let store = FaultyStore::new(steps.clone());
        let node = || Node {
            cache: Cache::builder()
                .store(store.clone())
                .key_prefix("app")
                .op_timeout(limit)
                .build()
                .unwrap(),
            runs: Arc::default(),
        };
        Self {
            here: node(),
            there: node(),
            steps,
            store,
        }
    }
}

impl Node {
    /// How often a function has run here, with this time.
    pub(crate) fn run(&self) -> u64 {
        self.runs.fetch_add(1, SeqCst) + 1
    }
}

#[cache_result(timeout = 600, key_prefix = "between", key(id), cache = node.cache)]
pub(crate) fn task(node: &Node, id: u64) -> u64 {
    id * 100 + node.run()
}

/// What comes of `f`, if that is soon.
pub(crate) fn soon<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let _ = sender.send(f());
    });
    receiver.recv_timeout(Duration::from_secs(10)).ok()
}

pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}
