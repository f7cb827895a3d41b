//! Every operation, for every kind of caller, over many slots.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cache_runtime::stores::PrefixedStore;
use cache_runtime::stores::redis::{RedisAddress, RedisClusterStore, RedisConfig};
use cache_runtime::testing::conformance::Suite;
use cache_runtime::{BlockingCache, Cache, ErrorKind, Store, Ttl, cache_result};
use cache_tests::PATIENT;
use cache_tests::redis_cluster::RedisCluster;

use crate::redis_callers::{at_once, current_thread, eventually, multi_thread, patient};
use crate::{connections, for_every_caller, redirections, store};

const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

#[test]
fn one_key_at_a_time() {
    for_every_caller(async |store, cluster| {
        assert_eq!(store.name(), "redis");
        let mut owners = HashSet::new();
        for n in 0..120 {
            let key = format!("key:{n}");
            let key = key.as_str();
            assert_eq!(store.get(key).await.unwrap(), None);
            assert_eq!(store.ttl(key).await.unwrap(), Ttl::Missing);
            assert!(!store.touch(key, None).await.unwrap());
            assert_eq!(store.incr(key, 1).await.unwrap(), None);
            assert!(store.add(key, b"40", MINUTE).await.unwrap());
            assert!(!store.add(key, b"41", MINUTE).await.unwrap());
            assert_eq!(store.incr(key, 2).await.unwrap(), Some(42));
            assert_eq!(cluster.command(&["GET", key]), "42");
            assert!(store.touch(key, None).await.unwrap());
            assert_eq!(store.ttl(key).await.unwrap(), Ttl::Never);
            store.set(key, b"\0\r\n", MINUTE).await.unwrap();
            assert!(matches!(store.ttl(key).await.unwrap(), Ttl::After(_)));
            assert_eq!(store.get(key).await.unwrap().unwrap(), b"\0\r\n");
            assert!(store.delete(key).await.unwrap());
            assert!(!store.delete(key).await.unwrap());
            owners.insert(cluster.owner(key));
        }
        assert_eq!(owners.len(), 3);
        assert_eq!(redirections(cluster, "MOVED"), 0, "slots are known");
        let large = vec![7; 3 << 20];
        store.set("large", &large, None).await.unwrap();
        assert!(store.get("large").await.unwrap().unwrap() == large);
        store.ping().await.unwrap();
        store.close().await.unwrap();
        assert!(store.get("large").await.unwrap().is_some(), "after close");
    });
}

#[test]
fn a_tombstone_is_where_its_entry_is() {
    for_every_caller(async |store, cluster| {
        assert!(store.capabilities().hash_tags);
        for n in 0..20 {
            let key = format!("app:1:f:{n}");
            let gone = format!("{key}:gone{{{key}}}");
            assert_eq!(cluster.owner(&key), cluster.owner(&gone));
        }
    });
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let cache = Cache::from_url(&format!("{}?key_prefix=app&{PATIENT}", cluster.url())).unwrap();
    let cache = cache.blocking();
    let entry = computed::entry(&cache, 1);
    assert_eq!(computed(&cache, 1), 1);
    entry.delete().unwrap();
    let key = entry.key();
    let gone = format!("{key}:gone{{{key}}}");
    assert_eq!(cluster.command(&["EXISTS", &gone]), "1");
    assert_eq!(cache.keys("*").unwrap(), Vec::<String>::new());
}

#[cache_result(key_prefix = "computed", key(n), cache = cache.awaiting())]
fn computed(cache: &BlockingCache, n: u64) -> u64 {
    n
}

#[test]
fn a_hash_tag_keeps_keys_together() {
    for_every_caller(async |store, cluster| {
        let home = cluster.owner("{user}");
        for n in 0..50 {
            let key = format!("{{user}}:{n}");
            store.set(&key, b"v", None).await.unwrap();
        }
        assert_eq!(cluster.node(home).command(&["DBSIZE"]), "50");
        assert_eq!(store.keys("{user}:", "*").await.unwrap().len(), 50);
        assert_eq!(redirections(cluster, "MOVED"), 0);
    });
}

#[test]
fn keys_and_clear_go_to_every_node() {
    for_every_caller(async |store, cluster| {
        let named = |prefix: &'static str| (0..3000).map(move |n| format!("{prefix}{n}"));
        let others = ["users:2:", "usersX", "u", ":1:"];
        let all = others.into_iter().flat_map(|prefix| named(prefix).take(50));
        let all = all.chain(named("users:1:"));
        let items: Vec<_> = all.map(|key| (key, b"v".to_vec())).collect();
        assert!(store.set_many(&items, None).await.unwrap().is_empty());
        let mut found = store.keys("users:1:", "*").await.unwrap();
        found.sort();
        let mut expected: Vec<_> = named("users:1:").collect();
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(store.keys("users:1:", "299?").await.unwrap().len(), 10);
        store.clear("users:1:").await.unwrap();
        assert_eq!(
            store.keys("users:1:", "*").await.unwrap(),
            Vec::<String>::new()
        );
        let left = cluster.nodes().iter().map(|node| {
            let left = node.command(&["DBSIZE"]).parse::<usize>().unwrap();
            assert!(left > 0, "every node had some");
            left
        });
        assert_eq!(left.sum::<usize>(), 200, "other prefixes are left alone");
    });
}

#[test]
fn what_a_node_refuses() {
    for_every_caller(async |store, cluster| {
        assert_eq!(cluster.command(&["LPUSH", "list", "x"]), "1");
        for error in [
            store.get("list").await.unwrap_err(),
            store.incr("list", 1).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
            assert_eq!(error.key(), Some("list"));
            assert!(!error.is_partial());
        }
        let owner = cluster.node(cluster.owner("k"));
        assert_eq!(owner.command(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
        let error = store.set("k", b"v", None).await.unwrap_err();
        assert_eq!(owner.command(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
        assert_eq!(error.kind(), ErrorKind::Store);
        let text = error.to_string();
        assert!(
            text.starts_with("set \"k\": the server answered OOM"),
            "{text}"
        );
    });
}

#[test]
fn what_counts_is_counted_once_among_32_tasks() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let store = store(&cluster);
    let runtime = multi_thread();
    let numbers: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    for number in &numbers {
        runtime.block_on(store.set(number, b"0", None)).unwrap();
    }
    let tasks: Vec<_> = (0..32)
        .map(|task| {
            let (store, numbers) = (Arc::clone(&store), numbers.clone());
            runtime.spawn(async move {
                let mut won = 0;
                for round in 0..40 {
                    let number = &numbers[(task + round) % numbers.len()];
                    assert!(store.incr(number, 1).await.unwrap().is_some());
                    let key = format!("first{round}");
                    won += usize::from(store.add(&key, b"v", None).await.unwrap());
                }
                won
            })
        })
        .collect();
    // And as many threads.
    let won: usize = std::thread::scope(|scope| {
        let store = store.blocking().unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let add = |round| at_once(store.add(&format!("first{round}"), b"v", None));
                    (0..40).filter(|round| add(*round).unwrap()).count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    let tasks = tasks
        .into_iter()
        .map(|task| runtime.block_on(task).unwrap());
    assert_eq!(won + tasks.sum::<usize>(), 40, "one wins each");
    let counted = numbers.iter().map(|number| {
        let count = cluster.command(&["GET", number]);
        count.parse::<usize>().unwrap()
    });
    assert_eq!(counted.sum::<usize>(), 32 * 40);
}

#[test]
fn users_and_passwords() {
    let secret = ["--requirepass", "sesame-open"];
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &secret) else {
        return;
    };
    let url = |login: &str| {
        let url = cluster.url().replace("://", &format!("://{login}@"));
        format!("{url}?{PATIENT}")
    };
    let cache = Cache::from_url(&url(":sesame-open")).unwrap();
    for n in 0..20 {
        cache.blocking().set(&n.to_string(), &n, 60).unwrap();
        let value = current_thread().block_on(cache.get::<i32>(&n.to_string()));
        assert_eq!(value.unwrap(), Some(n));
    }
    for login in [":sesame-shut", "bob:sesame-open"] {
        let cache = Cache::from_url(&url(login)).unwrap();
        for error in [
            cache.blocking().ping().unwrap_err(),
            current_thread()
                .block_on(cache.get::<i32>("k"))
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Store, "{error}");
            let texts = format!("{error} {error:?} {cache:?}");
            assert!(!texts.contains("sesame"), "{texts}");
        }
    }
}

#[test]
fn what_is_no_cluster() {
    let Some(server) = cache_tests::redis_server::RedisServer::start_or_skip() else {
        return;
    };
    let config = patient(server.port());
    let store = RedisClusterStore::cluster(config.clone(), Vec::new()).unwrap();
    for error in [
        current_thread().block_on(store.get("k")).unwrap_err(),
        at_once(store.blocking().unwrap().get_many(&["k".to_owned()])).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(
            error.to_string().contains("cluster support disabled"),
            "{error}"
        );
    }
    let db = RedisConfig {
        db: 1,
        ..config.clone()
    };
    let unix = RedisConfig::new(RedisAddress::unix("/run/redis.sock"));
    for (config, more) in [
        (db, vec![]),
        (unix.clone(), vec![]),
        (config, vec![unix.address]),
    ] {
        let error = RedisClusterStore::cluster(config, more).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
}

#[test]
fn a_dropped_store_leaves_nothing() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let runtime = multi_thread();
    let store = store(&cluster);
    runtime.block_on(store.ping()).unwrap();
    at_once(store.blocking().unwrap().ping()).unwrap();
    futures_executor::block_on(store.ping()).unwrap();
    // The one that brought the map is closed again.
    eventually("three to each node", || connections(&cluster) == 9);
    drop(store);
    eventually("no connection is left", || connections(&cluster) == 0);
    eventually("no task is left", || {
        runtime.metrics().num_alive_tasks() == 0
    });
}

/// Behind a prefix a tombstone is in another slot than its entry: no script may be about both.
#[test]
fn what_is_forbidden_is_not_kept_behind_a_prefix() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let inner = store(&cluster);
    let suite = Suite::of_store(move || PrefixedStore::new("users:", inner.clone()));
    let report = suite.only("stamps").through_the_type().run();
    report.assert_passed();
    assert_eq!(report.counts().0, 5, "{report}");
}
