//! What a function changes, where the store fails or the caller goes away: its result is what it was,
//! and the rest is made up for.

use std::time::Duration;

use cache_runtime::testing::{Clock, Fault, FaultyStore, When};
use cache_runtime::{Cache, ErrorKind, cache_evict, cache_result};

#[path = "../../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

use crate::support::{SECOND, on_tokio};
use crate::tracing_log::warnings_of;
use store::OwnStore;

#[cache_result(cache = cache, key(id))]
async fn load(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id
}

#[cache_evict(load::entry(cache, id))]
fn change(cache: &Cache, id: u64) -> Result<u64, std::fmt::Error> {
    let _ = cache;
    Ok(id)
}

#[cache_evict([1, 2, 3].map(|id| load::entry(cache, id)), tag("a"), cache = *cache)]
async fn change_all(cache: &Cache) -> u64 {
    let _ = cache;
    1
}

fn told(cache: &Cache) -> usize {
    let warnings = warnings_of(|| assert_eq!(change(cache, 1), Ok(1)));
    let ours = warnings.iter().filter(|text| text.contains("::change\""));
    ours.count()
}

#[test]
fn a_failure_is_told_once_and_changes_no_result() {
    let (store, clock) = (FaultyStore::new(OwnStore::default()), Clock::manual());
    let builder = Cache::builder().store(store.clone()).clock(clock.clone());
    let cache = builder.build().unwrap();
    assert_eq!(told(&cache), 0);
    for _ in 0..2 {
        store.inject(Fault::Error(ErrorKind::Unavailable), When::Always);
        assert_eq!(told(&cache), 1);
        assert_eq!(told(&cache), 0);
        store.heal();
        clock.advance(SECOND);
        assert_eq!(told(&cache), 0);
    }
}

#[test]
fn a_caller_who_goes_away_leaves_nothing_behind() {
    on_tokio(async {
        let store = FaultyStore::new(OwnStore::default());
        let cache = Cache::builder().store(store.clone()).build().unwrap();
        for id in 1..4 {
            load(&cache, id).await;
        }
        let is_there = async |id| load::entry(&cache, id).get().await.unwrap().is_some();
        assert!(is_there(1).await && is_there(2).await && is_there(3).await);
        store.inject_on(
            "delete",
            Fault::Delay(Duration::from_millis(50)),
            When::Always,
        );
        tokio::select! {
            biased;
            _ = change_all(&cache) => panic!("it should wait"),
            () = tokio::time::sleep(Duration::from_millis(10)) => {}
        }
        let start = std::time::Instant::now();
        while is_there(1).await || is_there(2).await || is_there(3).await {
            assert!(start.elapsed() < 10 * SECOND, "they are still there");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}
