//! Listing and clearing on Memcached: by prefix, beside a crowd of foreign entries.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod memcached_callers;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cache_runtime::stores::memcached::MemcachedStore;
use cache_runtime::{Cache, ErrorKind, Store};
use cache_tests::memcached_server::MemcachedServer;
use memcached_callers::{at_once, config, current_thread, for_each_caller, start, strings};

const LIMIT: Duration = Duration::from_secs(10);

fn items<'a>(keys: impl IntoIterator<Item = &'a String>) -> Vec<(String, Vec<u8>)> {
    let item = |key: &String| (key.clone(), b"v".to_vec());
    keys.into_iter().map(item).collect()
}

#[test]
fn keys_by_prefix_and_pattern() {
    let Some(servers) = start(3) else { return };
    let servers: Vec<&MemcachedServer> = servers.iter().collect();
    let store = Arc::new(MemcachedStore::new(config(&servers, LIMIT)).unwrap());
    let reset = || servers.iter().for_each(|server| server.flush());
    for_each_caller(store, reset, async |store: &dyn Store| {
        let all = strings([
            "p:1:one", "p:1:two", "p:1:ä b", "p:2:one", "p:1", "xp:1:one", ":1:bare",
        ]);
        store.set_many(&items(&all), None).await.unwrap();
        let keys = async |prefix, pattern| {
            let mut keys = store.keys(prefix, pattern).await.unwrap();
            keys.sort();
            keys
        };
        assert_eq!(keys("p:1:", "*").await, ["p:1:one", "p:1:two", "p:1:ä b"]);
        assert_eq!(keys("p:1:", "t?o").await, ["p:1:two"]);
        assert_eq!(keys("p:1:", "[no]*").await, ["p:1:one"]);
        assert_eq!(keys("p:1:", "ä *").await, ["p:1:ä b"]);
        assert_eq!(keys(":1:", "*").await, [":1:bare"]);
        assert_eq!(keys("p:3:", "*").await, Vec::<String>::new());
        let many: Vec<_> = (0..2500).map(|n| format!("many:{n}")).collect();
        store.set_many(&items(&many), None).await.unwrap();
        let mut found = keys("many:", "*").await;
        found.sort_by_key(|key| (key.len(), key.clone()));
        assert_eq!(found, many, "each key once");
    });
}

#[test]
fn clear_removes_its_prefix_alone() {
    let Some(servers) = start(3) else { return };
    let servers: Vec<&MemcachedServer> = servers.iter().collect();
    let store = Arc::new(MemcachedStore::new(config(&servers, LIMIT)).unwrap());
    let reset = || servers.iter().for_each(|server| server.flush());
    for_each_caller(store, reset, async |store: &dyn Store| {
        let long = "l".repeat(300);
        for prefix in ["users:1:", ":1:", "a%b c:", "ä*:", &long] {
            let long = "x".repeat(900);
            let inside = (0..1200).map(|n| match n % 4 {
                0 => format!("{prefix}{n}"),
                1 => format!("{prefix}{n} with spaces"),
                2 => format!("{prefix}{n}{long}"),
                _ => format!("{prefix}ö{n}"),
            });
            let inside: Vec<_> = inside.collect();
            // Alike, and not under the prefix. Of the long one the names have only the head.
            let shorter = &prefix[..prefix.len() - 1];
            let outside = [
                format!("{shorter}?"),
                format!("{shorter}?{long}"),
                format!("x{prefix}1"),
                format!("other {prefix}"),
                "2:1:a".to_owned(),
                long.clone(),
            ];
            store.set_many(&items(&inside), None).await.unwrap();
            store.set_many(&items(&outside), None).await.unwrap();
            let listed = store.keys(prefix, "*").await.unwrap();
            assert_eq!(listed.len(), inside.len(), "{prefix}");
            store.clear(prefix).await.unwrap();
            let left = store.get_many(&inside).await.unwrap();
            assert!(left.iter().all(Option::is_none), "{prefix}");
            for key in &outside {
                assert!(store.get(key).await.unwrap().is_some(), "{prefix}: {key}");
            }
            store.delete_many(&outside).await.unwrap();
        }
    });
}

#[test]
fn two_who_clear_at_once_wait_for_each_other() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let store = MemcachedStore::new(config(&[&server], LIMIT)).unwrap();
    let store = store.blocking().unwrap();
    let keys = |who: usize| {
        (0..5000)
            .map(move |n| format!("{who}:{n}"))
            .collect::<Vec<_>>()
    };
    (0..4).for_each(|who| drop(at_once(store.set_many(&items(&keys(who)), None)).unwrap()));
    thread::scope(|scope| {
        for who in 0..4 {
            scope.spawn(move || at_once(store.clear(&format!("{who}:"))).unwrap());
        }
    });
    assert_eq!(server.stat("curr_items"), 0);
}

#[test]
fn a_server_that_does_not_list_says_so() {
    let Some(server) = MemcachedServer::start_with_or_skip(&["-X"]) else {
        return;
    };
    let store = Arc::new(MemcachedStore::new(config(&[&server], LIMIT)).unwrap());
    for_each_caller(
        store,
        || {},
        async |store: &dyn Store| {
            store.set("p:1:k", b"v", None).await.unwrap();
            for error in [
                store.keys("p:", "*").await.unwrap_err(),
                store.clear("p:").await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                assert!(error.to_string().contains("metadump"), "{error}");
            }
            assert!(store.get("p:1:k").await.unwrap().is_some());
        },
    );
}

#[test]
fn a_lost_server_is_not_listed_and_not_cleared() {
    let Some(mut servers) = start(2) else { return };
    let config = config(&servers.iter().collect::<Vec<_>>(), LIMIT);
    let store = MemcachedStore::new(config).unwrap();
    let store = store.blocking().unwrap();
    let keys: Vec<_> = (0..100).map(|n| format!("p:{n}")).collect();
    at_once(store.set_many(&items(&keys), None)).unwrap();
    let left = servers[1].stat("curr_items");
    servers[0].kill();
    let listed = at_once(store.keys("p:", "*")).unwrap();
    assert_eq!(listed.len() as u64, left);
    let error = at_once(store.clear("p:")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains(&servers[0].address()), "{error}");
    assert_eq!(servers[1].stat("curr_items"), 0, "the other one is");
    servers[1].kill();
    let error = at_once(store.keys("p:", "*")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn a_cache_clears_its_own() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let cache = |prefix: &str| {
        let address = server.address();
        let options = format!("key_prefix={prefix}&op_timeout=30&connect_timeout=30");
        Cache::from_url(&format!("memcached://{address}?{options}")).unwrap()
    };
    let (one, other) = (cache("one"), cache("other"));
    current_thread().block_on(async {
        for cache in [&one, &other] {
            for key in ["a", "b c", &"x".repeat(500)] {
                cache.set(key, "v", None::<Duration>).await.unwrap();
            }
        }
        let mut keys = one.keys("*").await.unwrap();
        keys.sort();
        assert_eq!(keys, ["a".to_owned(), "b c".to_owned(), "x".repeat(500)]);
        one.clear().await.unwrap();
        assert!(one.keys("*").await.unwrap().is_empty());
        assert_eq!(other.keys("*").await.unwrap().len(), 3);
    });
}
