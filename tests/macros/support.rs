//! Where a scenario runs: a cache of its own whose time is moved by hand, and a count of runs.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
use cache_runtime::testing::{self, Clock, FaultyStore};
use cache_runtime::{Cache, CacheError, Format};
use cache_tests::redis_server::RedisServer;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A machine that runs many tests at once may be slow; no test here is about these limits.
const LIMIT: Duration = Duration::from_secs(20);

/// A cache that no other test has.
pub(crate) struct Place {
    pub(crate) cache: Cache,
    clock: Clock,
    server: Option<Arc<RedisServer>>,
    /// The cache's own on the server.
    prefix: String,
    runs: AtomicU32,
    /// How many items each call of a batch function had.
    batches: Mutex<Vec<usize>>,
}

impl Place {
    pub(crate) fn in_process() -> Self {
        let (cache, clock) = testing::isolated();
        Self {
            cache,
            clock,
            server: None,
            prefix: String::new(),
            runs: AtomicU32::new(0),
            batches: Mutex::default(),
        }
    }

    /// `None` where Redis is to be skipped.
    pub(crate) fn on_redis() -> Option<Self> {
        let server = server()?;
        let clock = Clock::manual();
        let prefix = next_prefix();
        Some(Self {
            cache: redis_cache(&server, clock.clone(), &prefix),
            clock,
            server: Some(server),
            prefix,
            runs: AtomicU32::new(0),
            batches: Mutex::default(),
        })
    }

    /// A place in process for so many entries.
    pub(crate) fn with_room(entries: usize) -> Self {
        let url = format!("memory://?max_entries={entries}");
        Self::in_process().with_cache(Cache::from_url(&url).unwrap())
    }

    /// A place on Redis that knows what its store was asked for; `None` where that is to be skipped.
    pub(crate) fn counted() -> Option<(Self, FaultyStore<RedisStore>)> {
        let server = server()?;
        let store = FaultyStore::new(redis_store(&server));
        let clock = Clock::manual();
        let cache = Cache::builder().store(store.clone()).op_timeout(LIMIT);
        let cache = cache.clock(clock.clone()).key_prefix(next_prefix());
        let place = Self {
            cache: cache.build().unwrap(),
            clock,
            server: Some(server),
            prefix: String::new(),
            runs: AtomicU32::new(0),
            batches: Mutex::default(),
        };
        Some((place, store))
    }

    /// The same kind of place, where time cannot be moved.
    pub(crate) fn in_real_time(&self) -> Self {
        let clock = Clock::default();
        self.with_cache(match &self.server {
            Some(server) => redis_cache(server, clock, &next_prefix()),
            None => Cache::builder().clock(clock).build().unwrap(),
        })
    }

    /// The same place with another cache, and a count of its own.
    pub(crate) fn with_cache(&self, cache: Cache) -> Self {
        Self {
            cache,
            clock: self.clock.clone(),
            server: self.server.clone(),
            prefix: self.prefix.clone(),
            runs: AtomicU32::new(0),
            batches: Mutex::default(),
        }
    }

    /// The same kind of place, whose entries have no room for times and tags.
    pub(crate) fn in_json(&self) -> Self {
        let mut cache = Cache::builder().format(Format::Json).op_timeout(LIMIT);
        if let Some(server) = &self.server {
            cache = cache.store(redis_store(server));
        }
        let cache = cache.clock(self.clock.clone()).key_prefix(next_prefix());
        self.with_cache(cache.build().unwrap())
    }

    /// A cache over the same entries, as another process has it; `None` where they cannot be shared.
    pub(crate) fn other_process(&self) -> Option<Cache> {
        let server = self.server.as_ref()?;
        Some(redis_cache(server, self.clock.clone(), &self.prefix))
    }

    /// Counts a run of a body, and gives its number: 1, 2, 3, ...
    pub(crate) fn run(&self) -> u32 {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// How often a body ran.
    pub(crate) fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    /// Counts a call of a batch function.
    pub(crate) fn run_batch(&self, items: usize) {
        self.batches.lock().unwrap().push(items);
    }

    /// How many items each call of a batch function had.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }

    /// Moves the time.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// How many wait for a time on this place's clock.
    pub(crate) fn waiting(&self) -> usize {
        self.clock.waiting()
    }

    /// How many executions the cache has under way.
    pub(crate) fn flights(&self) -> usize {
        let text = format!("{:?}", self.cache);
        let (_, rest) = text.split_once("flights: ").unwrap();
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        digits.unwrap().parse().unwrap()
    }

    /// Whether the server has this key; in process there is none to ask, and the answer is `None`.
    pub(crate) fn server_has(&self, key: &str) -> Option<bool> {
        let server = self.server.as_ref()?;
        Some(server.command(&["EXISTS", key]) == "1")
    }

    /// Checks how long the server itself keeps this key, where there is a server.
    pub(crate) fn check_life_on_server(&self, key: &str, life: Option<Duration>) {
        let Some(server) = &self.server else { return };
        let left: i64 = server.command(&["PTTL", key]).parse().unwrap();
        match life.map(|life| i64::try_from(life.as_millis()).unwrap()) {
            None => assert_eq!(left, -1, "{key} should never expire"),
            // The real time since the write has gone from it.
            Some(life) => assert!(
                (life - 20_000..=life).contains(&left),
                "{key} has {left} ms to live, not {life}"
            ),
        }
    }

    /// How much longer than said an entry may live: the shared entry's time includes the time
    /// that its computation really took.
    pub(crate) fn tolerance(&self) -> Duration {
        if self.server.is_some() {
            20 * SECOND
        } else {
            Duration::ZERO
        }
    }
}

/// A count of runs for functions that take no place.
pub(crate) struct Runs(AtomicU64);

impl Runs {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts a run, and gives its number.
    pub(crate) fn run(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// A prefix that nobody else has.
fn next_prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("place{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn redis_store(server: &RedisServer) -> RedisStore {
    let store = RedisStore::new(RedisConfig {
        connect_timeout: LIMIT,
        op_timeout: LIMIT,
        ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", server.port()))
    });
    store.unwrap()
}

fn redis_cache(server: &RedisServer, clock: Clock, prefix: &str) -> Cache {
    let cache = Cache::builder()
        .store(redis_store(server))
        .op_timeout(LIMIT)
        .clock(clock)
        .key_prefix(prefix);
    cache.build().unwrap()
}

/// The server of all tests that run now: the last of them ends it.
pub(crate) fn server() -> Option<Arc<RedisServer>> {
    static SERVER: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
    let mut known = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = known.upgrade() {
        return Some(server);
    }
    let server = Arc::new(RedisServer::start_or_skip()?);
    *known = Arc::downgrade(&server);
    Some(server)
}

/// A Redis where nobody answers.
pub(crate) fn dead_cache() -> Cache {
    Cache::from_url("redis://127.0.0.1:1/0").unwrap()
}

/// A type whose path is the same for both compilations of the scenarios.
pub(crate) struct Named;

/// An error of one's own that can hold the cache's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OwnError {
    Own(u32),
    Cache(cache_runtime::ErrorKind),
}

impl From<CacheError> for OwnError {
    fn from(error: CacheError) -> Self {
        Self::Cache(error.kind())
    }
}

/// The key without the prefix and version of its cache: what all programs share.
pub(crate) fn shared_part(key: &str) -> &str {
    key.split_once(":1:").unwrap().1
}

/// Compiles for a future that may move between threads, and for no other.
pub(crate) fn is_send<T: Send>(value: T) -> T {
    value
}

/// Redis is asked on the caller's tokio; in process any executor will do.
pub(crate) fn on_tokio<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Fails unless an entry lives just as long as said: by the clock, and on the server.
macro_rules! lives {
    ($place:expr, $entry:expr, never) => {{
        let (place, entry) = ($place, $entry);
        place.check_life_on_server(&entry.key(), None);
        place.pass(std::time::Duration::from_secs(100 * 365 * 86_400));
        assert!(
            done!(entry.get()).unwrap().is_some(),
            "it should never expire"
        );
    }};
    ($place:expr, $entry:expr, $seconds:expr) => {{
        let (place, entry) = ($place, $entry);
        let life = std::time::Duration::from_secs_f64(f64::from($seconds));
        let milli = std::time::Duration::from_millis(1);
        place.check_life_on_server(&entry.key(), Some(life));
        place.pass(life - milli);
        assert!(
            done!(entry.get()).unwrap().is_some(),
            "it should live for {life:?}"
        );
        place.pass(milli + place.tolerance());
        assert!(
            done!(entry.get()).unwrap().is_none(),
            "it should be dead after {life:?}"
        );
    }};
}
