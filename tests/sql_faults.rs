//! What callers notice when a database dies, hangs, loses its table, is locked or cannot be written:
//! with a cached function nothing, and with the store itself an error of the right kind.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod sql_databases;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::sql::{SqlConfig, SqlStore};
use cache_runtime::{Cache, ErrorKind, Store, cache_result};
use cache_tests::PATIENT;
use cache_tests::mariadb_server::MariadbServer;
use cache_tests::postgres_server::PostgresServer;
use cache_tests::pulse::Pulse;
use sql_databases::{
    Database, MINUTE, Place, at_once, current_thread, eventually, multi_thread, sqlite,
};

/// The limit of one operation in these tests.
const OP_TIMEOUT: Duration = Duration::from_millis(300);
/// What a busy machine may add, and beyond that what it is seen to.
const SLACK: Duration = Duration::from_millis(500);

/// A server that these tests may kill.
trait Server: Sized + Send + Sync + 'static {
    fn start() -> Option<Self>;
    fn place(self: Arc<Self>) -> Place;
    fn kill(&mut self);
    fn restart(&mut self);
    fn pause(&self);
    fn resume(&self);
    /// How many connections it has, without the one that asks.
    fn connections(&self) -> usize;
}

impl Server for PostgresServer {
    fn start() -> Option<Self> {
        Self::start_or_skip()
    }
    fn place(self: Arc<Self>) -> Place {
        Database::Postgres(self).place()
    }
    fn kill(&mut self) {
        self.kill();
    }
    fn restart(&mut self) {
        self.restart();
    }
    fn pause(&self) {
        self.pause();
    }
    fn resume(&self) {
        self.resume();
    }
    fn connections(&self) -> usize {
        let count = self.query(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'cache-runtime'",
        );
        count.parse().unwrap()
    }
}

impl Server for MariadbServer {
    fn start() -> Option<Self> {
        Self::start_or_skip()
    }
    fn place(self: Arc<Self>) -> Place {
        Database::Mariadb(self).place()
    }
    fn kill(&mut self) {
        self.kill();
    }
    fn restart(&mut self) {
        self.restart();
    }
    fn pause(&self) {
        self.pause();
    }
    fn resume(&self) {
        self.resume();
    }
    fn connections(&self) -> usize {
        let count =
            self.query("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'me'");
        count.parse().unwrap()
    }
}

/// A cache, a function on it, and what calls of it have cost.
struct World {
    cache: Cache,
    runs: AtomicUsize,
    /// The longest call, in microseconds, without what the machine had no time for.
    slowest: AtomicU64,
}

#[cache_result(timeout = 60, key(id), key_prefix = "look", cache = world.cache.clone())]
fn look(world: &World, id: u64) -> u64 {
    world.runs.fetch_add(1, Ordering::SeqCst);
    id * 2
}

#[cache_result(timeout = 60, key(id), key_prefix = "look_async", cache = world.cache.clone())]
async fn look_async(world: Arc<World>, id: u64) -> u64 {
    world.runs.fetch_add(1, Ordering::SeqCst);
    id * 2
}

impl World {
    fn at(url: &str) -> Arc<Self> {
        let limit = OP_TIMEOUT.as_secs_f64();
        let url = format!("{url}&key_prefix=app&op_timeout={limit}&connect_timeout={limit}");
        Arc::new(Self {
            cache: Cache::from_url(&url).unwrap(),
            runs: AtomicUsize::new(0),
            slowest: AtomicU64::new(0),
        })
    }

    fn call(&self, id: u64) {
        let pulse = Pulse::start();
        assert_eq!(look(self, id), id * 2);
        self.took(pulse.time());
    }

    async fn call_async(self: &Arc<Self>, id: u64) {
        let pulse = Pulse::start();
        assert_eq!(look_async(Arc::clone(self), id).await, id * 2);
        self.took(pulse.time());
    }

    fn took(&self, time: Duration) {
        let time = time.as_micros().try_into().unwrap();
        self.slowest.fetch_max(time, Ordering::SeqCst);
    }

    /// Asserts that no call took longer than a look and a write may.
    fn all_in_time(&self) {
        let slowest = Duration::from_micros(self.slowest.load(Ordering::SeqCst));
        println!(
            "the slowest call took {slowest:?}, {:?}",
            self.cache.stats()
        );
        assert!(slowest <= OP_TIMEOUT + SLACK, "a call took {slowest:?}");
    }

    /// Hits come back, for callers of both kinds, without anything being done.
    fn recovers(self: &Arc<Self>) {
        let start = Instant::now();
        for is_async in [false, true] {
            eventually("hits are back", || {
                let hits = self.cache.stats().hits;
                if is_async {
                    current_thread().block_on(self.call_async(1_000_000));
                } else {
                    self.call(1_000_000);
                }
                self.cache.stats().hits > hits
            });
        }
        println!("hits were back after {:?}", start.elapsed());
    }

    /// Callers of both kinds, until they are told to stop.
    fn under_load(self: &Arc<Self>, trouble: impl FnOnce()) {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for caller in 0..4_u64 {
            let (world, stop) = (Arc::clone(self), Arc::clone(&stop));
            threads.push(thread::spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    world.call(caller * 1_000 + n % 200);
                }
            }));
        }
        let runtime = multi_thread();
        let mut tasks = Vec::new();
        for caller in 4..12_u64 {
            let (world, stop) = (Arc::clone(self), Arc::clone(&stop));
            tasks.push(runtime.spawn(async move {
                for n in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    world.call_async(caller * 1_000 + n % 200).await;
                    tokio::task::yield_now().await;
                }
            }));
        }
        trouble();
        stop.store(true, Ordering::SeqCst);
        for thread in threads {
            thread.join().unwrap();
        }
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    }
}

macro_rules! for_each_server {
    ($($check:ident),* $(,)?) => {
        mod postgres {
            $(#[test] fn $check() { super::$check::<cache_tests::postgres_server::PostgresServer>(); })*
        }
        mod mariadb {
            $(#[test] fn $check() { super::$check::<cache_tests::mariadb_server::MariadbServer>(); })*
        }
    };
}

for_each_server![
    connections_do_not_pile_up,
    a_server_that_is_down_is_unavailable,
    an_add_after_a_restart,
];

fn connections_do_not_pile_up<S: Server>() {
    let Some(server) = S::start().map(Arc::new) else {
        return;
    };
    let place = Arc::clone(&server).place();
    let config = SqlConfig {
        op_timeout: Duration::from_millis(100),
        connect_timeout: Duration::from_millis(100),
        max_connections: 4,
        ..place.config()
    };
    let ready = place.store();
    current_thread().block_on(ready.create_table()).unwrap();
    // No breaker, and more callers than connections.
    let store = Arc::new(SqlStore::new(config).unwrap());
    let runtime = multi_thread();
    let storm = |rounds: usize| {
        let tasks: Vec<_> = (0..64)
            .map(|n| {
                let store = Arc::clone(&store);
                runtime.spawn(async move {
                    for _ in 0..rounds {
                        let pulse = Pulse::start();
                        let outcome = store.get(&format!("{n}")).await;
                        assert!(pulse.time() < Duration::from_millis(100) + SLACK);
                        if let Err(error) = outcome {
                            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    };
    storm(3);
    server.pause();
    storm(5);
    // One is ours: it waits for the end of the runtime.
    eventually("tasks are left", || {
        runtime.metrics().num_alive_tasks() <= 1
    });
    server.resume();
    eventually("the store works again", || {
        runtime.block_on(store.get("k")).is_ok()
    });
    storm(1);
    eventually("what was left behind is closed", || {
        server.connections() <= 5
    });
}

fn a_server_that_is_down_is_unavailable<S: Server>() {
    let Some(mut server) = S::start().map(Arc::new) else {
        return;
    };
    let config = Arc::clone(&server).place().config();
    Arc::get_mut(&mut server).unwrap().kill();
    let store = SqlStore::new(SqlConfig {
        op_timeout: Duration::from_secs(10),
        ..config
    })
    .unwrap();
    let start = Instant::now();
    for error in [
        current_thread().block_on(store.get("k")).unwrap_err(),
        at_once(store.blocking().unwrap().get("k")).unwrap_err(),
        futures_executor::block_on(store.get("k")).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.is_retryable());
        assert!(!format!("{error} {error:?}").contains("sesame"));
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    Arc::get_mut(&mut server).unwrap().restart();
    current_thread()
        .block_on(store.set("k", b"v", MINUTE))
        .unwrap();
}

fn an_add_after_a_restart<S: Server>() {
    let Some(mut server) = S::start().map(Arc::new) else {
        return;
    };
    let store = {
        let place = Arc::clone(&server).place();
        place.store()
    };
    let runtime = current_thread();
    runtime.block_on(store.set("k", b"v", MINUTE)).unwrap();
    // Several connections, all of which the restart breaks.
    let many = (0..8).map(|_| store.get("k"));
    for found in runtime.block_on(futures::future::join_all(many)) {
        assert_eq!(found.unwrap().unwrap(), b"v");
    }
    Arc::get_mut(&mut server).unwrap().restart();
    // What can be said twice is; this cannot, and is an error that may be tried again.
    assert_eq!(runtime.block_on(store.get("k")).unwrap().unwrap(), b"v");
    Arc::get_mut(&mut server).unwrap().restart();
    let error = runtime
        .block_on(store.add("new", b"v", MINUTE))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(runtime.block_on(store.add("new", b"v", MINUTE)).unwrap());
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let Some(server) = MariadbServer::start_or_skip() else {
        return;
    };
    let url = format!(
        "mariadb://me:open-secret@127.0.0.1:{}/cache?{PATIENT}",
        server.port()
    );
    let cache = Cache::from_url(&url).unwrap();
    let error = cache.blocking().ping().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert!(
        error.to_string().contains("Access denied for user 'me'"),
        "{error}"
    );
    assert!(!format!("{error:?} {cache:?}").contains("open-secret"));
    let error = Cache::from_url(&format!(
        "mysql://me:sesame@127.0.0.1:{}/none?{PATIENT}",
        server.port()
    ));
    let error = error.unwrap().blocking().ping().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
}

/// A database file that another connection keeps locked.
fn locked(place: &Place) -> rusqlite::Connection {
    let config = place.config();
    let cache_runtime::stores::sql::SqlDatabase::Sqlite(path) = config.database else {
        panic!("no file");
    };
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[test]
fn a_sqlite_file_that_is_locked() {
    let place = sqlite().unwrap().place();
    let world = World::at(&place.url());
    world.recovers();
    let lock = locked(&place);
    let store = SqlStore::new(SqlConfig {
        op_timeout: OP_TIMEOUT,
        ..place.config()
    })
    .unwrap();
    let pulse = Pulse::start();
    let error = current_thread()
        .block_on(store.set("k", b"v", None))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let took = pulse.time();
    assert!(took < OP_TIMEOUT + SLACK, "{took:?}");
    // Readers do not wait for a writer.
    assert_eq!(current_thread().block_on(store.get("k")).unwrap(), None);
    world.under_load(|| thread::sleep(Duration::from_millis(1500)));
    drop(lock);
    world.recovers();
    world.all_in_time();
    current_thread()
        .block_on(store.set("k", b"v", None))
        .unwrap();
}

#[test]
fn a_sqlite_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let place = sqlite().unwrap().place();
    let Database::Sqlite(folder) = &place.database else {
        panic!("no folder");
    };
    let store = place.store();
    current_thread()
        .block_on(store.set("k", b"v", None))
        .unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
    }
}

#[test]
fn a_sqlite_file_without_a_folder() {
    let cache = Cache::from_url("sqlite:///no/such/folder/app.db")
        .unwrap()
        .blocking();
    let error = cache.set("k", "v", 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().ends_with(
            "the folder of the database /no/such/folder/app.db does not exist: make it first"
        ),
        "{error}"
    );
}

#[test]
fn a_sqlite_file_that_is_no_database() {
    let place = sqlite().unwrap().place();
    let Database::Sqlite(folder) = &place.database else {
        panic!("no folder");
    };
    std::fs::write(folder.path().join("app.db"), "not a database ".repeat(500)).unwrap();
    let error = current_thread()
        .block_on(place.store().get("k"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert!(
        error.to_string().contains("file is not a database"),
        "{error}"
    );
}

#[test]
fn a_database_in_memory_outlives_runtimes_and_is_nobody_elses() {
    let cache = Cache::from_url("sqlite::memory:?key_prefix=app").unwrap();
    let other = Cache::from_url("sqlite::memory:?key_prefix=app").unwrap();
    current_thread().block_on(cache.set("k", "v", 60)).unwrap();
    for _ in 0..3 {
        let found = current_thread().block_on(cache.get::<String>("k"));
        assert_eq!(found.unwrap().as_deref(), Some("v"));
    }
    let found = multi_thread().block_on(async {
        // Callers that leave in the middle do not take the database with them.
        for _ in 0..50 {
            let limit = Duration::from_micros(50);
            let _ = tokio::time::timeout(limit, cache.get::<String>("k")).await;
        }
        cache.close().await.unwrap();
        cache.get::<String>("k").await
    });
    assert_eq!(found.unwrap().as_deref(), Some("v"));
    assert_eq!(
        cache.blocking().get::<String>("k").unwrap().as_deref(),
        Some("v")
    );
    assert_eq!(other.blocking().get::<String>("k").unwrap(), None);
}

const CHILD: &str = "CACHE_TESTS_READ_ONLY";

#[test]
fn in_a_child_the_file_is_read_only() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let url = format!("sqlite://{}", path.to_str().unwrap());
    let cache = Cache::from_url(&url).unwrap().blocking();
    let error = cache.set("k", "v", 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert!(error.to_string().contains("readonly"), "{error}");
}

#[test]
fn a_sqlite_file_that_is_read_only() {
    use std::os::unix::fs::PermissionsExt;

    let place = sqlite().unwrap().place();
    let Database::Sqlite(folder) = &place.database else {
        panic!("no folder");
    };
    let store = place.store();
    current_thread().block_on(async {
        store.set("k", b"v", None).await.unwrap();
        store.close().await.unwrap();
    });
    // Root may write everywhere, so a copy of this program is run by somebody else.
    let program = folder.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let file = folder.path().join("app.db");
    let read_only = |path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let mut child = cache_tests::process::as_nobody(program.to_str().unwrap(), folder.path());
    read_only(file.as_path(), 0o444);
    let output = child
        .args(["--exact", "in_a_child_the_file_is_read_only", "--nocapture"])
        .env(CHILD, &file)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let told_too = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("1 passed"), "{told}{told_too}");
}
