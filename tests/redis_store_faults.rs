//! The Redis store when servers die, hang and come back, runtimes come and go, callers give up.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

use std::future::{Future, poll_fn};
use std::net::TcpListener;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
use cache_runtime::{CacheError, ErrorKind, Store};
use cache_tests::redis_server::RedisServer;
use tokio::runtime::{Builder, Runtime};

/// What a busy machine may add to a time limit.
const SLACK: Duration = Duration::from_millis(100);
const OP_TIMEOUT: Duration = Duration::from_millis(300);

fn config(port: u16) -> RedisConfig {
    RedisConfig {
        op_timeout: OP_TIMEOUT,
        ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", port))
    }
}

fn store(server: &RedisServer) -> Arc<RedisStore> {
    Arc::new(RedisStore::new(config(server.port())).unwrap())
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a blocking store must be ready at the first poll"),
    }
}

/// The outcome of a call, which must not take longer than it may.
async fn in_time<T>(call: impl Future<Output = Result<T, CacheError>>) -> Result<T, ErrorKind> {
    let start = Instant::now();
    let outcome = call.await;
    let took = start.elapsed();
    assert!(took <= OP_TIMEOUT + SLACK, "took {took:?}");
    outcome.map_err(|error| error.kind())
}

/// How many connections the server has, without the one that asks.
fn connections(server: &RedisServer) -> usize {
    server.command(&["CLIENT", "LIST"]).trim().lines().count() - 1
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(3), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn each_runtime_has_its_own_connection() {
    static STORE: OnceLock<Arc<RedisStore>> = OnceLock::new();
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = STORE.get_or_init(|| store(&server));
    for round in 0..50 {
        for runtime in [current_thread(), multi_thread()] {
            runtime.block_on(async {
                let value = [round];
                store.set("k", &value, None).await.unwrap();
                let spawned = tokio::spawn(store.get("k")).await.unwrap();
                assert_eq!(spawned.unwrap().unwrap(), value);
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
    let known = || format!("{store:?}").matches("Known {").count();
    eventually("nothing is remembered of runtimes that are gone", || {
        known() == 2
    });
}

#[test]
fn a_dropped_store_closes_its_connections() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    let runtime = multi_thread();
    runtime.block_on(store.ping()).unwrap();
    at_once(store.blocking().unwrap().ping()).unwrap();
    futures_executor::block_on(store.ping()).unwrap();
    assert_eq!(connections(&server), 3);
    drop(store);
    eventually("no connection is left", || connections(&server) == 0);
    eventually("no task is left", || {
        runtime.metrics().num_alive_tasks() == 0
    });
}

#[test]
fn close_lets_go_of_all_connections() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    let runtime = multi_thread();
    for _ in 0..2 {
        runtime.block_on(store.ping()).unwrap();
        at_once(store.blocking().unwrap().ping()).unwrap();
        assert_eq!(connections(&server), 2);
        at_once(store.close()).unwrap();
        eventually("no connection is left", || connections(&server) == 0);
    }
}

#[test]
fn a_server_that_restarted_meanwhile_is_not_noticed() {
    let Some(mut server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    let runtime = current_thread();
    let blocking = store.blocking().unwrap();
    // Several idle connections in the pool, all of which will be dead.
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| at_once(blocking.ping()).unwrap());
        }
    });
    runtime.block_on(store.ping()).unwrap();
    server.restart();
    runtime.block_on(store.set("a", b"1", None)).unwrap();
    at_once(blocking.set("b", b"1", None)).unwrap();
    // What may not be sent twice fails instead; nothing is counted twice.
    server.restart();
    assert_eq!(server.command(&["MSET", "a", "1", "b", "1"]), "OK");
    let failed = runtime.block_on(store.incr("a", 1)).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Unavailable, "{failed}");
    let failed = at_once(blocking.add("b", b"2", None)).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Unavailable, "{failed}");
    assert_eq!(runtime.block_on(store.incr("a", 1)).unwrap(), Some(2));
    assert!(!at_once(blocking.add("b", b"2", None)).unwrap());
}

#[test]
fn a_server_that_comes_up_later_is_found() {
    let Some(mut server) = RedisServer::start_or_skip() else {
        return;
    };
    server.kill();
    let store = store(&server);
    let runtime = current_thread();
    let blocking = store.blocking().unwrap();
    for _ in 0..3 {
        let refused = runtime.block_on(in_time(store.get("k"))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
        let refused = futures_executor::block_on(in_time(store.get("k"))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
        let refused = at_once(in_time(blocking.get("k"))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
    }
    server.restart();
    runtime.block_on(store.get("k")).unwrap();
    futures_executor::block_on(store.get("k")).unwrap();
    at_once(blocking.get("k")).unwrap();
}

/// What 64 callers saw: how many calls went well since the server came back.
struct Crowd {
    stop: AtomicBool,
    back: AtomicBool,
    well: AtomicUsize,
}

impl Crowd {
    async fn call(&self, store: &dyn Store, caller: usize) {
        let key = format!("k{}", caller % 8);
        while !self.stop.load(Ordering::Relaxed) {
            let back = self.back.load(Ordering::Relaxed);
            let outcome = match caller % 3 {
                0 => in_time(store.set(&key, b"1", None)).await,
                1 => in_time(store.incr(&key, 1)).await.map(drop),
                _ => in_time(store.get(&key)).await.map(drop),
            };
            match outcome {
                Ok(()) if back => drop(self.well.fetch_add(1, Ordering::Relaxed)),
                Ok(()) => {}
                Err(ErrorKind::Unavailable | ErrorKind::Timeout) => {}
                Err(other) => panic!("{other:?}"),
            }
            if outcome.is_err() {
                tokio_or_thread_pause(store).await;
            }
        }
    }

    /// Kills and restarts the server under the callers that `start` starts.
    fn outlive(server: &mut RedisServer, start: impl FnOnce(Arc<Crowd>) -> Box<dyn FnOnce()>) {
        let crowd = Arc::new(Crowd {
            stop: AtomicBool::new(false),
            back: AtomicBool::new(false),
            well: AtomicUsize::new(0),
        });
        let join = start(Arc::clone(&crowd));
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(50));
            crowd.back.store(false, Ordering::Relaxed);
            server.kill();
            thread::sleep(Duration::from_millis(50));
            server.restart();
            crowd.well.store(0, Ordering::Relaxed);
            crowd.back.store(true, Ordering::Relaxed);
            eventually("calls go well again", || {
                crowd.well.load(Ordering::Relaxed) > 640
            });
        }
        crowd.stop.store(true, Ordering::Relaxed);
        join();
    }
}

/// A caller that failed does not try again at once.
async fn tokio_or_thread_pause(store: &dyn Store) {
    if store.blocking().is_some() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    } else {
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn sixty_four_tasks_outlive_the_server() {
    let Some(mut server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    let runtime = multi_thread();
    Crowd::outlive(&mut server, |crowd| {
        let tasks = (0..64).map(|caller| {
            let (store, crowd) = (Arc::clone(&store), Arc::clone(&crowd));
            runtime.spawn(async move { crowd.call(&*store, caller).await })
        });
        let tasks = tasks.collect::<Vec<_>>();
        Box::new(move || {
            for task in tasks {
                runtime.block_on(task).unwrap();
            }
        })
    });
    assert_eq!(connections(&server), 0, "the runtime is gone");
}

#[test]
fn sixty_four_threads_outlive_the_server() {
    let Some(mut server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    Crowd::outlive(&mut server, |crowd| {
        let threads = (0..64).map(|caller| {
            let (store, crowd) = (Arc::clone(&store), Arc::clone(&crowd));
            thread::spawn(move || at_once(crowd.call(store.blocking().unwrap(), caller)))
        });
        let threads = threads.collect::<Vec<_>>();
        Box::new(move || {
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap())
        })
    });
    assert!(connections(&server) <= 32, "the pool has its limit");
}

#[test]
fn a_server_that_hangs_takes_no_longer_than_the_limit() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
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
        assert_eq!(
            at_once(in_time(blocking.set_many(&items, None))),
            Err(ErrorKind::Timeout)
        );
    }
    server.resume();
    one.block_on(store.ping()).unwrap();
    two.block_on(store.ping()).unwrap();
    futures_executor::block_on(store.ping()).unwrap();
    at_once(blocking.ping()).unwrap();
}

#[test]
fn requests_do_not_pile_up_at_a_server_that_hangs() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    // Callers give up long before the operation's own limit, so that nobody sees a timeout.
    let config = RedisConfig {
        op_timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(20),
        ..config(server.port())
    };
    let store = RedisStore::new(config).unwrap();
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
    current_thread().block_on(async {
        store.ping().await.unwrap();
        server.pause();
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
        server.resume();
        store.ping().await.unwrap();
    });
    let sets = sets(&server);
    assert!(sets <= 16, "{sets} requests reached the server");
}

/// Polls once, for good measure with the task's own waker.
async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
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
                let store = store(&server);
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
                in_time(store.set("k", value.as_bytes(), None))
                    .await
                    .unwrap();
                let found = in_time(store.get("k")).await.unwrap().unwrap();
                assert_eq!(found, value.as_bytes(), "answers go to those who asked");
            }
        });
    }
    // On an executor that is not tokio's, too.
    let store = store(&server);
    for _ in 0..50 {
        let waker = Waker::noop();
        let _ = store
            .get("k")
            .as_mut()
            .poll(&mut Context::from_waker(waker));
    }
    futures_executor::block_on(in_time(store.get("k"))).unwrap();
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
    let store = store(&server);
    let runtime = current_thread();
    runtime.block_on(async {
        // Begins to connect, and leaves.
        assert!(poll_once(store.get("k").as_mut()).await.is_none());
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(
            connections(&server),
            1,
            "the attempt went on without its caller"
        );
    });
}

#[test]
fn a_full_pool_makes_callers_wait_and_then_fail() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let config = RedisConfig {
        max_connections: 2,
        ..config(server.port())
    };
    let store = RedisStore::new(config).unwrap();
    let blocking = store.blocking().unwrap();
    let crowd = |expected: Result<(), ErrorKind>| {
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(move || assert_eq!(at_once(in_time(blocking.ping())), expected));
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

#[test]
fn a_runtime_without_timers_is_served_too() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(&server);
    let bare = Builder::new_current_thread().build().unwrap();
    for _ in 0..2 {
        bare.block_on(store.set("k", b"v", None)).unwrap();
        assert_eq!(bare.block_on(store.get("k")).unwrap().unwrap(), b"v");
    }
}
