//! Listing and clearing on a Memcached server that is full of others' entries: in a process of its
//! own, because its memory is measured.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod memcached_callers;

use std::time::Duration;

use cache_runtime::Store;
use cache_runtime::stores::memcached::MemcachedStore;
use cache_tests::memcached_server::MemcachedServer;
use memcached_callers::{at_once, config};

const LIMIT: Duration = Duration::from_secs(10);

fn items(keys: &[String]) -> Vec<(String, Vec<u8>)> {
    let item = |key: &String| (key.clone(), b"v".to_vec());
    keys.iter().map(item).collect()
}

#[test]
fn a_crowd_of_foreign_entries_is_passed_by() {
    let Some(server) = MemcachedServer::start_with_or_skip(&["-m", "512"]) else {
        return;
    };
    let store = MemcachedStore::new(config(&[&server], LIMIT)).unwrap();
    let store = store.blocking().unwrap();
    for thousand in 0..100 {
        let foreign: Vec<_> = (0..1000)
            .map(|n| format!("foreign:{thousand}:{n:0>80}"))
            .collect();
        assert!(
            at_once(store.set_many(&items(&foreign), None))
                .unwrap()
                .is_empty()
        );
    }
    let before = memory();
    let own: Vec<_> = (0..3000).map(|n| format!("own:{n}")).collect();
    at_once(store.set_many(&items(&own), None)).unwrap();
    let listed = at_once(store.keys("own:", "*")).unwrap();
    assert_eq!(listed.len(), 3000);
    at_once(store.clear("own:")).unwrap();
    assert_eq!(server.stat("curr_items"), 100_000);
    assert!(at_once(store.keys("own:", "*")).unwrap().is_empty());
    // The names of all foreign entries together have 10 MB.
    let grown = memory().saturating_sub(before);
    assert!(grown < 4 << 20, "grown by {grown} bytes");
}

/// What this process has in memory, in bytes; 0 where that is not told.
fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
