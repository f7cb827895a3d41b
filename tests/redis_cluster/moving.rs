//! Slots that move from node to node while they are used.

use std::time::Duration;

use cache_runtime::{Store, Ttl};
use cache_tests::redis_cluster::RedisCluster;

use crate::redis_callers::{current_thread, eventually};
use crate::{connections, for_every_caller, redirections, store};

/// The key's slot, and the node that has it.
fn home(cluster: &RedisCluster, key: &str) -> (usize, usize) {
    let slot = cluster.slot(key);
    (slot, cluster.owner_of(slot))
}

fn next(node: usize) -> usize {
    (node + 1) % 3
}

#[test]
fn a_slot_that_moved_is_followed_once() {
    for_every_caller(async |store, cluster| {
        let (slot, from) = home(cluster, "moving");
        let to = next(from);
        store.set("moving", b"1", None).await.unwrap();
        cluster.move_slot(slot, to);
        let before = cluster.calls(to, "incrby");
        assert_eq!(store.incr("moving", 1).await.unwrap(), Some(2));
        for n in 3..20 {
            assert_eq!(store.incr("moving", 1).await.unwrap(), Some(n));
        }
        assert_eq!(redirections(cluster, "MOVED"), 1);
        assert_eq!(cluster.calls(to, "incrby") - before, 18, "once each");
        assert_eq!(cluster.calls(from, "incrby"), 0);
    });
}

#[test]
fn many_slots_that_moved_are_learnt_at_once() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let store = store(&cluster);
    let runtime = current_thread();
    let keys: Vec<_> = (0..200).map(|n| format!("k{n}")).collect();
    let items: Vec<_> = keys
        .iter()
        .map(|key| (key.clone(), b"v".to_vec()))
        .collect();
    runtime.block_on(store.set_many(&items, None)).unwrap();
    // Past the pause after the first map.
    std::thread::sleep(Duration::from_millis(150));
    let mut moved = Vec::new();
    for key in &keys {
        let (slot, from) = home(&cluster, key);
        if from == 0 {
            cluster.move_slot(slot, 1);
            moved.push(key);
        }
    }
    assert!(moved.len() > 30);
    runtime.block_on(store.get(moved[0])).unwrap();
    eventually("the new owner is asked for the map", || {
        cluster.calls(1, "cluster|slots") > 0
    });
    eventually("the map is there", || connections(&cluster) == 3);
    std::thread::sleep(Duration::from_millis(50));
    for key in &keys {
        let value = runtime.block_on(store.get(key)).unwrap();
        assert_eq!(value.as_deref(), Some(&b"v"[..]), "{key}");
    }
    assert_eq!(redirections(&cluster, "MOVED"), 1, "the first told of all");
}

#[test]
fn a_batch_follows_what_moved() {
    for_every_caller(async |store, cluster| {
        let keys: Vec<_> = (0..300).map(|n| format!("k{n}")).collect();
        let items: Vec<_> = keys
            .iter()
            .map(|key| (key.clone(), key.clone().into_bytes()))
            .collect();
        store.set_many(&items, None).await.unwrap();
        let expected: Vec<_> = items.iter().map(|(_, value)| Some(value.clone())).collect();
        for key in ["k1", "k2", "k3", "k4"] {
            let (slot, from) = home(cluster, key);
            cluster.move_slot(slot, next(from));
        }
        assert_eq!(store.get_many(&keys).await.unwrap(), expected);
        assert!(redirections(cluster, "MOVED") >= 4);
        for key in ["k1", "k2", "k3", "k4"] {
            let (slot, from) = home(cluster, key);
            cluster.move_slot(slot, next(from));
        }
        assert!(store.set_many(&items, None).await.unwrap().is_empty());
        for key in ["k1", "k2", "k3", "k4"] {
            let (slot, from) = home(cluster, key);
            cluster.move_slot(slot, next(from));
        }
        assert_eq!(store.delete_many(&keys).await.unwrap(), 300);
    });
}

#[test]
fn a_slot_on_its_way_is_asked_for_on_both_sides() {
    for_every_caller(async |store, cluster| {
        let (slot, from) = home(cluster, "{way}");
        let to = next(from);
        let key = |n: usize| format!("{{way}}{n}");
        let keys: Vec<_> = (0..40).map(key).collect();
        let items: Vec<_> = (0..20)
            .map(|n| (key(n), n.to_string().into_bytes()))
            .collect();
        store.set_many(&items, None).await.unwrap();
        cluster.begin_move(slot, from, to);
        cluster.move_keys(slot, from, to, 10);
        let there = cluster
            .node(to)
            .command(&["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()]);
        assert_eq!(there, "10");

        let expected = |n: usize| (n < 20).then(|| n.to_string().into_bytes());
        let expected: Vec<_> = (0..40).map(expected).collect();
        assert_eq!(store.get_many(&keys).await.unwrap(), expected);
        for (key, value) in keys.iter().zip(&expected) {
            assert_eq!(store.get(key).await.unwrap(), *value, "{key}");
        }
        assert!(redirections(cluster, "ASK") >= 10, "they were asked for");
        for key in &keys[..20] {
            assert!(!store.add(key, b"0", None).await.unwrap(), "{key}");
            assert!(store.incr(key, 100).await.unwrap().unwrap() >= 100, "{key}");
            assert!(store.touch(key, None).await.unwrap(), "{key}");
            assert!(
                store
                    .touch(key, Some(Duration::from_secs(60)))
                    .await
                    .unwrap()
            );
            assert!(matches!(store.ttl(key).await.unwrap(), Ttl::After(_)));
        }
        // New keys are made where the slot goes.
        for key in &keys[20..] {
            assert_eq!(store.incr(key, 1).await.unwrap(), None);
            assert!(store.add(key, b"new", None).await.unwrap());
        }
        assert!(store.delete(&keys[39]).await.unwrap());
        let all: Vec<_> = keys
            .iter()
            .map(|key| (key.clone(), b"v".to_vec()))
            .collect();
        assert!(store.set_many(&all, None).await.unwrap().is_empty());
        assert_eq!(store.keys("{way}", "*").await.unwrap().len(), 40);

        cluster.move_keys(slot, from, to, 100);
        cluster.end_move(slot, from, to);
        assert_eq!(
            store.get_many(&keys).await.unwrap(),
            vec![Some(b"v".to_vec()); 40]
        );
        assert_eq!(store.delete_many(&keys).await.unwrap(), 40);
        // It goes back for the next caller.
        cluster.move_slot(slot, from);
    });
}
