//! The Memcached store when servers die, hang and come back, and runtimes come and go.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod memcached_callers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::memcached::MemcachedStore;
use cache_runtime::{Cache, ErrorKind, Store};
use cache_tests::memcached_server::MemcachedServer;
use memcached_callers::{
    OP_TIMEOUT, SLACK, at_once, config, connections, current_thread, eventually, in_time,
    multi_thread, start, store,
};

fn all(servers: &[MemcachedServer]) -> Vec<&MemcachedServer> {
    servers.iter().collect()
}

#[test]
fn each_runtime_has_its_own_connections() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let store = store(&[&server]);
    for round in 0..30 {
        for runtime in [current_thread(), multi_thread()] {
            runtime.block_on(async {
                let value = [round];
                in_time(store.set("k", &value, None)).await.unwrap();
                let other = Arc::clone(&store);
                let spawned = tokio::spawn(async move { other.get("k").await });
                assert_eq!(spawned.await.unwrap().unwrap().unwrap(), value);
            });
            if round % 2 == 0 {
                runtime.shutdown_background();
            }
        }
    }
    // Two that live at once, taking turns.
    let (one, two) = (current_thread(), current_thread());
    for runtime in [&one, &two, &one, &two] {
        runtime.block_on(store.ping()).unwrap();
    }
    eventually("the runtimes took their connections along", || {
        connections(&server) == 2
    });
    eventually("nothing is remembered of runtimes that are gone", || {
        format!("{store:?}").contains("known: 2")
    });
    at_once(store.blocking().unwrap().ping()).unwrap();
    futures_executor::block_on(store.ping()).unwrap();
    assert_eq!(connections(&server), 4);
    at_once(store.close()).unwrap();
    eventually("close lets go of all", || connections(&server) == 0);
    one.block_on(store.ping()).unwrap();
    at_once(store.blocking().unwrap().ping()).unwrap();
    drop(store);
    eventually("so does the store's end", || connections(&server) == 0);
}

#[test]
fn there_are_no_more_connections_than_allowed() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let mut config = config(&[&server], Duration::from_secs(5));
    config.max_connections = 3;
    let store = Arc::new(MemcachedStore::new(config).unwrap());
    let runtime = multi_thread();
    runtime.block_on(async {
        let tasks = (0..64).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..20 {
                    store.set("k", &[7; 50_000], None).await.unwrap();
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    assert!((1..=3).contains(&connections(&server)));
    at_once(store.close()).unwrap();
    eventually("they are gone", || connections(&server) == 0);
    let blocking = store.blocking().unwrap();
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| (0..20).for_each(|_| drop(at_once(blocking.get("k")).unwrap())));
        }
    });
    assert!((1..=3).contains(&connections(&server)));
}

#[test]
fn a_server_that_restarted_meanwhile_is_not_noticed() {
    let Some(mut server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let store = store(&[&server]);
    let runtime = current_thread();
    let blocking = store.blocking().unwrap();
    for _ in 0..3 {
        // Several idle connections, all of which will be dead.
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| at_once(blocking.ping()).unwrap());
            }
        });
        runtime.block_on(async { tokio::try_join!(store.ping(), store.ping()).unwrap() });
        server.restart();
        runtime.block_on(store.set("a", b"1", None)).unwrap();
        at_once(blocking.set("b", b"1", None)).unwrap();
        server.restart();
        // Not even by those that may not be sent twice.
        assert!(runtime.block_on(store.add("a", b"1", None)).unwrap());
        assert!(at_once(blocking.add("b", b"1", None)).unwrap());
    }
}

#[test]
fn a_server_that_comes_up_later_is_found() {
    let Some(mut server) = MemcachedServer::start_or_skip() else {
        return;
    };
    server.kill();
    let store = store(&[&server]);
    let runtime = current_thread();
    let blocking = store.blocking().unwrap();
    for _ in 0..3 {
        let refused = runtime.block_on(in_time(store.get("k"))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
        let refused = futures_executor::block_on(in_time(store.add("k", b"", None)));
        assert_eq!(refused.unwrap_err(), ErrorKind::Unavailable);
        let refused = at_once(in_time(blocking.get("k"))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
        let keys = ["k".to_owned()];
        let refused = at_once(in_time(blocking.get_many(&keys))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
    }
    server.restart();
    runtime.block_on(store.get("k")).unwrap();
    futures_executor::block_on(store.get("k")).unwrap();
    at_once(blocking.get("k")).unwrap();
}

#[test]
fn a_server_that_hangs_takes_no_longer_than_the_limit() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let store = store(&[&server]);
    let (one, two) = (current_thread(), multi_thread());
    let blocking = store.blocking().unwrap();
    one.block_on(store.ping()).unwrap();
    two.block_on(store.ping()).unwrap();
    at_once(blocking.ping()).unwrap();
    server.pause();
    // The first round meets live connections, the second must connect to a server that hangs.
    for _ in 0..2 {
        let items = [("a".to_owned(), vec![0; 1 << 20])];
        one.block_on(async {
            let (get, many, incr, ping) = tokio::join!(
                in_time(store.get("k")),
                in_time(store.set_many(&items, None)),
                in_time(store.incr("k", 1)),
                in_time(store.ping()),
            );
            assert_eq!(get, Err(ErrorKind::Timeout));
            assert_eq!(many, Err(ErrorKind::Timeout));
            assert_eq!(incr, Err(ErrorKind::Timeout));
            assert_eq!(ping, Err(ErrorKind::Timeout));
        });
        let clear = two.block_on(in_time(store.clear("k")));
        assert_eq!(clear, Err(ErrorKind::Timeout));
        let ping = futures_executor::block_on(in_time(store.ping()));
        assert_eq!(ping, Err(ErrorKind::Timeout));
        assert_eq!(at_once(in_time(blocking.get("k"))), Err(ErrorKind::Timeout));
        let many = at_once(in_time(blocking.set_many(&items, None)));
        assert_eq!(many, Err(ErrorKind::Timeout));
        let clear = at_once(in_time(blocking.clear("k")));
        assert_eq!(clear, Err(ErrorKind::Timeout));
    }
    server.resume();
    one.block_on(store.ping()).unwrap();
    two.block_on(store.ping()).unwrap();
    futures_executor::block_on(store.ping()).unwrap();
    at_once(blocking.ping()).unwrap();
}

#[test]
fn callers_may_give_up_at_any_point() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let store = store(&[&server]);
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            for round in 0..200_u64 {
                let key = format!("k{}", round % 3);
                let value = format!("{key}:{round}");
                in_time(store.set(&key, value.as_bytes(), None))
                    .await
                    .unwrap();
                let patience = Duration::from_micros(round * 2);
                let other = format!("k{}", (round + 1) % 3);
                let _ = tokio::time::timeout(patience, store.get(&other)).await;
                let _ = tokio::time::timeout(patience, store.incr(&other, 1)).await;
                let found = in_time(store.get(&key)).await.unwrap().unwrap();
                assert_eq!(found, value.as_bytes(), "answers go to those who asked");
            }
        });
    }
}

#[test]
fn a_server_that_talks_nonsense_is_left() {
    for speech in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "HD\r\nHD\r\nHD\r\n",
        "VA 5\r\nabcdefgh",
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            use std::io::{Read, Write};
            while let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(speech.as_bytes());
            }
        });
        let url = format!("memcached://127.0.0.1:{port}?op_timeout=30&connect_timeout=30");
        let cache = Cache::from_url(&url).unwrap();
        let error = cache.blocking().get::<String>("k").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{speech:?}: {error}");
        let run = current_thread().block_on(cache.get_or_set("k", 60, async || 7));
        assert_eq!(run.unwrap(), 7);
    }
}

/// What a call of the crowd may take: reading, running, and writing.
const MOST: Duration = OP_TIMEOUT.saturating_mul(2).saturating_add(SLACK);
/// How long a server hangs: who waited for it all that time would be seen.
const HANG: Duration = MOST.saturating_add(SLACK);

/// What the callers of one cache saw.
#[derive(Default)]
struct Crowd {
    stop: AtomicBool,
    runs: AtomicU64,
    calls: AtomicU64,
    /// In microseconds.
    slowest: AtomicU64,
}

impl Crowd {
    fn note(&self, start: Instant) {
        let took = start.elapsed().as_micros() as u64;
        self.slowest.fetch_max(took, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    async fn call(&self, cache: &Cache, caller: u64) {
        let mut round = 0;
        while !self.stop.load(Ordering::Relaxed) {
            round += 1;
            let number = (caller * 7 + round) % 40;
            let start = Instant::now();
            let run = async || {
                self.runs.fetch_add(1, Ordering::Relaxed);
                number
            };
            let got = cache.get_or_set(&format!("k{number}"), 60, run).await;
            assert_eq!(got.unwrap(), number, "no call fails");
            self.note(start);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Runs `disturb` while 16 tasks and 4 threads call; how many calls there were.
    fn outlive(servers: &[String], disturb: impl FnOnce(&Crowd)) -> u64 {
        let hosts = servers.join(",");
        let limit = OP_TIMEOUT.as_millis();
        let url = format!("memcached://{hosts}?op_timeout={limit}ms&key_prefix=crowd");
        let cache = Cache::from_url(&url).unwrap();
        let crowd = Arc::new(Self::default());
        let runtime = multi_thread();
        let tasks = (0..16).map(|caller| {
            let (cache, crowd) = (cache.clone(), Arc::clone(&crowd));
            runtime.spawn(async move { crowd.call(&cache, caller).await })
        });
        let tasks: Vec<_> = tasks.collect();
        let threads = (0..4).map(|caller| {
            let (cache, crowd) = (cache.blocking(), Arc::clone(&crowd));
            thread::spawn(move || {
                while !crowd.stop.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    let got = cache.get_or_set(&format!("t{caller}"), 60, || caller);
                    assert_eq!(got.unwrap(), caller, "no call fails");
                    crowd.note(start);
                    thread::sleep(Duration::from_millis(1));
                }
            })
        });
        let threads: Vec<_> = threads.collect();
        disturb(&crowd);
        crowd.stop.store(true, Ordering::Relaxed);
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let slowest = Duration::from_micros(crowd.slowest.load(Ordering::Relaxed));
        println!("slowest {slowest:?}");
        assert!(slowest <= MOST, "a call took {slowest:?}");
        crowd.calls.load(Ordering::Relaxed)
    }

    /// Waits until calls are answered from the cache.
    fn is_cached_again(&self) {
        let count = || {
            let runs = self.runs.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(100));
            self.runs.load(Ordering::Relaxed) - runs
        };
        eventually("calls are answered from the cache", || count() == 0);
    }
}

#[test]
fn a_crowd_outlives_one_server_that_is_killed_and_restarted() {
    let Some(mut server) = MemcachedServer::start_or_skip() else {
        return;
    };
    Crowd::outlive(&[server.address()], |crowd| {
        for _ in 0..3 {
            crowd.is_cached_again();
            server.kill();
            thread::sleep(Duration::from_millis(300));
            server.restart();
        }
        crowd.is_cached_again();
    });
}

#[test]
fn a_crowd_outlives_one_server_that_hangs() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    Crowd::outlive(&[server.address()], |crowd| {
        for _ in 0..2 {
            crowd.is_cached_again();
            server.pause();
            thread::sleep(HANG);
            server.resume();
        }
        crowd.is_cached_again();
    });
}

#[test]
fn a_crowd_outlives_one_of_three_servers() {
    let Some(mut servers) = start(3) else { return };
    let addresses: Vec<_> = servers.iter().map(MemcachedServer::address).collect();
    let calls = Crowd::outlive(&addresses, |crowd| {
        for server in &mut servers {
            crowd.is_cached_again();
            server.kill();
            thread::sleep(Duration::from_millis(300));
            crowd.is_cached_again();
            server.restart();
            crowd.is_cached_again();
            server.pause();
            thread::sleep(HANG);
            crowd.is_cached_again();
            server.resume();
        }
    });
    println!("{calls} calls");
}

#[test]
fn a_lost_server_costs_its_share_of_the_keys_and_is_used_again() {
    let Some(mut servers) = start(3) else { return };
    // A busy machine is not what is tested here: a server that is slow would cost its share too.
    let config = config(&all(&servers), Duration::from_secs(10));
    let store = MemcachedStore::new(config).unwrap();
    let keys: Vec<_> = (0..3000).map(|n| format!("key:{n}")).collect();
    let items: Vec<_> = keys
        .iter()
        .map(|key| (key.clone(), b"1".to_vec()))
        .collect();
    let runtime = current_thread();
    runtime.block_on(async {
        assert!(store.set_many(&items, None).await.unwrap().is_empty());
        let share: Vec<_> = servers
            .iter()
            .map(|server| server.stat("curr_items"))
            .collect();
        assert_eq!(share.iter().sum::<u64>(), 3000);
        assert!(share.iter().all(|share| *share > 800), "{share:?}");

        servers[1].kill();
        // One by one, so that the first finds out.
        let mut misses = 0;
        for key in &keys {
            misses += u64::from(store.get(key).await.unwrap().is_none());
        }
        assert_eq!(misses, share[1], "its share, and no error");

        // Caching goes on.
        assert!(store.set_many(&items, None).await.unwrap().is_empty());
        let values = store.get_many(&keys).await.unwrap();
        assert!(values.iter().all(Option::is_some));

        servers[1].restart();
        eventually("it is used again", || {
            let key = keys
                .iter()
                .map(|key| at_once(store.blocking().unwrap().get(key)));
            key.for_each(|value| drop(value.unwrap()));
            servers[1].stat("cmd_get") > 0
        });
        let values = store.get_many(&keys).await.unwrap();
        let misses = values.iter().filter(|value| value.is_none()).count();
        assert_eq!(misses as u64, share[1], "it came back empty");
        assert!(store.set_many(&items, None).await.unwrap().is_empty());
        assert_eq!(servers[1].stat("curr_items"), share[1]);
    });
}

#[test]
fn no_caller_notices_that_a_server_of_several_is_lost() {
    let Some(mut servers) = start(3) else { return };
    let keys: Vec<_> = (0..60).map(|n| format!("key:{n}")).collect();
    let items: Vec<_> = keys
        .iter()
        .map(|key| (key.clone(), b"1".to_vec()))
        .collect();
    // Each of them is the first that meets the lost server once.
    let check = async |store: &dyn Store, what: usize| match what {
        0 => drop(in_time(store.set_many(&items, None)).await.unwrap()),
        1 => drop(in_time(store.get_many(&keys)).await.unwrap()),
        2 => drop(in_time(store.delete_many(&keys)).await.unwrap()),
        _ => {
            for key in &keys {
                match what {
                    3 => drop(in_time(store.get(key)).await.unwrap()),
                    4 => drop(in_time(store.touch(key, None)).await.unwrap()),
                    5 => drop(in_time(store.delete(key)).await.unwrap()),
                    _ => in_time(store.set(key, b"1", None)).await.unwrap(),
                }
            }
        }
    };
    for (round, hangs) in [false, true].into_iter().cycle().take(14).enumerate() {
        for blocking in [false, true] {
            // One that hangs has half of it, and one that is merely slow has the rest.
            let config = config(&all(&servers), Duration::from_secs(2));
            let store = MemcachedStore::new(config).unwrap();
            let runtime = current_thread();
            let blocked = store.blocking().unwrap();
            if blocking {
                at_once(blocked.set_many(&items, None)).unwrap();
            } else {
                runtime.block_on(store.set_many(&items, None)).unwrap();
            }
            if hangs {
                servers[2].pause();
            } else {
                servers[2].kill();
            }
            if blocking {
                at_once(check(blocked, round / 2));
            } else {
                runtime.block_on(check(&store, round / 2));
            }
            let error = at_once(blocked.ping()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Store, "others answer: {error}");
            assert!(error.to_string().contains(&servers[2].address()), "{error}");
            if hangs {
                servers[2].resume();
            } else {
                servers[2].restart();
            }
        }
    }
    let store = store(&all(&servers));
    servers.iter_mut().for_each(MemcachedServer::kill);
    let error = at_once(in_time(store.blocking().unwrap().get("k")));
    assert_eq!(error, Err(ErrorKind::Unavailable), "all are lost");
    let error = current_thread().block_on(in_time(store.ping()));
    assert_eq!(error, Err(ErrorKind::Unavailable));
    servers[0].restart();
    let found = at_once(in_time(store.blocking().unwrap().get("k")));
    assert_eq!(found, Ok(None), "one is enough");
}
