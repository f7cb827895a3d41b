//! The store when some of the nodes are dead, hang, or are not there yet.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::redis::{RedisAddress, RedisClusterStore, RedisConfig};
use cache_runtime::{ErrorKind, Store};
use cache_tests::redis_cluster::RedisCluster;
use futures_executor::block_on as wait;

use crate::redis_callers::{
    at_once, config, current_thread, eventually, in_time, in_time_of, patient,
};

/// The cluster goes on with a part of the slots.
const IN_PARTS: [&str; 2] = ["--cluster-require-full-coverage", "no"];

/// A store whose seeds are all nodes.
fn store(cluster: &RedisCluster, config: fn(u16) -> RedisConfig) -> Arc<RedisClusterStore> {
    let ports = cluster.nodes().iter().map(|node| node.port());
    let more = ports
        .skip(1)
        .map(|port| RedisAddress::tcp("127.0.0.1", port));
    let config = config(cluster.node(0).port());
    Arc::new(RedisClusterStore::cluster(config, more.collect()).unwrap())
}

/// Runs `check` for a caller that awaits, on two executors, and one that blocks.
fn for_each_caller(store: &RedisClusterStore, check: impl AsyncFn(&dyn Store)) {
    current_thread().block_on(check(store));
    wait(check(store));
    at_once(check(store.blocking().unwrap()));
}

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("key:{n}")).collect()
}

fn items(keys: &[String]) -> Vec<(String, Vec<u8>)> {
    keys.iter()
        .map(|key| (key.clone(), b"v".to_vec()))
        .collect()
}

/// Which of the keys the node has.
fn of_node(cluster: &RedisCluster, keys: &[String], node: usize) -> Vec<bool> {
    keys.iter().map(|key| cluster.owner(key) == node).collect()
}

#[test]
fn a_dead_node_takes_its_share_alone() {
    let Some(mut cluster) = RedisCluster::start_or_skip(3, 0, &IN_PARTS) else {
        return;
    };
    let store = store(&cluster, patient);
    let keys = keys(60);
    let is_lost = of_node(&cluster, &keys, 1);
    let lost: Vec<usize> = (0..60).filter(|n| is_lost[*n]).collect();
    let lost_keys: Vec<String> = lost.iter().map(|n| keys[*n].clone()).collect();
    for_each_caller(&store, async |store| store.ping().await.unwrap());
    cluster.kill(1);
    for_each_caller(&store, async |store| {
        for _ in 0..3 {
            let failed = in_time(store.set_many(&items(&keys), None)).await;
            assert_eq!(failed, Ok(lost.clone()));
            let values = in_time(store.get_many(&keys)).await.unwrap();
            for (value, is_lost) in values.iter().zip(&is_lost) {
                assert_eq!(value.is_some(), !is_lost);
            }
            for (key, is_lost) in keys.iter().zip(&is_lost) {
                let outcome = store.get(key).await;
                assert_eq!(outcome.is_err(), *is_lost, "{key}: {outcome:?}");
                assert!(outcome.is_ok() || outcome.unwrap_err().is_partial());
            }
        }
        // Where nothing was done, or something is left undone, it is said.
        for error in [
            store.get_many(&lost_keys).await.unwrap_err(),
            store.set_many(&items(&lost_keys), None).await.unwrap_err(),
            store.delete_many(&keys).await.unwrap_err(),
            store.keys("key:", "*").await.unwrap_err(),
            store.clear("other:").await.unwrap_err(),
            store.ping().await.unwrap_err(),
        ] {
            assert!(error.is_retryable() && error.is_partial(), "{error}");
        }
        let values = store.get_many(&keys).await.unwrap();
        assert!(values.iter().all(Option::is_none), "the others are deleted");
        store.set_many(&items(&keys), None).await.unwrap();
        store.clear("key:").await.unwrap_err();
        let values = store.get_many(&keys).await.unwrap();
        assert!(values.iter().all(Option::is_none), "the others are cleared");
    });
    cluster.restart(1);
    cluster.wait_until_ok();
    for_each_caller(&store, async |store| {
        // The longest pause of its breaker.
        let start = Instant::now();
        while in_time(store.set_many(&items(&keys), None)).await != Ok(Vec::new()) {
            assert!(start.elapsed() < Duration::from_secs(20), "it is back");
            thread::sleep(Duration::from_millis(10));
        }
        store.ping().await.unwrap();
        assert_eq!(store.keys("key:", "*").await.unwrap().len(), 60);
        assert_eq!(store.delete_many(&keys).await.unwrap(), 60);
    });
}

#[test]
fn a_node_that_hangs_holds_up_nobody_for_long() {
    const LIMIT: Duration = Duration::from_secs(1);
    let config = |port| RedisConfig {
        op_timeout: LIMIT,
        ..config(port)
    };
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &IN_PARTS) else {
        return;
    };
    let mut keys = keys(60);
    // Its own first: then its request goes out before the others, and its reply is waited for first.
    keys.sort_by_key(|key| cluster.owner(key) != 1);
    let is_lost = of_node(&cluster, &keys, 1);
    let living = keys.last().unwrap().as_str();
    wait(store(&cluster, patient).set_many(&items(&keys), None)).unwrap();
    // With connections, and with none yet.
    for has_connections in [true, false] {
        let store = store(&cluster, config);
        let stores: [(&str, &dyn Store); 2] =
            [("async", &*store), ("blocking", store.blocking().unwrap())];
        for (name, store) in stores {
            println!("{name}, connections: {has_connections}");
            wait(store.get(living)).unwrap();
            if has_connections {
                wait(store.ping()).unwrap();
            }
            cluster.node(1).pause();
            let mut slow = 0;
            for _ in 0..3 {
                let start = Instant::now();
                let values = wait(in_time_of(LIMIT, store.get_many(&keys)));
                for (value, is_lost) in values.unwrap().iter().zip(&is_lost) {
                    assert_eq!(value.is_some(), !is_lost, "the others answer");
                }
                slow += usize::from(start.elapsed() > LIMIT / 3);
                for (key, is_lost) in keys.iter().zip(&is_lost) {
                    let start = Instant::now();
                    let value = wait(in_time_of(LIMIT, store.get(key)));
                    assert_eq!(value.is_err(), *is_lost, "{key}: {value:?}");
                    slow += usize::from(*is_lost && start.elapsed() > LIMIT / 3);
                }
            }
            cluster.node(1).resume();
            assert!((1..=5).contains(&slow), "{slow} calls waited for the node");
            cluster.wait_until_ok();
            eventually("it is back", || wait(store.ping()).is_ok());
        }
    }
}

#[test]
fn a_cluster_that_comes_up_later_is_found() {
    let Some(mut cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let store = store(&cluster, patient);
    (0..3).for_each(|at| cluster.kill(at));
    for _ in 0..3 {
        for_each_caller(&store, async |store| {
            for outcome in [
                store.get("k").await.map(drop),
                store.set_many(&items(&keys(5)), None).await.map(drop),
                store.keys("", "*").await.map(drop),
                store.ping().await,
            ] {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                assert!(!error.is_partial(), "it is the whole: {error}");
            }
        });
    }
    (0..3).for_each(|at| cluster.restart(at));
    cluster.wait_until_ok();
    for_each_caller(&store, async |store| {
        store.set("k", b"v", None).await.unwrap();
        assert!(store.get("k").await.unwrap().is_some());
        store.ping().await.unwrap();
    });
}

#[test]
fn seeds_that_hang_hold_up_nobody_for_long() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &IN_PARTS) else {
        return;
    };
    let home = (0..)
        .map(|n| format!("k{n}"))
        .find(|key| cluster.owner(key) == 2);
    let home = home.unwrap();
    cluster.node(0).pause();
    cluster.node(1).pause();
    for_each_caller(&store(&cluster, patient), async |store| {
        let set = store.set(&home, b"v", None);
        in_time_of(Duration::from_secs(1), set).await.unwrap();
    });
    // Nor do all of them.
    cluster.node(2).pause();
    for_each_caller(&store(&cluster, config), async |store| {
        let outcome = in_time(store.get(&home)).await;
        assert_eq!(outcome, Err(ErrorKind::Timeout));
        let outcome = in_time(store.get_many(&keys(50))).await;
        assert_eq!(outcome, Err(ErrorKind::Timeout));
        assert_eq!(in_time(store.ping()).await, Err(ErrorKind::Timeout));
    });
    (0..3).for_each(|at| cluster.node(at).resume());
}

#[test]
fn the_map_outlives_the_seed_that_gave_it() {
    let Some(mut cluster) = RedisCluster::start_or_skip(3, 0, &IN_PARTS) else {
        return;
    };
    let seed = patient(cluster.node(0).port());
    let store = RedisClusterStore::cluster(seed, Vec::new()).unwrap();
    let runtime = current_thread();
    let keys = keys(30);
    runtime
        .block_on(store.set_many(&items(&keys), None))
        .unwrap();
    let of = |node| keys.iter().find(|key| cluster.owner(key) == node).unwrap();
    let (lost, living) = (of(0), of(1));
    cluster.kill(0);
    let refreshes = || cluster.calls(1, "cluster|slots") + cluster.calls(2, "cluster|slots");
    eventually("the others are asked for the map", || {
        runtime.block_on(store.get(lost)).unwrap_err();
        refreshes() > 0
    });
    for _ in 0..3 {
        let value = runtime.block_on(in_time(store.get(living)));
        assert!(value.unwrap().is_some());
    }
}

#[test]
fn a_walk_goes_to_the_nodes_of_now() {
    let Some(mut cluster) = RedisCluster::start_or_skip(3, 1, &[]) else {
        return;
    };
    let keys = keys(300);
    for (dead, is_async) in [(0, true), (1, false)] {
        let store = store(&cluster, patient);
        let runtime = current_thread();
        runtime
            .block_on(store.set_many(&items(&keys), None))
            .unwrap();
        let size = |at: usize| cluster.node(at).command(&["DBSIZE"]);
        eventually("the replica has the keys", || size(dead) == size(dead + 3));
        cluster.kill(dead);
        // Nobody asks for anything while the replica takes over.
        eventually("the replica takes over", || {
            let role = cluster.node(dead + 3).command(&["ROLE"]);
            role.starts_with("master")
        });
        cluster.wait_until_ok();
        let walk = async |store: &dyn Store| {
            assert_eq!(store.keys("key:", "*").await.unwrap().len(), 300);
            store.clear("key:").await.unwrap();
            assert_eq!(store.keys("key:", "*").await.unwrap().len(), 0);
        };
        if is_async {
            runtime.block_on(walk(&*store));
        } else {
            at_once(walk(store.blocking().unwrap()));
        }
    }
}
