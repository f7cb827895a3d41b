//! What is known at run time of functions, caches and single entries.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::time::Duration;

use cache_runtime::testing::{Fault, FaultyStore, When, in_cache_blocking, isolated};
use cache_runtime::{
    BreakerState, Cache, CacheReport, Clock, ErrorKind, FunctionReport, Timeout, Ttl, cache_result,
    caches, functions, report,
};

#[path = "../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

use store::OwnStore;

fn function(name: &str) -> Option<FunctionReport> {
    functions().into_iter().find(|report| report.name == name)
}

const LINE: u32 = line!() + 2;

#[cache_result(
    timeout = "10m",
    key_prefix = "reports_listed",
    cache = "listed",
    skip(clock)
)]
fn listed(clock: &Clock, n: u64) -> u64 {
    clock.advance(Duration::from_millis(20 * n));
    n
}

#[test]
fn every_function_that_was_called_is_listed_with_what_it_is_and_did() {
    assert!(function("listed").is_none());
    let (cache, clock) = isolated();
    in_cache_blocking(&cache, || {
        for n in [1, 2, 2, 2, 2] {
            listed(&clock, n);
        }
    });
    let check = || {
        let report = function("listed").unwrap();
        assert_eq!(report.path, "reports::listed");
        assert!(report.file.ends_with("reports.rs"));
        assert_eq!(report.line, LINE);
        assert_eq!(report.key_prefix, "reports_listed");
        assert_eq!(report.timeout, Timeout::After(Duration::from_secs(600)));
        assert_eq!(report.cache, Some("listed"));
        assert_eq!((report.stats.hits, report.stats.misses), (3, 2));
        assert_eq!(report.executions.count, 2);
        assert_eq!(report.executions.mean(), Duration::from_millis(30));
        assert_eq!(report.executions.longest, Duration::from_millis(40));
        assert_eq!(report.time_saved(), Duration::from_millis(90));
    };
    check();
    // The counts outlive the cache.
    drop(cache);
    check();
    assert_eq!(functions().iter().filter(|f| f.name == "listed").count(), 1);
}

#[cache_result(cache = "no_such_alias", key_prefix = "reports_nowhere")]
fn nowhere(n: u64) -> u64 {
    n
}

#[test]
fn a_function_without_a_cache_is_listed_too() {
    nowhere(2);
    let report = function("nowhere").unwrap();
    assert_eq!(
        (report.cache, report.executions.count),
        (Some("no_such_alias"), 0)
    );
    assert!(report.stats.errors > 0);
}

#[cache_result(cache = cache.clone(), key(n), key_prefix = "reports_elsewhere")]
fn elsewhere(cache: &Cache, n: u64) -> u64 {
    n
}

#[cache_result(cache = cache.clone(), key(n), key_prefix = "reports_seen_elsewhere")]
fn seen_elsewhere(cache: &Cache, n: u64) -> u64 {
    n
}

#[test]
fn a_cache_without_an_alias_is_not_called_by_the_name_of_another() {
    let cache = Cache::from_url("memory://").unwrap();
    elsewhere(&cache, 2);
    assert_eq!(function("elsewhere").unwrap().cache, None);
    seen_elsewhere::entry(&cache, 2).get().unwrap();
    assert_eq!(function("seen_elsewhere").unwrap().cache, None);
    let table = report().to_string();
    let line = table.lines().find(|line| line.contains("::elsewhere"));
    assert!(line.unwrap().contains(" – "), "{table}");
}

fn cache(alias: &str) -> CacheReport {
    let reports = caches().reports();
    let found = reports.into_iter().find(|report| report.alias == alias);
    found.unwrap()
}

#[test]
fn a_cache_in_process_tells_what_is_in_it() {
    let url = "memory://?key_prefix=shop&max_entries=50&max_bytes=1MiB&version=3";
    caches()
        .set("shelf", Cache::from_url(url).unwrap())
        .unwrap();
    let shelf = caches().get("shelf").unwrap().blocking();
    shelf.set("text", &"x".repeat(1000), 60).unwrap();
    shelf.get::<String>("text").unwrap();
    let report = cache("shelf");
    assert_eq!((report.store, report.url.as_deref()), ("memory", Some(url)));
    assert_eq!((&*report.key_prefix, report.version), ("shop", 3));
    assert_eq!(report.timeout, Timeout::After(Duration::from_secs(300)));
    let local = report.local.unwrap();
    assert_eq!((local.entries, local.max_entries), (1, 50));
    assert_eq!(local.max_bytes, Some(1 << 20));
    assert!((1000..1100).contains(&local.bytes), "{local:?}");
    assert_eq!((report.stats.hits, report.stats.sets), (1, 1));
    assert_eq!((report.breaker, report.operations.count), (None, 0));

    caches()
        .set("unbound", Cache::from_url("memory://").unwrap())
        .unwrap();
    let unbound = caches().get("unbound").unwrap().blocking();
    unbound.set("text", &"x".repeat(1000), 60).unwrap();
    assert!(cache("unbound").local.unwrap().bytes >= 1000);
    caches()
        .set("dummy", Cache::from_url("dummy://").unwrap())
        .unwrap();
    assert_eq!(
        (cache("dummy").store, cache("dummy").local),
        ("dummy", None)
    );
}

#[test]
fn a_cache_on_a_store_tells_how_that_does() {
    let store = FaultyStore::new(OwnStore::default());
    let built = Cache::builder().store(store.clone()).build().unwrap();
    caches().set("far", built).unwrap();
    let far = caches().get("far").unwrap().blocking();
    far.set("a", &1, 60).unwrap();
    far.get::<i32>("a").unwrap();
    let report = cache("far");
    assert_eq!((report.url, report.local), (None, None));
    assert_eq!(report.breaker, Some(BreakerState::Closed));
    assert_eq!(report.operations.count, 2);
    store.inject(Fault::Error(ErrorKind::Unavailable), When::Every(1));
    far.get::<i32>("a").unwrap_err();
    assert_eq!(cache("far").breaker, Some(BreakerState::Failing));
    for _ in 0..5 {
        far.get::<i32>("a").unwrap_err();
    }
    let report = cache("far");
    assert_eq!(report.breaker, Some(BreakerState::Open));
    assert_eq!(report.stats.errors, 6);
}

#[test]
fn an_alias_that_could_not_be_opened_says_why() {
    nowhere(1);
    let report = cache("no_such_alias");
    assert_eq!(report.error.unwrap().kind(), ErrorKind::UnknownCache);
    assert_eq!(report.store, "");
}

#[cache_result(
    timeout = 60,
    stale = 60,
    key_prefix = "reports_kept",
    tags("user:{id}")
)]
fn kept(id: u64) -> Vec<String> {
    vec![id.to_string()]
}

#[cache_result(timeout = 60, key_prefix = "reports_local", local)]
fn local(id: u64) -> u64 {
    id
}

#[test]
fn an_entry_is_looked_at_without_its_type_and_without_being_counted() {
    let (cache, clock) = isolated();
    in_cache_blocking(&cache, || {
        kept(7);
        local(7);
        let key = kept::entry(7).key().to_string();
        // Without version and prefix, as `Cache::get` takes it.
        let name = key.strip_prefix(":1:").unwrap();
        let seen = cache.blocking().inspect(name).unwrap().unwrap();
        assert_eq!(seen.json().unwrap(), r#"["7"]"#);
        assert_eq!(seen.tags, ["user:7"]);
        assert_eq!(seen.left, Ttl::After(Duration::from_secs(60)));
        assert!(seen.is_local && seen.bytes > 0);
        clock.advance(Duration::from_secs(70));
        assert!(cache.blocking().inspect(name).unwrap().is_none());

        local(8);
        let key = local::entry(8).key().to_string();
        let name = key.strip_prefix(":1:").unwrap();
        let seen = cache.blocking().inspect(name).unwrap().unwrap();
        assert_eq!(seen.json().unwrap_err().kind(), ErrorKind::Unsupported);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.undecodable), (0, 3, 0));
    });
}

#[test]
fn an_entry_in_a_store_is_looked_at_with_the_size_that_it_has_there() {
    let store = FaultyStore::new(OwnStore::default());
    let built = Cache::builder().store(store.clone()).build().unwrap();
    in_cache_blocking(&built, || {
        kept(7);
        let key = kept::entry(7).key().to_string();
        let name = key.strip_prefix(":1:").unwrap();
        let seen = built.blocking().inspect(name).unwrap().unwrap();
        assert_eq!(seen.json().unwrap(), r#"["7"]"#);
        assert_eq!(seen.tags, ["user:7"]);
        assert!(!seen.is_local && seen.bytes > 5);
        assert!(matches!(seen.left, Ttl::After(left) if left <= Duration::from_secs(60)));
        let raw = futures_executor::block_on(cache_runtime::Store::get(&store, &key));
        assert_eq!(raw.unwrap().unwrap().len(), seen.bytes);
        let garbage = b"\xffno value".as_slice();
        futures_executor::block_on(cache_runtime::Store::set(&store, &key, garbage, None)).unwrap();
        let seen = built.blocking().inspect(name).unwrap().unwrap();
        assert_eq!(seen.json().unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(built.stats().undecodable, 0);
    });
}

#[test]
fn all_of_it_is_a_table() {
    in_cache_blocking(&Cache::isolated(), || {
        kept(1);
        kept(1);
    });
    caches()
        .set("tabled", Cache::from_url("memory://?key_prefix=t").unwrap())
        .unwrap();
    let table = report().to_string();
    let line = |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap();
    let row = line("reports::kept ");
    assert!(row.contains("reports_kept") && row.contains("60s") && row.contains("reports.rs:"));
    // Columns stand below their heads.
    let prefix = line("function ").find("prefix").unwrap();
    assert_eq!(row.find("reports_kept"), Some(prefix));
    assert!(line("tabled ").contains("memory://?key_prefix=t"));
}
