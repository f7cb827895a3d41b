//! The Redis store when servers die and come back, and runtimes come and go.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod redis_callers;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use cache_runtime::stores::redis::RedisStore;
use cache_runtime::{ErrorKind, Store};
use cache_tests::redis_server::RedisServer;
use redis_callers::{
    answers, at_once, connections, current_thread, eventually, in_time, multi_thread,
    patient_store, store,
};
use tokio::runtime::Builder;

#[test]
fn each_runtime_has_its_own_connection() {
    static STORE: OnceLock<Arc<RedisStore>> = OnceLock::new();
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = STORE.get_or_init(|| patient_store(&server));
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
    eventually("nothing is remembered of runtimes that are gone", || {
        format!("{store:?}").contains("known: 2")
    });
}

#[test]
fn a_dropped_store_closes_its_connections() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = patient_store(&server);
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
    let store = patient_store(&server);
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
    let store = patient_store(&server);
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
    let store = patient_store(&server);
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
fn a_runtime_without_timers_is_served_too() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = patient_store(&server);
    let bare = Builder::new_current_thread().build().unwrap();
    for _ in 0..2 {
        bare.block_on(store.set("k", b"v", None)).unwrap();
        assert_eq!(bare.block_on(store.get("k")).unwrap().unwrap(), b"v");
    }
}

#[test]
fn a_task_that_blocks_its_thread_does_not_hold_up_the_limits_of_others() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store: &'static RedisStore = Box::leak(Box::new(store(&server)));
    let runtime = Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap();
    answers(|| runtime.block_on(store.ping()));
    let took = runtime.block_on(async {
        // No alarm is set any more: the next request has to wake who sets one.
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let (end, ended) = mpsc::channel::<()>();
        let blocking = tokio::spawn(async move {
            let block = async move { ended.recv_timeout(Duration::from_secs(10)) };
            let _ = futures::join!(store.get("one"), block);
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let other = tokio::spawn(async {
            let start = std::time::Instant::now();
            let _ = store.get("another").await;
            start.elapsed()
        });
        let took = other.await.unwrap();
        drop(end);
        blocking.await.unwrap();
        took
    });
    assert!(took < Duration::from_secs(5), "{took:?}");
}
