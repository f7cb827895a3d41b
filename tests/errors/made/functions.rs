//! Errors of cached functions, and of their entries.

use std::collections::BTreeMap;
use std::time::Duration;

use cache_runtime::testing::{self, Fault, FaultyStore, When};
use cache_runtime::{Cache, CacheError, ErrorKind, Override, cache_result, overrides};

use super::stores::Least;
use crate::group::Group;

#[cache_result(key_prefix = "tasks", name = "load", cache = cache, key(id))]
fn first(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id
}

#[cache_result(key_prefix = "tasks", name = "load", cache = cache, key(id))]
fn second(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id + 1
}

#[cache_result(strict, cache = cache, key(id))]
fn strict(cache: &Cache, id: u64) -> Result<u64, CacheError> {
    let _ = cache;
    Ok(id)
}

#[cache_result(hard_timeout = "2s", cache = cache, key(id))]
async fn slow(cache: &Cache, id: u64) -> Result<u64, CacheError> {
    let _ = cache;
    std::future::pending::<()>().await;
    Ok(id)
}

#[cache_result]
fn by_map(map: BTreeMap<(u8, u8), u8>) -> usize {
    map.len()
}

#[cache_result(cache = "cache_tests.sesions")]
fn of_no_cache(id: u64) -> u64 {
    id
}

#[cache_result(cache = cache, key(id))]
fn is_off(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id
}

/// What `warm` says of a function that is switched off.
fn switched_off() -> String {
    let name = "errors::made::functions::is_off";
    overrides().set(name, Override::off()).unwrap();
    let cache = Cache::isolated();
    let warmed = is_off::warm([(&cache, 1)]).quiet().run();
    warmed.failures[0].error.clone()
}

pub(crate) fn groups() -> Vec<Group> {
    let cache = Cache::isolated();
    first(&cache, 1);
    let claimed = second::entry(&cache, 1).get().unwrap_err();

    let store = FaultyStore::new(Least);
    store.inject(Fault::Error(ErrorKind::Unavailable), When::Always);
    let broken = Cache::builder().store(store).build().unwrap();
    let (timed, clock) = testing::isolated();
    let call = std::thread::spawn(move || futures_executor::block_on(slow(&timed, 1)));
    while !call.is_finished() {
        clock.advance(Duration::from_secs(1));
        std::thread::yield_now();
    }
    let unkeyed = by_map::entry([((1, 2), 3)].into()).get().unwrap_err();
    let said = |text| overrides().set_all(text).unwrap_err();
    vec![
        Group::new("run switched_off", [switched_off()]),
        Group::new(
            "run overrides",
            ["get_tasks", "get_tasks=of", "get tasks=off"].map(said),
        ),
        Group::new("run collision", [claimed]),
        Group::new("run strict", [strict(&broken, 1).unwrap_err()]),
        Group::new("run hard_timeout", [call.join().unwrap().unwrap_err()]),
        Group::new("run key_of_arguments", [unkeyed]),
        Group::new(
            "run unknown_cache",
            [of_no_cache::entry(1).get().unwrap_err()],
        ),
    ]
}
