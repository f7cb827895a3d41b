//! A primary with a replica and three sentinels: a failover is followed, and no call notices.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod redis_callers;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{Cache, ErrorKind, cache_result};
use cache_tests::PATIENT;
use cache_tests::pulse::Pulse;
use cache_tests::redis_sentinel::Watched;
use cache_tests::redis_server::RedisServer;
use redis_callers::{current_thread, eventually, multi_thread};
use tokio::runtime::Runtime;

const OP_TIMEOUT: Duration = Duration::from_millis(300);
/// What the function itself takes.
const FUNCTION: Duration = Duration::from_millis(2);
/// What a busy machine may add, for each of these tests runs five servers, and beyond that what it is
/// seen to.
const SLACK: Duration = Duration::from_millis(700);
/// When hits must be back after there is a master: the breaker pauses up to a second.
const SOON: Duration = Duration::from_secs(20);

/// A cache with the short limit.
fn cache(watched: &Watched, options: &str) -> Cache {
    cache_of(OP_TIMEOUT, watched, options)
}

/// One with a limit that a busy machine keeps.
fn patient(watched: &Watched, options: &str) -> Cache {
    cache_of(Duration::from_secs(10), watched, options)
}

fn cache_of(limit: Duration, watched: &Watched, options: &str) -> Cache {
    let limit = limit.as_secs_f64();
    let url = watched.url(0);
    let sign = if url.contains('?') { '&' } else { '?' };
    let url =
        format!("{url}{sign}key_prefix=app&op_timeout={limit}&connect_timeout={limit}{options}");
    Cache::from_url(&url).unwrap()
}

/// A cached function, what it cost its callers, and how often it ran.
struct World {
    cache: Cache,
    runs: AtomicU64,
    slowest: AtomicU64,
    is_over: AtomicBool,
}

#[cache_result(timeout = 60, key(id), key_prefix = "twice", cache = world.cache.clone())]
async fn twice(world: Arc<World>, id: u64) -> u64 {
    world.runs.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(FUNCTION).await;
    id * 2
}

#[cache_result(timeout = 60, key(id), key_prefix = "twice_now", cache = world.cache.clone())]
fn twice_now(world: &World, id: u64) -> u64 {
    world.runs.fetch_add(1, Ordering::SeqCst);
    thread::sleep(FUNCTION);
    id * 2
}

impl World {
    fn of(cache: Cache) -> Arc<Self> {
        Arc::new(Self {
            cache,
            runs: AtomicU64::new(0),
            slowest: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        })
    }

    fn took(&self, pulse: &Pulse) {
        let micros = pulse.time().as_micros().try_into().unwrap();
        self.slowest.fetch_max(micros, Ordering::SeqCst);
    }

    /// So many tasks and threads that call until it is over.
    fn load(self: &Arc<Self>, runtime: &Runtime, tasks: u64, threads: u64) -> Load {
        let tasks = (0..tasks).map(|at| {
            let world = Arc::clone(self);
            runtime.spawn(async move {
                for n in 0.. {
                    if world.is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let (id, pulse) = ((at * 7 + n) % 200, Pulse::start());
                    assert_eq!(twice(Arc::clone(&world), id).await, id * 2);
                    world.took(&pulse);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
        });
        let tasks = tasks.collect();
        let threads = (0..threads).map(|at| {
            let world = Arc::clone(self);
            thread::spawn(move || {
                for n in 0.. {
                    if world.is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let (id, pulse) = ((at * 7 + n) % 200, Pulse::start());
                    assert_eq!(twice_now(&world, id), id * 2);
                    world.took(&pulse);
                    thread::sleep(Duration::from_millis(2));
                }
            })
        });
        let threads = threads.collect();
        Load { tasks, threads }
    }

    fn hits_come(&self, when: &str) {
        let (start, hits) = (Instant::now(), self.cache.stats().hits);
        while self.cache.stats().hits < hits + 200 {
            assert!(
                start.elapsed() < SOON,
                "no hits {when}: {:?}",
                self.cache.stats()
            );
            thread::sleep(Duration::from_millis(2));
        }
        println!("two hundred hits {when}: {:?}", start.elapsed());
    }

    fn end(&self, runtime: &Runtime, load: Load) {
        self.is_over.store(true, Ordering::SeqCst);
        for task in load.tasks {
            runtime.block_on(task).unwrap();
        }
        load.threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let slowest = Duration::from_micros(self.slowest.load(Ordering::SeqCst));
        println!(
            "the slowest call took {slowest:?}; {:?}",
            self.cache.stats()
        );
        assert!(
            slowest < OP_TIMEOUT + FUNCTION + SLACK,
            "a call took {slowest:?}"
        );
    }
}

struct Load {
    tasks: Vec<tokio::task::JoinHandle<()>>,
    threads: Vec<thread::JoinHandle<()>>,
}

#[test]
fn a_failover_under_load_is_followed() {
    let mut watched = Watched::start();
    let runtime = multi_thread();
    let world = World::of(cache(&watched, ""));
    let load = world.load(&runtime, 32, 4);
    world.hits_come("at the start");
    // There and back again: the second time, the one that was killed first is made the master.
    for _ in 0..2 {
        let was = watched.kill_master();
        let took = watched.wait_for_failover(was);
        println!("the failover took {took:?}");
        world.hits_come("after the failover");
        // What is asked of the cache itself is done by the new master.
        let cache = world.cache.blocking();
        eventually("it is written", || cache.set("key", &was, 60).is_ok());
        let now = watched.master();
        assert_ne!(now, was);
        assert!(watched.command(now, &["EXISTS", "app:1:key"]) == "1");
        watched.restart(was);
        watched.wait_for_replica(was);
        world.hits_come("with a replica again");
    }
    world.end(&runtime, load);
}

#[test]
fn a_master_that_hangs_is_left_for_the_next_one() {
    let mut watched = Watched::start();
    let runtime = multi_thread();
    let world = World::of(cache(&watched, "&protocol=resp3"));
    let load = world.load(&runtime, 16, 2);
    world.hits_come("at the start");
    let was = watched.master();
    watched.pause(was);
    let took = watched.wait_for_failover(was);
    println!("the failover took {took:?}");
    world.hits_come("after the failover");
    // The old one wakes, still thinks that it is the master for a moment, and is made a replica.
    watched.resume(was);
    watched.wait_for_replica(was);
    world.hits_come("with a replica again");
    let cache = world.cache.blocking();
    eventually("it is written", || cache.set("key", &7, 60).is_ok());
    assert_eq!(
        watched.command(watched.master(), &["EXISTS", "app:1:key"]),
        "1"
    );
    world.end(&runtime, load);
}

#[test]
fn a_failover_on_demand_is_no_failure() {
    let watched = Watched::start();
    let runtime = current_thread();
    let cache = patient(&watched, "");
    runtime.block_on(cache.set("key", &1, 60)).unwrap();
    cache.blocking().set("key", &1, 60).unwrap();
    let was = watched.master();
    let sentinel = watched.sentinel_ports()[0];
    let told = watched.command(sentinel, &["SENTINEL", "FAILOVER", "mymaster"]);
    assert_eq!(told, "OK");
    let took = watched.wait_for_failover(was);
    println!("the failover took {took:?}");
    // For a moment both are masters, and what the old one is given is lost: as with every client.
    watched.wait_for_replica(was);
    for n in 0..10 {
        runtime.block_on(cache.set("key", &n, 60)).unwrap();
        cache.blocking().set("key", &n, 60).unwrap();
    }
    assert_eq!(
        watched.command(watched.master(), &["GET", "app:1:key"]),
        "9"
    );
}

/// Says that the master is at the port that is held there; what it is asked does not matter.
fn sentinel_of_ours(named: &Arc<AtomicU16>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let named = Arc::clone(named);
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 1024]);
            let port = named.load(Ordering::SeqCst).to_string();
            let answer = format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

#[test]
fn a_master_that_was_made_a_replica_is_left_at_once() {
    let (one, two) = (RedisServer::start(), RedisServer::start());
    let named = Arc::new(AtomicU16::new(one.port()));
    let port = sentinel_of_ours(&named);
    let url = format!("redis+sentinel://127.0.0.1:{port}/m?{PATIENT}");
    let cache = Cache::from_url(&url).unwrap();
    let runtime = current_thread();
    let (mut master, mut replica) = (&one, &two);
    let pool = cache.blocking();
    for n in 0..10 {
        // In the pool are several connections to the one that will be a replica.
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| pool.set("key", &n, 60).unwrap());
            }
        });
        runtime.block_on(cache.set("key", &n, 60)).unwrap();
        (master, replica) = (replica, master);
        named.store(master.port(), Ordering::SeqCst);
        assert_eq!(master.command(&["REPLICAOF", "NO", "ONE"]), "OK");
        for server in [master, replica] {
            assert_eq!(server.command(&["SET", ":1:number", "7"]), "OK");
        }
        // Of nobody, so that it is not loading its data when it is asked.
        assert_eq!(replica.command(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
        // No call fails, not even those that may not be said twice: what a replica refuses it has
        // not done. By several commands in one go, too.
        let items = [("one", n), ("two", n)];
        match n % 3 {
            0 => {
                assert_eq!(runtime.block_on(cache.incr("number", 1)).unwrap(), 8);
                assert_eq!(pool.incr("number", 1).unwrap(), 9);
            }
            1 => {
                runtime.block_on(cache.set_many(items, 60)).unwrap();
                pool.set_many(items, 60).unwrap();
            }
            _ => {
                assert!(runtime.block_on(cache.touch("number", 60)).unwrap());
                assert!(pool.touch("number", None).unwrap());
            }
        }
        // Nobody has a connection to the replica any more; who tells the news is a moment behind.
        eventually("the replica is left", || {
            let old = replica.command(&["CLIENT", "LIST", "TYPE", "normal"]);
            old.trim().lines().count() == 1
        });
    }
}

#[test]
fn a_sentinel_that_knows_less_is_not_believed() {
    let (master, replica) = (RedisServer::start(), RedisServer::start());
    let port = master.port().to_string();
    assert_eq!(replica.command(&["REPLICAOF", "127.0.0.1", &port]), "OK");
    // Nobody is at the second one.
    let wrong = [replica.port(), 1];
    let named =
        [wrong[0], wrong[1], wrong[0], master.port()].map(|port| Arc::new(AtomicU16::new(port)));
    let sentinels = named.each_ref().map(sentinel_of_ours);
    let nodes = sentinels.map(|port| format!("127.0.0.1:{port}")).join(",");
    let cache = Cache::from_url(&format!("redis+sentinel://{nodes}/m/1?{PATIENT}")).unwrap();
    let runtime = current_thread();
    runtime.block_on(cache.set("key", &1, 60)).unwrap();
    assert_eq!(cache.blocking().get::<i32>("key").unwrap(), Some(1));
    assert!(master.command(&["INFO", "keyspace"]).contains("db1:keys=1"));
    // None of them knows: that is an error, and no reader is led to a replica.
    named[3].store(wrong[0], Ordering::SeqCst);
    runtime.block_on(cache.close()).unwrap();
    for error in [
        runtime.block_on(cache.ping()).unwrap_err(),
        cache.blocking().ping().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    named[2].store(master.port(), Ordering::SeqCst);
    runtime.block_on(cache.ping()).unwrap();
    cache.blocking().ping().unwrap();
}

#[test]
fn without_sentinels_connections_go_on_and_new_ones_wait_for_the_first() {
    let mut watched = Watched::start();
    let runtime = current_thread();
    let old = patient(&watched, "");
    runtime.block_on(old.set("key", &1, 60)).unwrap();
    old.blocking().set("key", &1, 60).unwrap();
    let sentinels = watched.sentinel_ports();
    for port in &sentinels {
        watched.kill(*port);
    }
    for n in 0..50 {
        runtime.block_on(old.set("key", &n, 60)).unwrap();
        assert_eq!(old.blocking().get::<i32>("key").unwrap(), Some(n));
    }
    let new = patient(&watched, "");
    for outcome in [
        runtime.block_on(new.ping()).unwrap_err(),
        new.blocking().ping().unwrap_err(),
    ] {
        assert_eq!(outcome.kind(), ErrorKind::Unavailable, "{outcome}");
        let told = outcome.to_string();
        assert!(told.contains("the sentinel 127.0.0.1:"), "{told}");
    }
    // One is enough, whichever; and those that are down, or hang, cost little.
    for alive in &sentinels {
        watched.restart(*alive);
        for port in sentinels.iter().filter(|port| *port != alive) {
            watched.restart(*port);
            watched.pause(*port);
        }
        let new = patient(&watched, "");
        let (start, pulse) = (Instant::now(), Pulse::start());
        runtime.block_on(new.ping()).unwrap();
        new.blocking().ping().unwrap();
        println!(
            "connected by one of three sentinels in {:?}",
            start.elapsed()
        );
        assert!(start.elapsed() < Duration::from_secs(3) + pulse.allowance());
        for port in &sentinels {
            watched.kill(*port);
        }
    }
}

#[test]
fn sentinels_and_servers_have_passwords_of_their_own() {
    let watched = Watched::start_with_passwords();
    let runtime = current_thread();
    for options in ["", "&protocol=resp3"] {
        let cache = patient(&watched, options);
        runtime.block_on(cache.set("key", &1, 60)).unwrap();
        assert_eq!(cache.blocking().get::<i32>("key").unwrap(), Some(1));
    }
    let url = watched.url(0).replace('?', &format!("?{PATIENT}&"));
    for (wrong, expected) in [
        (
            url.replace("=sentinel", "=secret"),
            "the server refused the login (WRONGPASS): check the user and the password in the URL",
        ),
        (
            url.replace(":server@", ":secret@"),
            "ping: the server refused the login (WRONGPASS): check the user and the password in the URL",
        ),
        (url.replace("&sentinel_password=sentinel", ""), "NOAUTH"),
        (
            url.replace("/mymaster/", "/another/"),
            "knows no master `another`",
        ),
    ] {
        assert_ne!(wrong, url);
        let cache = Cache::from_url(&wrong).unwrap();
        for error in [
            runtime.block_on(cache.ping()).unwrap_err(),
            cache.blocking().ping().unwrap_err(),
        ] {
            assert!(error.to_string().contains(expected), "{error}");
            assert!(
                !format!("{error:?} {cache:?}").contains("secret"),
                "{error:?}"
            );
        }
    }
}
