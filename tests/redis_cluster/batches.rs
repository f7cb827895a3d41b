//! Many keys at once: one request for each node, the results in the order of the keys.

use std::time::{Duration, Instant};

use cache_runtime::Store;
use cache_tests::redis_cluster::RedisCluster;

use crate::redis_callers::{at_once, multi_thread};
use crate::{for_every_caller, redirections, store};

const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("key:{n}")).collect()
}

#[test]
fn batches_of_any_size() {
    for_every_caller(async |store, cluster| {
        for count in [0, 1, 2, 10_000] {
            let keys = keys(count);
            let value = |n: usize| format!("value {n}").into_bytes();
            // Every third is missing.
            let is_there = |n: usize| n % 3 != 1;
            let items: Vec<_> = (0..count)
                .filter(|n| is_there(*n))
                .map(|n| (keys[n].clone(), value(n)))
                .collect();
            assert!(store.set_many(&items, MINUTE).await.unwrap().is_empty());
            let values = store.get_many(&keys).await.unwrap();
            assert_eq!(values.len(), count);
            for (n, found) in values.into_iter().enumerate() {
                assert_eq!(found, is_there(n).then(|| value(n)), "{n} of {count}");
            }
            let deleted = store.delete_many(&keys).await.unwrap();
            assert_eq!(deleted, items.len() as u64);
            assert_eq!(store.delete_many(&keys).await.unwrap(), 0);
        }
        assert_eq!(
            redirections(cluster, "MOVED") + redirections(cluster, "CROSSSLOT"),
            0
        );
    });
}

#[test]
fn the_same_key_twice_and_what_is_no_value() {
    for_every_caller(async |store, cluster| {
        assert_eq!(cluster.command(&["LPUSH", "list", "x"]), "1");
        store.set("a", b"1", None).await.unwrap();
        let keys = ["a", "list", "b", "a"].map(str::to_owned);
        let values = store.get_many(&keys).await.unwrap();
        let one = Some(b"1".to_vec());
        assert_eq!(values, [one.clone(), None, None, one]);
        assert_eq!(store.get_many(&keys[1..2]).await.unwrap(), [None]);
        assert_eq!(store.delete_many(&keys).await.unwrap(), 2);
    });
}

#[test]
fn a_set_that_is_refused_is_named() {
    for_every_caller(async |store, cluster| {
        // A user that may write only keys that start with "ok".
        let may_write = |keys: &str| {
            for node in cluster.nodes() {
                let user = ["ACL", "SETUSER", "default", "resetkeys", keys];
                assert_eq!(node.command(&user), "OK");
            }
        };
        may_write("~ok*");
        let items: Vec<_> = (0..30)
            .map(|n| {
                (
                    format!("{}{n}", if n % 3 == 0 { "no" } else { "ok" }),
                    b"v".to_vec(),
                )
            })
            .collect();
        let failed = store.set_many(&items, None).await.unwrap();
        let none = store.set_many(&items[..1], None).await.unwrap();
        may_write("~*");
        assert_eq!(failed, (0..30).step_by(3).collect::<Vec<_>>());
        assert_eq!(none, [0]);
    });
}

/// The others have their requests while the first one still thinks.
#[test]
fn all_nodes_work_at_once() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let store = store(&cluster);
    let runtime = multi_thread();
    let keys = keys(100);
    let first = cluster.owner(&keys[0]);
    // Connections first.
    runtime.block_on(store.get_many(&keys)).unwrap();
    at_once(store.blocking().unwrap().get_many(&keys)).unwrap();
    for is_async in [true, false] {
        let gets = || [1, 2].map(|more| cluster.calls((first + more) % 3, "get"));
        let before = gets();
        let pause = ["CLIENT", "PAUSE", "5000", "ALL"];
        assert_eq!(cluster.node(first).command(&pause), "OK");
        let start = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let values = if is_async {
                    runtime.block_on(store.get_many(&keys))
                } else {
                    at_once(store.blocking().unwrap().get_many(&keys))
                };
                values.unwrap();
                assert!(start.elapsed() > Duration::from_millis(2500));
            });
            while gets()[0] == before[0] || gets()[1] == before[1] {
                let waited = start.elapsed();
                assert!(waited < Duration::from_millis(2500), "one after the other");
            }
        });
    }
}
