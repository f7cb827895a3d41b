//! A store in which several have their place, for both kinds of callers.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod file_callers;

use std::sync::Arc;
use std::time::Duration;

use cache_runtime::stores::PrefixedStore;
use cache_runtime::{Cache, CacheError, ErrorKind, Store, StoreFuture, Ttl};
use cache_tests::process::Folder;
use file_callers::{MINUTE, at_once, open};

/// Runs `check` on a store and one with a prefix in it, for callers that await and that block.
fn for_both_callers(check: impl AsyncFn(&dyn Store, &dyn Store)) {
    for is_blocking in [false, true] {
        let folder = Folder::new("prefixed");
        let whole = Arc::new(open(&folder));
        let part = PrefixedStore::new("a:", Arc::clone(&whole));
        assert_eq!(part.prefix(), "a:");
        if is_blocking {
            at_once(check(whole.blocking().unwrap(), part.blocking().unwrap()));
        } else {
            futures_executor::block_on(check(&whole, &part));
        }
    }
}

fn strings<const N: usize>(keys: [&str; N]) -> Vec<String> {
    keys.map(str::to_owned).to_vec()
}

#[test]
fn every_operation_has_the_prefix() {
    for_both_callers(async |whole, part| {
        assert_eq!(part.name(), whole.name());
        assert_eq!(part.capabilities(), whole.capabilities());
        part.set("k", b"1", MINUTE).await.unwrap();
        assert_eq!(whole.get("a:k").await.unwrap().unwrap(), b"1");
        assert_eq!(whole.get("k").await.unwrap(), None);
        assert_eq!(part.get("k").await.unwrap().unwrap(), b"1");
        assert_eq!(part.get("a:k").await.unwrap(), None);
        assert_eq!(part.incr("k", 4).await.unwrap(), Some(5));
        assert!(!part.add("k", b"2", None).await.unwrap());
        assert!(part.add("new", b"2", None).await.unwrap());
        assert_eq!(whole.get("a:new").await.unwrap().unwrap(), b"2");
        assert!(matches!(part.ttl("k").await.unwrap(), Ttl::After(_)));
        assert!(part.touch("k", None).await.unwrap());
        assert_eq!(whole.ttl("a:k").await.unwrap(), Ttl::Never);
        assert!(part.delete("k").await.unwrap() && !part.delete("k").await.unwrap());
        assert_eq!(whole.get("a:k").await.unwrap(), None);
        part.ping().await.unwrap();
        part.close().await.unwrap();
    });
}

#[test]
fn batches_have_the_prefix() {
    for_both_callers(async |whole, part| {
        let items = [
            ("x".to_owned(), b"1".to_vec()),
            ("y".to_owned(), b"2".to_vec()),
        ];
        assert!(part.set_many(&items, MINUTE).await.unwrap().is_empty());
        assert_eq!(whole.get("a:y").await.unwrap().unwrap(), b"2");
        let values = part.get_many(&strings(["y", "none", "x"])).await.unwrap();
        assert_eq!(values, [Some(b"2".to_vec()), None, Some(b"1".to_vec())]);
        assert_eq!(part.delete_many(&strings(["x", "none"])).await.unwrap(), 1);
        assert_eq!(whole.get("a:x").await.unwrap(), None);
    });
}

#[test]
fn it_lists_and_clears_its_own_alone() {
    for_both_callers(async |whole, part| {
        for key in ["a:p:1", "a:p:2", "a:q:1", "b:p:1", "p:1", "aa:p:1"] {
            whole.set(key, b"v", None).await.unwrap();
        }
        let sorted = async |prefix, pattern| {
            let mut keys = part.keys(prefix, pattern).await.unwrap();
            keys.sort();
            keys
        };
        assert_eq!(sorted("p:", "*").await, ["p:1", "p:2"]);
        assert_eq!(sorted("", "*:1").await, ["p:1", "q:1"]);
        assert_eq!(sorted("b:", "*").await, Vec::<String>::new());
        part.clear("p:").await.unwrap();
        assert_eq!(sorted("", "*").await, ["q:1"]);
        part.clear("").await.unwrap();
        assert_eq!(whole.keys("", "*").await.unwrap().len(), 3);
    });
}

/// The least that is a store: three methods, and none that blocks.
struct Least;

impl Store for Least {
    fn name(&self) -> &'static str {
        "least"
    }
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        let key = key.to_owned();
        Box::pin(async move { Ok(Some(key.into_bytes())) })
    }
    fn set<'a>(&'a self, key: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
        let error = CacheError::new(ErrorKind::Store, "refused").on_key(key);
        Box::pin(async move { Err(error) })
    }
    fn delete<'a>(&'a self, _: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async { Ok(true) })
    }
    fn prepare(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Err(CacheError::new(ErrorKind::Store, "no table")) })
    }
}

#[test]
fn what_the_store_cannot_do_it_cannot_do() {
    let part = PrefixedStore::new("p:", PrefixedStore::new("q:", Least));
    assert!(part.blocking().is_none());
    assert_eq!(at_once(part.get("k")).unwrap().unwrap(), b"q:p:k");
    let error = at_once(part.set("k", b"v", None)).unwrap_err();
    assert_eq!(error.key(), Some("q:p:k"), "as it stands in the store");
    let error = at_once(part.incr("k", 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.to_string(), "incr: the least store cannot do this");
    let items = [("k".to_owned(), Vec::new())];
    assert_eq!(at_once(part.set_many(&items, None)).unwrap(), [0]);
    let error = at_once(part.prepare()).unwrap_err();
    assert_eq!(error.to_string(), "no table", "it is asked");
}

#[test]
fn two_caches_share_a_store() {
    let folder = Folder::new("prefixed");
    let store = Arc::new(open(&folder));
    let cache = |prefix: &str| {
        let store = PrefixedStore::new(prefix, Arc::clone(&store));
        Cache::builder().store(store).build().unwrap().blocking()
    };
    let (users, teams) = (cache("users:"), cache("teams:"));
    users.set("key", &1, 60).unwrap();
    teams.set("key", &2, 60).unwrap();
    assert_eq!(users.get::<i32>("key").unwrap(), Some(1));
    assert_eq!(teams.incr("key", 1).unwrap(), 3);
    users.clear().unwrap();
    assert_eq!(users.keys("*").unwrap(), Vec::<String>::new());
    assert_eq!(teams.keys("*").unwrap(), ["key"]);
}
