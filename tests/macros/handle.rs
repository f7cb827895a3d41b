//! `handle`: another name for what stands beside a function, and companions for private methods.

use cache_runtime::{Cache, cache_result};

use crate::support::*;

/// A module that has the function's name already.
mod tasks {
    pub(super) const LIMIT: u64 = 10;
}

#[cache_result(cache = place.cache, skip(place), handle = tasks_cache)]
fn tasks(place: &Place, user: u64) -> u32 {
    let _ = user % tasks::LIMIT;
    place.run()
}

#[cache_result(cache = place.cache, skip(place), handle = later_tasks)]
async fn tasks_async(place: &Place, user: u64) -> u32 {
    let _ = user;
    place.run()
}

struct Service {
    place: Place,
}

impl Service {
    #[cache_result(cache = self.place.cache, skip(self), handle = hidden)]
    fn private(&self, id: u64) -> u32 {
        let _ = id;
        self.place.run()
    }

    #[cache_result(cache = self.place.cache, skip(self), handle = renamed)]
    pub(crate) async fn public(&self, id: u64) -> u32 {
        let _ = id;
        self.place.run()
    }

    #[cache_result(cache = self.place.cache, skip(self))]
    pub(crate) fn plain(&self, id: u64) -> u32 {
        let _ = id;
        self.place.run()
    }
}

#[test]
fn the_handle_of_a_function_has_the_name_that_is_given() {
    let place = &Place::in_process();
    assert_eq!(tasks(place, 1), 1);
    assert_eq!(tasks_cache::entry(place, 1).get().unwrap(), Some(1));
    assert_eq!(tasks_cache::refresh(place, 1), 2);
    assert_eq!(tasks_cache::uncached(place, 1), 3);
    assert_eq!(tasks(place, 1), 2);
    tasks_cache::clear_in(&place.cache).unwrap();
    assert_eq!(tasks(place, 1), 4);
    assert_eq!(tasks_cache::stats_in(&place.cache).hits, 2);
}

#[test]
fn the_handle_of_an_async_function_is_async() {
    let place = &Place::in_process();
    futures_executor::block_on(async {
        assert_eq!(tasks_async(place, 1).await, 1);
        assert_eq!(later_tasks::entry(place, 1).get().await.unwrap(), Some(1));
        assert_eq!(later_tasks::refresh(place, 1).await, 2);
    });
    let entry = later_tasks::entry(place, 1).blocking();
    assert_eq!(
        entry.get().unwrap(),
        Some(2),
        "a sync caller has the same entry"
    );
    entry.delete().unwrap();
    assert_eq!(entry.awaiting().key(), entry.key());
    assert_eq!(futures_executor::block_on(tasks_async(place, 1)), 3);
}

#[test]
fn a_private_method_has_companions_if_it_asks_for_them() {
    let service = Service {
        place: Place::in_process(),
    };
    assert_eq!(service.private(1), 1);
    assert_eq!(service.hidden_entry(1).get().unwrap(), Some(1));
    assert_eq!(service.hidden_refresh(1), 2);
    assert_eq!(service.hidden_uncached(1), 3);
    assert_eq!(service.private(1), 2);
}

#[test]
fn companions_begin_with_the_name_that_is_given() {
    let service = Service {
        place: Place::in_process(),
    };
    futures_executor::block_on(async {
        assert_eq!(service.public(1).await, 1);
        assert_eq!(service.renamed_entry(1).get().await.unwrap(), Some(1));
        assert_eq!(service.renamed_refresh(1).await, 2);
        assert_eq!(service.renamed_uncached(1).await, 3);
        assert_eq!(service.public(1).await, 2);
    });
}

#[test]
fn companions_of_a_public_method_begin_with_its_own_name() {
    let service = Service {
        place: Place::in_process(),
    };
    assert_eq!(service.plain(1), 1);
    service.plain_entry(1).set(&9).unwrap();
    assert_eq!(service.plain(1), 9);
    assert_eq!(service.plain_refresh(1), 2);
    assert_eq!(service.plain_uncached(1), 3);
    assert_eq!(service.plain(1), 2);
}

#[cache_result(cache = "cache_tests.handle")]
fn with_alias(id: u64) -> u64 {
    id
}

#[test]
fn with_an_alias_clear_and_stats_need_no_cache() {
    cache_runtime::caches()
        .set("cache_tests.handle", Cache::isolated())
        .unwrap();
    with_alias(1);
    with_alias(1);
    assert_eq!(
        (with_alias::stats().hits, with_alias::stats().misses),
        (1, 1)
    );
    with_alias::clear().unwrap();
    with_alias(1);
    assert_eq!(
        (with_alias::stats().hits, with_alias::stats().misses),
        (1, 2)
    );
}
