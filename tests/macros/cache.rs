//! `cache`: an alias, or any expression that gives a `Cache`.

use std::sync::Mutex;

use cache_runtime::{Cache, cache_result, caches};

use crate::support::*;

cached! {
    #[cache_result(cache = "cache_tests.alias", skip(place))]
    fn by_alias(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

scenario! {
    fn an_alias_stands_for_the_cache_that_it_has_now(place) {
        // The scenarios share the alias, and must not change it for each other.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock();
        // One thread: it must notice that its cache is not the cache any more.
        std::thread::scope(|scope| scope.spawn(|| exchange(place)).join().unwrap());
    }
}

fn exchange(place: &Place) {
    let call = || on_this_thread!(by_alias(place, 1));
    caches()
        .set("cache_tests.alias", place.cache.clone())
        .unwrap();
    assert_eq!([call(), call()], [1, 1]);
    let second = Cache::isolated();
    caches().set("cache_tests.alias", second.clone()).unwrap();
    assert_eq!([call(), call()], [2, 2], "the new cache was empty");
    caches()
        .set("cache_tests.alias", place.cache.clone())
        .unwrap();
    assert_eq!(call(), 1, "the first has kept its own");
    assert_eq!(second.stats().hits, 1);
}

cached! {
    #[cache_result(cache = choose(&place.cache, id), skip(place))]
    fn by_expression(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

fn choose(cache: &Cache, id: u64) -> Cache {
    cache.with_prefix(if id.is_multiple_of(2) { "even" } else { "odd" })
}

scenario! {
    fn an_expression_may_use_the_arguments(place) {
        assert_eq!(done!(by_expression(place, 1)), 1);
        assert_eq!(done!(by_expression(place, 2)), 2);
        assert_eq!(done!(by_expression(place, 1)), 1);
        let keys = [1, 2].map(|id| by_expression::entry(place, id).key());
        assert!(keys[0].starts_with("odd:1:") && keys[1].starts_with("even:1:"), "{keys:?}");
        assert_eq!(by_expression::stats_in(&choose(&place.cache, 1)).hits, 1);
        assert_eq!(by_expression::stats_in(&choose(&place.cache, 2)).hits, 0);
    }
}

cached! {
    #[cache_result(cache = *cache, key(id))]
    fn in_that(cache: &Cache, place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

scenario! {
    fn two_caches_share_nothing(place) {
        let [one, two] = ["one", "two"].map(|prefix| place.cache.with_prefix(prefix));
        let third = Cache::isolated();
        assert_eq!(done!(in_that(&one, place, 1)), 1);
        assert_eq!(done!(in_that(&two, place, 1)), 2);
        assert_eq!(done!(in_that(&third, place, 1)), 3);
        assert_eq!(done!(in_that(&one, place, 1)), 1);
        done!(in_that::clear_in(&one)).unwrap();
        assert_eq!(done!(in_that(&two, place, 1)), 2);
        assert_eq!(done!(in_that(&third, place, 1)), 3);
        assert_eq!(done!(in_that(&one, place, 1)), 4);
    }
}

scenario! {
    fn a_cache_that_keeps_nothing_runs_the_function_each_time(place) {
        let dummy = Cache::from_url("dummy://").unwrap();
        assert_eq!(done!(in_that(&dummy, place, 1)), 1);
        assert_eq!(done!(in_that(&dummy, place, 1)), 2);
        assert_eq!(done!(in_that::entry(&dummy, place, 1).get()).unwrap(), None);
    }
}
