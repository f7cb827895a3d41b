//! Where a storm goes: a cache, a count of what runs in it, and dice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::testing::Clock;
use cache_runtime::{Cache, CacheBuilder};
use cache_tests::redis_server::RedisServer;

use crate::dice::Dice;
use crate::slow_store::SlowStore;

pub(crate) struct World {
    pub(crate) cache: Cache,
    pub(crate) clock: Clock,
    pub(crate) dice: Arc<Dice>,
    /// Whether bodies take their time, fail and panic.
    pub(crate) is_stormy: AtomicBool,
    /// How often a body began.
    runs: AtomicUsize,
    _server: Option<RedisServer>,
}

impl World {
    pub(crate) fn in_process() -> Arc<Self> {
        Self::with(Cache::builder(), Arc::new(Dice::new()), None)
    }

    pub(crate) fn on_a_slow_store() -> Arc<Self> {
        let dice = Arc::new(Dice::new());
        // What the store is too slow for is not what is tried here.
        let builder = Cache::builder().op_timeout(Duration::from_secs(20));
        Self::with(builder.store(SlowStore::new(dice.clone())), dice, None)
    }

    pub(crate) fn on_redis() -> Arc<Self> {
        let server = RedisServer::start();
        let options = "key_prefix=app&op_timeout=20&connect_timeout=20";
        let builder = CacheBuilder::from_url(&format!("{}?{options}", server.url(0)));
        Self::with(builder.unwrap(), Arc::new(Dice::new()), Some(server))
    }

    fn with(builder: CacheBuilder, dice: Arc<Dice>, server: Option<RedisServer>) -> Arc<Self> {
        let clock = Clock::manual();
        Arc::new(Self {
            cache: builder.clock(clock.clone()).build().unwrap(),
            clock,
            dice,
            is_stormy: AtomicBool::new(true),
            runs: AtomicUsize::new(0),
            _server: server,
        })
    }

    /// The beginning of every body: how it goes in a storm.
    pub(crate) async fn run(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
        if !self.is_stormy.load(Ordering::SeqCst) {
            return;
        }
        for _ in 0..self.dice.below(4) {
            tokio::task::yield_now().await;
        }
        if self.dice.one_in(2) {
            tokio::time::sleep(Duration::from_micros(self.dice.below(2000))).await;
        }
        assert!(!self.dice.one_in(20), "{}", crate::storm::AS_IT_SHALL);
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// How many executions the cache has under way.
    pub(crate) fn flights(&self) -> usize {
        let text = format!("{:?}", self.cache);
        let (_, rest) = text.split_once("flights: ").unwrap();
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        digits.unwrap().parse().unwrap()
    }
}

/// Waits until it is so, at most twenty seconds.
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
