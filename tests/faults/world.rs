//! A cache on a server that will have trouble, a function on it, and what calls may cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{Cache, Stats, cache_result};
use cache_tests::pulse::Pulse;
use tokio::runtime::{Builder, Runtime};

/// The limit of one operation of the store.
pub(crate) const OP_TIMEOUT: Duration = Duration::from_secs(1);
/// What the function itself takes.
pub(crate) const FUNCTION: Duration = Duration::from_millis(5);
/// What a busy machine may add, two cores shared with other tests, and beyond that what it is seen to.
pub(crate) const SLACK: Duration = Duration::from_millis(900);
/// What a call may take.
pub(crate) const LIMIT: Duration = Duration::from_millis(
    (OP_TIMEOUT.as_millis() + FUNCTION.as_millis() + SLACK.as_millis()) as u64,
);
/// When hits must be back after the server is; a second is usual, but a busy machine takes its time.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) cache: Cache,
    /// How often the function ran.
    pub(crate) runs: AtomicUsize,
    /// The longest call, in microseconds, without what the machine had no time for.
    slowest: AtomicU64,
}

impl World {
    /// A cache at this URL, its limits short.
    pub(crate) fn at(url: &str) -> Arc<Self> {
        Self::with_limit(url, OP_TIMEOUT)
    }

    /// One with this limit of each operation.
    pub(crate) fn with_limit(url: &str, limit: Duration) -> Arc<Self> {
        let limit = limit.as_secs_f64();
        let url = format!("{url}?key_prefix=app&op_timeout={limit}&connect_timeout={limit}");
        Arc::new(Self {
            cache: Cache::from_url(&url).unwrap(),
            runs: AtomicUsize::new(0),
            slowest: AtomicU64::new(0),
        })
    }

    pub(crate) fn at_port(port: u16) -> Arc<Self> {
        Self::at(&format!("redis://127.0.0.1:{port}/0"))
    }

    /// One call, its answer and its time looked at.
    pub(crate) fn call(&self, id: u64) {
        let pulse = Pulse::start();
        assert_eq!(look(self, id), id * 2);
        self.took(pulse.time());
    }

    /// The same, awaiting.
    pub(crate) async fn call_async(self: &Arc<Self>, id: u64) {
        let pulse = Pulse::start();
        assert_eq!(look_async(self.clone(), id).await, id * 2);
        self.took(pulse.time());
    }

    fn took(&self, time: Duration) {
        let time = time.as_micros().try_into().unwrap();
        self.slowest.fetch_max(time, Ordering::SeqCst);
    }

    /// Asserts that no call took longer than it may.
    pub(crate) fn all_in_time(&self) {
        let slowest = Duration::from_micros(self.slowest.load(Ordering::SeqCst));
        println!("the slowest call took {slowest:?}, {:?}", self.stats());
        assert!(slowest <= LIMIT, "a call took {slowest:?}");
    }

    pub(crate) fn stats(&self) -> Stats {
        self.cache.stats()
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

#[cache_result(timeout = 60, key(id), key_prefix = "look", cache = world.cache.clone())]
pub(crate) fn look(world: &World, id: u64) -> u64 {
    world.runs.fetch_add(1, Ordering::SeqCst);
    thread::sleep(FUNCTION);
    id * 2
}

#[cache_result(timeout = 60, key(id), key_prefix = "look_async", cache = world.cache.clone())]
pub(crate) async fn look_async(world: Arc<World>, id: u64) -> u64 {
    world.runs.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(FUNCTION).await;
    id * 2
}

/// The two ways to call.
pub(crate) enum Caller {
    Blocking,
    Awaiting(Runtime),
}

impl Caller {
    pub(crate) fn both() -> [Caller; 2] {
        [Caller::Blocking, Caller::Awaiting(multi_thread())]
    }

    pub(crate) fn call(&self, world: &Arc<World>, id: u64) {
        match self {
            Caller::Blocking => world.call(id),
            Caller::Awaiting(runtime) => {
                let world = world.clone();
                let task = runtime.spawn(async move { world.call_async(id).await });
                runtime.block_on(task).unwrap();
            }
        }
    }
}

pub(crate) fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Waits until it is so; how long that was, at most `limit`.
pub(crate) fn within(limit: Duration, what: &str, is_so: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
    start.elapsed()
}
