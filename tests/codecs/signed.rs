//! Signed entries: a cache like any other, and who writes to the server cannot forge a value.

use cache_runtime::{BlockingCache, Cache, ErrorKind};

use crate::world::{Raw, Task, cached_task, task, use_it, version};

const KEY: &str = "0123456789abcdef";
const NEW_KEY: &str = "fedcba9876543210, and more";

#[test]
fn a_signed_cache_is_a_cache() {
    let mut raw = Raw::start();
    for format in ["native", "compact"] {
        for compress in ["none", "zlib", "zstd", "lz4"] {
            let what = format!("format={format}&compress={compress}");
            let cache = raw.signed(&what, &[KEY]);
            use_it(&cache, &what);
            assert_eq!(raw.get("app:1:task")[..3], *b"\xca\x53\x01");
        }
    }
    // Integers are signed too, so the store cannot count with them.
    let cache = raw.signed("", &[KEY]);
    cache.set("count", &41, 60).unwrap();
    assert_eq!(cache.get::<u8>("count").unwrap(), Some(41));
    assert_eq!(raw.get("app:1:count")[..3], *b"\xca\x53\x01");
    for error in [
        cache.incr("count", 1),
        cache.decr("count", 1),
        cache.incr("missing", 1),
    ] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.to_string().contains("entries are signed here"),
            "{error}"
        );
    }
    assert_eq!(cache.get::<u8>("count").unwrap(), Some(41));
    // In process there is nothing to sign, and counting goes on.
    let memory = Cache::builder()
        .signing_key(KEY)
        .build()
        .unwrap()
        .blocking();
    memory.set("count", &41, 60).unwrap();
    assert_eq!(memory.incr("count", 1).unwrap(), 42);
}

#[test]
fn a_forger_who_writes_to_the_server_is_not_believed() {
    let mut raw = Raw::start();
    let cache = raw.signed("", &[KEY]);
    let mut undecodable = 0;
    let mut is_refused = |cache: &BlockingCache, what: &str| {
        assert_eq!(cache.get::<Task>("task").unwrap(), None, "{what}");
        let found = cache.get_many::<Task>(["task"]).unwrap();
        assert!(found.is_empty(), "{what}");
        // It is not signed anew, under this key or another.
        assert!(!cache.touch("task", 60).unwrap(), "{what}");
        let error = cache.incr_version("task", 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{what}");
        undecodable += 4;
        assert_eq!(cache.stats().undecodable, undecodable, "{what}");
        assert_eq!(cache.stats().errors, 0, "{what}");
        assert!(!version(cache, 2).has_key("task").unwrap(), "{what}");
    };

    // What a cache without a key writes, or with another.
    for forger in [
        raw.cache(""),
        raw.cache("format=json"),
        raw.signed("", &["another key of so many bytes"]),
    ] {
        forger.set("task", &task(666), 60).unwrap();
        is_refused(&cache, "a cache of somebody else");
    }
    raw.set("app:1:task", b"1");
    is_refused(&cache, "a number");
    // A true entry, under another key.
    cache.set("other", &task(2), 60).unwrap();
    raw.copy("app:1:other", "app:1:task");
    is_refused(&cache, "another entry");
    version(&cache, 3).set("task", &task(3), 60).unwrap();
    raw.copy("app:3:task", "app:1:task");
    is_refused(&cache, "another version");
    cache
        .awaiting()
        .with_prefix("web")
        .blocking()
        .set("task", &task(4), 60)
        .unwrap();
    raw.copy("web:1:task", "app:1:task");
    is_refused(&cache, "another prefix");
    // A true entry, its signature taken off; and its end moved.
    cache.set("task", &task(1), 60).unwrap();
    let signed = raw.get("app:1:task");
    raw.set("app:1:task", &signed[35..]);
    is_refused(&cache, "no signature");
    let mut longer = signed.clone();
    longer[35 + 11] ^= 1;
    raw.set("app:1:task", &longer);
    is_refused(&cache, "another end");
    raw.set("app:1:task", &signed);
    assert_eq!(cache.get("task").unwrap(), Some(task(1)));

    // A function runs, and what it returns is kept.
    assert_eq!(cached_task(&cache, 1), task(1));
    let key = cached_task::entry(&cache, 1).key().to_owned();
    cached_task(&cache, 2);
    let other = cached_task::entry(&cache, 2).key().to_owned();
    raw.copy(&other, &key);
    assert_eq!(cached_task(&cache, 1), task(1));
    let stats = cached_task::stats_in(&cache.awaiting());
    assert_eq!((stats.undecodable, stats.hits), (1, 0));
    assert_eq!(cached_task(&cache, 1), task(1));
    assert_eq!(cached_task::stats_in(&cache.awaiting()).hits, 1);
}

#[test]
fn keys_are_exchanged_while_entries_live() {
    let raw = Raw::start();
    let old = raw.signed("", &[KEY]);
    let (both, new) = (raw.signed("", &[NEW_KEY, KEY]), raw.signed("", &[NEW_KEY]));
    old.set("task", &task(1), 60).unwrap();
    assert_eq!(new.get::<Task>("task").unwrap(), None);
    assert_eq!(both.get("task").unwrap(), Some(task(1)));
    // What is touched or moved is signed by the new key.
    assert!(both.touch("task", 100).unwrap());
    assert_eq!(new.get("task").unwrap(), Some(task(1)));
    assert_eq!(old.get::<Task>("task").unwrap(), None);
    old.set("moved", &task(2), 60).unwrap();
    assert_eq!(both.incr_version("moved", 1).unwrap(), 2);
    assert_eq!(version(&new, 2).get("moved").unwrap(), Some(task(2)));
    both.set("written", &task(3), 60).unwrap();
    assert_eq!(new.get("written").unwrap(), Some(task(3)));
}

#[test]
fn formats_that_others_read_are_not_signed() {
    for format in [cache_runtime::Format::Json, cache_runtime::Format::Django] {
        let builder = Cache::builder().format(format).signing_key(KEY);
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.to_string(),
            "build: the formats `json` and `django` have no place for a signature, other programs \
             could not read it; signed entries are `native` or `compact`"
        );
    }
    let short = Cache::builder().signing_key("hush").build().unwrap_err();
    assert_eq!(
        short.to_string(),
        "build: a signing key has at least 16 bytes"
    );
}
