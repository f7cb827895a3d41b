//! `version`: Django's version of a key.

use std::sync::LazyLock;

use cache_runtime::{Cache, cache_evict, cache_result};

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place), version = 7)]
    fn fixed(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), version = schema)]
    fn chosen(place: &Place, id: u64, schema: i32) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn omitted(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

scenario! {
    fn it_stands_in_the_key(place) {
        assert!(fixed::entry(place, 1).key().contains(":7:"));
        assert!(chosen::entry(place, 1, -20).key().contains(":-20:"));
        assert!(omitted::entry(place, 1).key().contains(":1:"));
    }
}

scenario! {
    fn a_new_version_does_not_see_the_old_entries(place) {
        assert_eq!(done!(chosen(place, 1, 1)), 1);
        assert_eq!(done!(chosen(place, 1, 2)), 2);
        assert_eq!(done!(chosen(place, 1, 1)), 1);
        assert_eq!(done!(chosen(place, 1, 2)), 2);
    }
}

scenario! {
    fn without_it_the_version_of_the_cache_counts(place) {
        let newer = place.with_cache(place.cache.with_version(2));
        assert_eq!(done!(omitted(place, 1)), 1);
        assert_eq!(done!(omitted(&newer, 1)), 1, "the run of another count");
        assert_eq!(newer.runs(), 1);
        assert!(omitted::entry(&newer, 1).key().contains(":2:"));
        assert_eq!(done!(fixed(place, 1)), 2);
        assert_eq!(done!(fixed(&newer, 1)), 2, "its own version is stronger");
    }
}

cached! {
    #[cache_result(skip(place), version = 7)]
    fn of_an_alias(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(skip(place), key_prefix = "plain")]
    fn of_the_cache(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

scenario! {
    fn a_clear_forgets_the_entries_of_the_functions_own_version(place) {
        for place in [&place.with_cache(place.cache.clone()), &place.in_json()] {
            assert_eq!(within!(&place.cache, of_an_alias(place, 1)), 1);
            assert_eq!(within!(&place.cache, of_the_cache(place, 1)), 2);
            within!(&place.cache, of_an_alias::clear()).unwrap();
            assert_eq!(within!(&place.cache, of_an_alias::entry(place, 1).get()).unwrap(), None);
            assert_eq!(within!(&place.cache, of_an_alias(place, 1)), 3);
            assert_eq!(within!(&place.cache, of_the_cache(place, 1)), 2);
        }
    }
}

cached! {
    #[cache_evict(clear(of_an_alias))]
    fn change() {}
}

scenario! {
    fn so_does_an_evict(place) {
        for place in [&place.with_cache(place.cache.clone()), &place.in_json()] {
            assert_eq!(within!(&place.cache, of_an_alias(place, 1)), 1);
            within!(&place.cache, change());
            assert_eq!(within!(&place.cache, of_an_alias(place, 1)), 2);
        }
    }
}

cached! {
    #[cache_evict(clear(fixed, of_an_alias), cache = place.cache)]
    fn change_in(place: &Place) {
        let _ = place;
    }
}

scenario! {
    fn a_clear_in_a_cache_is_of_the_functions_version_too(place) {
        for place in [&place.with_cache(place.cache.clone()), &place.in_json()] {
            assert_eq!(done!(fixed(place, 1)), 1);
            done!(fixed::clear_in(&place.cache)).unwrap();
            assert_eq!(done!(fixed(place, 1)), 2);
            assert_eq!(within!(&place.cache, of_an_alias(place, 1)), 3);
            done!(change_in(place));
            assert_eq!(done!(fixed(place, 1)), 4);
            assert_eq!(within!(&place.cache, of_an_alias(place, 1)), 5);
        }
    }
}

static OWN: LazyLock<Cache> = LazyLock::new(Cache::isolated);
static RUNS: Runs = Runs::new();

fn own_version() -> i16 {
    7
}

cached! {
    #[cache_result(cache = OWN, version = own_version())]
    fn of_an_expression(id: u64) -> u64 {
        let _ = id;
        RUNS.run()
    }
}

cached! {
    #[cache_evict(clear(of_an_expression))]
    fn change_own() {}
}

#[test]
fn a_cache_by_an_expression_is_cleared_in_the_functions_version() {
    assert_eq!(on_this_thread!(of_an_expression(1)), 1);
    on_this_thread!(of_an_expression::clear()).unwrap();
    assert_eq!(on_this_thread!(of_an_expression(1)), 2);
    on_this_thread!(change_own());
    assert_eq!(on_this_thread!(of_an_expression(1)), 3);
}

cached! {
    #[cache_result(key(id), version = schema)]
    fn chosen_of_an_alias(place: &Place, id: u64, schema: i32) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_evict(clear(chosen_of_an_alias), cache = place.cache.with_version(3))]
    fn change_three(place: &Place) {
        let _ = place;
    }
}

scenario! {
    fn of_a_version_by_an_argument_that_of_the_given_cache_is_cleared(place) {
        for place in [&place.with_cache(place.cache.clone()), &place.in_json()] {
            for schema in [2, 3] {
                let run = u32::try_from(schema).unwrap() - 1;
                assert_eq!(within!(&place.cache, chosen_of_an_alias(place, 1, schema)), run);
            }
            done!(chosen_of_an_alias::clear_in(&place.cache.with_version(2))).unwrap();
            assert_eq!(within!(&place.cache, chosen_of_an_alias(place, 1, 3)), 2);
            assert_eq!(within!(&place.cache, chosen_of_an_alias(place, 1, 2)), 3);
            done!(change_three(place));
            assert_eq!(within!(&place.cache, chosen_of_an_alias(place, 1, 2)), 3);
            assert_eq!(within!(&place.cache, chosen_of_an_alias(place, 1, 3)), 4);
            assert_eq!(chosen_of_an_alias::stats_in(&place.cache).misses, 4);
        }
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), version = schema)]
    fn cleared_meanwhile(place: &Place, id: u64, schema: i32, cleared: i32) -> u32 {
        let _ = (id, schema);
        done!(cleared_meanwhile::clear_in(&place.cache.with_version(cleared))).unwrap();
        place.run()
    }
}

scenario! {
    fn a_clear_of_another_version_leaves_what_runs(place) {
        assert_eq!(done!(cleared_meanwhile(place, 1, 2, 3)), 1);
        assert_eq!(done!(cleared_meanwhile(place, 1, 2, 3)), 1);
        assert_eq!(done!(cleared_meanwhile(place, 2, 2, 2)), 2);
        assert_eq!(done!(cleared_meanwhile(place, 2, 2, 2)), 3);
    }
}

trait Schema {
    const VERSION: u32;
}

impl Schema for u8 {
    const VERSION: u32 = 5;
}

cached! {
    #[cache_result(skip(place), version = T::VERSION)]
    fn of_a_type<T: Schema>(place: &Place) -> u32 {
        place.run()
    }
}

scenario! {
    fn a_version_by_a_type_is_that_of_the_given_cache(place) {
        assert_eq!(within!(&place.cache, of_a_type::<u8>(place)), 1);
        done!(of_a_type::clear_in(&place.cache.with_version(5))).unwrap();
        assert_eq!(within!(&place.cache, of_a_type::<u8>(place)), 2);
    }
}
