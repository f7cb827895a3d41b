//! The Redis store's time limits: servers that hang, callers that give up, pools that are full.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod redis_callers;

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use cache_runtime::stores::redis::{RedisConfig, RedisStore};
use cache_runtime::{ErrorKind, Store};
use cache_tests::redis_server::RedisServer;
use redis_callers::{
    answers, at_once, config, connections, current_thread, in_time, in_time_of, multi_thread,
    patient, patient_store, poll_once, store,
};

#[test]
fn a_server_that_hangs_takes_no_longer_than_the_limit() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    let (one, two) = (current_thread(), multi_thread());
    let blocking = store.blocking().unwrap();
    answers(|| one.block_on(store.ping()));
    answers(|| two.block_on(store.ping()));
    answers(|| at_once(blocking.ping()));
    server.pause();
    // The first round meets live connections, the second must connect to a server that hangs.
    for _ in 0..2 {
        let items = [("a".to_owned(), vec![0; 1 << 20])];
        one.block_on(async {
            let (get, many, clear) = tokio::join!(
                in_time(store.get("k")),
                in_time(store.set_many(&items, None)),
                in_time(store.clear("k")),
            );
            assert_eq!(get, Err(ErrorKind::Timeout));
            assert_eq!(many, Err(ErrorKind::Timeout));
            assert_eq!(clear, Err(ErrorKind::Timeout));
        });
        assert_eq!(
            two.block_on(in_time(store.incr("k", 1))),
            Err(ErrorKind::Timeout)
        );
        assert_eq!(
            futures_executor::block_on(in_time(store.ping())),
            Err(ErrorKind::Timeout)
        );
        assert_eq!(at_once(in_time(blocking.get("k"))), Err(ErrorKind::Timeout));
    }
    server.resume();
    answers(|| one.block_on(store.ping()));
    answers(|| two.block_on(store.ping()));
    answers(|| futures_executor::block_on(store.ping()));
    answers(|| at_once(blocking.ping()));
}

#[test]
fn requests_do_not_pile_up_at_a_server_that_hangs() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    // Callers give up long before the operation's own limit, so that nobody sees a timeout.
    let store = patient_store(&server);
    let value = vec![0; 1024];
    let runtime = current_thread();
    runtime.block_on(async {
        store.ping().await.unwrap();
        server.pause();
        for _ in 0..5000 {
            let mut call = store.set("k", &value, None);
            for _ in 0..4 {
                assert!(poll_once(call.as_mut()).await.is_none());
                tokio::task::yield_now().await;
            }
        }
        server.resume();
        store.ping().await.unwrap();
    });
    let sets = sets(&server);
    assert!(sets <= 130, "{sets} abandoned requests reached the server");
}

/// How many SET commands the server ran.
fn sets(server: &RedisServer) -> usize {
    let stats = server.command(&["INFO", "commandstats"]);
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_set:calls="));
    line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[test]
fn after_a_timeout_nothing_more_is_sent_until_the_server_answers() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    let runtime = current_thread();
    answers(|| runtime.block_on(store.ping()));
    server.pause();
    runtime.block_on(async {
        for _ in 0..4 {
            let mut calls = (0..16)
                .map(|_| store.set("k", b"v", None))
                .collect::<Vec<_>>();
            for call in &mut calls {
                assert!(poll_once(call.as_mut()).await.is_none());
            }
            for call in calls {
                assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Timeout);
            }
        }
    });
    server.resume();
    answers(|| runtime.block_on(store.ping()));
    let sets = sets(&server);
    assert!(sets <= 16, "{sets} requests reached the server");
}

#[test]
fn callers_may_give_up_at_any_point() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            for polls in 0..12 {
                // A new store each time: the first callers give up while it connects.
                let store = patient_store(&server);
                for round in 0..40 {
                    if round % 10 == 9 {
                        store.close().await.unwrap();
                    }
                    let items = [("a".to_owned(), vec![0; 1 << 16])];
                    let mut get = store.get("k");
                    let mut many = store.set_many(&items, None);
                    let mut keys = store.keys("", "*");
                    for _ in 0..polls {
                        let done = poll_once(get.as_mut()).await.is_some()
                            | poll_once(many.as_mut()).await.is_some()
                            | poll_once(keys.as_mut()).await.is_some();
                        if done {
                            break;
                        }
                        tokio::task::yield_now().await;
                    }
                }
                let value = format!("{polls}");
                store.set("k", value.as_bytes(), None).await.unwrap();
                let found = store.get("k").await.unwrap().unwrap();
                assert_eq!(found, value.as_bytes(), "answers go to those who asked");
            }
        });
    }
    // On an executor that is not tokio's, too.
    let store = patient_store(&server);
    for _ in 0..50 {
        let waker = Waker::noop();
        let _ = store
            .get("k")
            .as_mut()
            .poll(&mut Context::from_waker(waker));
    }
    futures_executor::block_on(store.get("k")).unwrap();
}

/// A server that accepts connections and never says a word; and how many it accepted.
fn silent_server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    thread::spawn(move || {
        let mut streams = Vec::new();
        while let Ok((stream, _)) = listener.accept() {
            streams.push(stream);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, accepted)
}

#[test]
fn callers_share_one_attempt_to_connect() {
    let (port, accepted) = silent_server();
    let store = Arc::new(RedisStore::new(config(port)).unwrap());
    multi_thread().block_on(async {
        let calls = (0..64).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { in_time(store.get("k")).await })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap(), Err(ErrorKind::Timeout));
        }
    });
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}

#[test]
fn connecting_has_a_limit_of_its_own() {
    let (port, _) = silent_server();
    let config = RedisConfig {
        connect_timeout: Duration::from_millis(50),
        op_timeout: Duration::from_secs(20),
        ..config(port)
    };
    let store = RedisStore::new(config).unwrap();
    let kind = current_thread()
        .block_on(in_time(store.get("k")))
        .unwrap_err();
    assert_eq!(kind, ErrorKind::Timeout);
    let kind = at_once(in_time(store.blocking().unwrap().get("k"))).unwrap_err();
    assert_eq!(kind, ErrorKind::Timeout);
}

#[test]
fn an_impatient_caller_gets_a_connection_in_the_end() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = patient_store(&server);
    let runtime = current_thread();
    runtime.block_on(async {
        // Begins to connect, and leaves.
        assert!(poll_once(store.get("k").as_mut()).await.is_none());
        // The attempt goes on without its caller.
        let connected = async {
            while connections(&server) != 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), connected)
            .await
            .unwrap();
    });
}

#[test]
fn a_caller_who_joined_an_old_attempt_gets_one_of_its_own() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let config = RedisConfig {
        connect_timeout: Duration::from_secs(1),
        ..patient(server.port())
    };
    let store = RedisStore::new(config).unwrap();
    server.pause();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(1500));
            server.resume();
        });
        current_thread().block_on(async {
            assert!(poll_once(store.get("k").as_mut()).await.is_none());
            tokio::time::sleep(Duration::from_millis(500)).await;
            // The old attempt fails 500 ms from now, and the server is back 500 ms later.
            store.get("k").await.unwrap();
        });
    });
}

/// A server that reads nothing. It answers `+OK`: to the greeting, and then so many times, once
/// each 100 ms.
fn slow_server(answers: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                stream.write_all(b"+OK\r\n+OK\r\n").unwrap();
                for _ in 0..answers {
                    thread::sleep(Duration::from_millis(100));
                    // The client may have left.
                    let _ = stream.write_all(b"+OK\r\n");
                }
                thread::sleep(Duration::from_secs(60));
            });
        }
    });
    port
}

#[test]
fn a_server_that_reads_nothing_does_not_stretch_the_limit() {
    let store = RedisStore::new(config(slow_server(0))).unwrap();
    // More than the buffers of a socket hold, so that writing has to wait.
    let large = vec![0; 32 << 20];
    let outcome = current_thread().block_on(in_time(store.set("k", &large, None)));
    assert_eq!(outcome, Err(ErrorKind::Timeout));
    let outcome = at_once(in_time(store.blocking().unwrap().set("k", &large, None)));
    assert_eq!(outcome, Err(ErrorKind::Timeout));
}

#[test]
fn answers_that_drip_do_not_stretch_the_limit() {
    let store = RedisStore::new(config(slow_server(2))).unwrap();
    let items = (0..20).map(|n| (format!("k{n}"), b"v".to_vec()));
    let items = items.collect::<Vec<_>>();
    let outcome = current_thread().block_on(in_time(store.set_many(&items, None)));
    assert_eq!(outcome, Err(ErrorKind::Timeout));
    let outcome = at_once(in_time(store.blocking().unwrap().set_many(&items, None)));
    assert_eq!(outcome, Err(ErrorKind::Timeout));
}

#[test]
fn a_hurry_does_not_stick_to_the_connection() {
    const LIMIT: Duration = Duration::from_secs(3);
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let config = RedisConfig {
        max_connections: 1,
        op_timeout: LIMIT,
        ..patient(server.port())
    };
    let store = RedisStore::new(config).unwrap();
    let blocking = store.blocking().unwrap();
    let frozen_for = |time, callers| {
        server.pause();
        thread::scope(|scope| {
            for _ in 0..callers {
                scope.spawn(move || at_once(in_time_of(LIMIT, blocking.ping())).unwrap());
            }
            thread::sleep(time);
            server.resume();
        });
    };
    at_once(blocking.ping()).unwrap();
    // The second of two callers waits for the connection, and is in a hurry then.
    frozen_for(Duration::from_millis(2200), 2);
    frozen_for(Duration::from_millis(1800), 1);
}

#[test]
fn a_full_pool_makes_callers_wait_and_then_fail() {
    const LIMIT: Duration = Duration::from_secs(3);
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let config = RedisConfig {
        max_connections: 2,
        op_timeout: LIMIT,
        ..patient(server.port())
    };
    let store = RedisStore::new(config).unwrap();
    let blocking = store.blocking().unwrap();
    let crowd = |expected: Result<(), ErrorKind>| {
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(move || {
                    let outcome = at_once(in_time_of(LIMIT, blocking.ping()));
                    assert_eq!(outcome, expected);
                });
            }
        });
    };
    crowd(Ok(()));
    assert!(connections(&server) <= 2);
    server.pause();
    crowd(Err(ErrorKind::Timeout));
    server.resume();
    crowd(Ok(()));
    assert!(connections(&server) <= 2);
}
