//! `key(...)` and what makes two keys: expressions, their order, their types, `self`.

use std::collections::{BTreeMap, HashMap};

use cache_runtime::{Cache, cache_result};
use serde::Serialize;

use crate::support::*;

#[derive(Clone, Serialize)]
struct User {
    id: u64,
    name: String,
}

cached! {
    #[cache_result(cache = place.cache, key(user.id, lang.to_lowercase()))]
    fn chosen(place: &Place, user: &User, lang: &str, noise: f32) -> u32 {
        let _ = (user.name.len(), lang, noise);
        place.run()
    }
}

fn user(id: u64, name: &str) -> User {
    User {
        id,
        name: name.to_owned(),
    }
}

scenario! {
    fn only_what_is_named_is_in_the_key(place) {
        assert_eq!(done!(chosen(place, &user(1, "a"), "en", 0.5)), 1);
        assert_eq!(done!(chosen(place, &user(1, "b"), "EN", 1.5)), 1);
        assert_eq!(done!(chosen(place, &user(2, "a"), "en", 0.5)), 2);
        assert_eq!(done!(chosen(place, &user(1, "a"), "de", 0.5)), 3);
    }
}

cached! {
    #[cache_result(cache = place.cache, key(b, a))]
    fn turned(place: &Place, a: u64, b: u64) -> u32 {
        let _ = (a, b);
        place.run()
    }
}

cached! {
    #[cache_result(cache = Cache::isolated(), skip(place), key_prefix = "p", name = "f")]
    fn straight(place: &Place, a: u64, b: u64) -> u32 {
        let _ = (a, b);
        place.run()
    }
}

cached! {
    #[cache_result(cache = Cache::isolated(), key(b, a), key_prefix = "p", name = "f")]
    fn swapped(place: &Place, a: u64, b: u64) -> u32 {
        let _ = (a, b);
        place.run()
    }
}

scenario! {
    fn the_parts_are_in_the_order_in_which_they_are_named(place) {
        assert_eq!(straight::entry(place, 1, 2).key(), swapped::entry(place, 2, 1).key());
        assert_ne!(straight::entry(place, 1, 2).key(), swapped::entry(place, 1, 2).key());
        assert_eq!(done!(turned(place, 1, 2)), 1);
        assert_eq!(done!(turned(place, 2, 1)), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, key(first, pair.1))]
    fn of_patterns(place: &Place, (first, second): (u64, u64), pair: (u64, u64)) -> u32 {
        let _ = (first, second, pair);
        place.run()
    }
}

scenario! {
    fn a_part_of_a_pattern_can_be_named(place) {
        assert_eq!(done!(of_patterns(place, (1, 2), (3, 4))), 1);
        assert_eq!(done!(of_patterns(place, (1, 9), (9, 4))), 1);
        assert_eq!(done!(of_patterns(place, (2, 2), (3, 4))), 2);
        assert_eq!(done!(of_patterns(place, (1, 2), (3, 5))), 3);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn of<A: Serialize + Send + Sync>(place: &Place, value: A) -> u32 {
        let _ = value;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn of_option(place: &Place, value: Option<Option<u32>>) -> u32 {
        let _ = value;
        place.run()
    }
}

scenario! {
    fn none_and_some_none_are_two_keys(place) {
        assert_eq!(done!(of_option(place, None)), 1);
        assert_eq!(done!(of_option(place, Some(None))), 2);
        assert_eq!(done!(of_option(place, Some(Some(0)))), 3);
        assert_eq!(done!(of_option(place, None)), 1);
        assert_eq!(done!(of_option(place, Some(None))), 2);
        let keys = [None, Some(None)].map(|value| of_option::entry(place, value).key());
        assert_ne!(keys[0], keys[1]);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn of_texts(place: &Place, a: &str, b: &str) -> u32 {
        let _ = (a, b);
        place.run()
    }
}

scenario! {
    fn texts_do_not_run_into_each_other(place) {
        assert_eq!(done!(of_texts(place, "ab", "c")), 1);
        assert_eq!(done!(of_texts(place, "a", "bc")), 2);
        assert_eq!(done!(of_texts(place, "", "abc")), 3);
        assert_eq!(done!(of_texts(place, "a\0b", "c")), 4);
        assert_eq!(done!(of_texts(place, "a", "\0bc")), 5);
        assert_eq!(done!(of_texts(place, "ab", "c")), 1);
    }
}

scenario! {
    fn long_arguments_are_compared_to_the_end(place) {
        let long = "x".repeat(100_000);
        assert_eq!(done!(of_texts(place, &long, "a")), 1);
        assert_eq!(done!(of_texts(place, &long, "b")), 2);
        assert_eq!(done!(of_texts(place, &format!("{long}y"), "a")), 3);
        assert_eq!(done!(of_texts(place, &long, "a")), 1);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn of_map(place: &Place, map: &HashMap<String, BTreeMap<u32, bool>>) -> u32 {
        let _ = map;
        place.run()
    }
}

scenario! {
    fn maps_of_another_order_are_the_same_argument(place) {
        let map = |keys: &[&str]| -> HashMap<String, BTreeMap<u32, bool>> {
            keys.iter().map(|&key| (key.to_owned(), [(1, true), (10, false)].into())).collect()
        };
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let first = done!(of_map(place, &map(&names)));
        for turn in 0..names.len() {
            // Every `HashMap` has an order of its own, too.
            let mut names = names;
            names.rotate_left(turn);
            assert_eq!(done!(of_map(place, &map(&names))), first);
        }
        assert_ne!(done!(of_map(place, &map(&names[1..]))), first);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn of_float(place: &Place, value: f64) -> u32 {
        let _ = value;
        place.run()
    }
}

scenario! {
    fn nan_is_an_argument_like_any_other(place) {
        assert_eq!(done!(of_float(place, f64::NAN)), 1);
        assert_eq!(done!(of_float(place, f64::NAN)), 1);
        assert_eq!(done!(of_float(place, f64::INFINITY)), 2);
        assert_eq!(done!(of_float(place, f64::NEG_INFINITY)), 3);
        assert_eq!(done!(of_float(place, 0.0)), 4);
        assert_eq!(done!(of_float(place, f64::MIN_POSITIVE)), 5);
        assert_eq!(done!(of_float(place, f64::INFINITY)), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn of_odd_map(place: &Place, map: BTreeMap<Vec<u8>, u32>) -> u32 {
        let _ = map;
        place.run()
    }
}

scenario! {
    fn arguments_that_cannot_be_a_key_never_break_a_call(place) {
        let map: BTreeMap<Vec<u8>, u32> = [(vec![1], 1)].into();
        assert_eq!(done!(of_odd_map(place, map.clone())), 1);
        assert_eq!(done!(of_odd_map(place, map.clone())), 2, "it runs uncached");
        assert_eq!(of_odd_map::stats_in(&place.cache).errors, 2, "and that is counted");
        let entry = of_odd_map::entry(place, map);
        assert_eq!(entry.key(), "");
        assert_eq!(done!(entry.get()).unwrap_err().kind(), cache_runtime::ErrorKind::Key);
    }
}

struct Service<'a> {
    tenant_id: u64,
    place: &'a Place,
}

impl Service<'_> {
    cached! {
        #[cache_result(cache = self.place.cache, key(self.tenant_id, id))]
        pub(crate) fn task(&self, id: u64) -> u32 {
            let _ = id;
            self.place.run()
        }
    }
}

scenario! {
    fn two_tenants_never_share_an_entry(place) {
        let [one, two] = [1, 2].map(|tenant_id| Service { tenant_id, place });
        assert_eq!(done!(one.task(7)), 1);
        assert_eq!(done!(two.task(7)), 2);
        assert_eq!(done!(one.task(7)), 1);
        assert_eq!(done!(two.task(7)), 2);
        assert_ne!(one.task_entry(7).key(), two.task_entry(7).key());
        done!(one.task_entry(7).delete()).unwrap();
        assert_eq!(done!(two.task(7)), 2, "and one does not delete the other's");
    }
}

scenario! {
    fn another_instance_of_one_tenant_has_the_same_entries(place) {
        assert_eq!(done!(Service { tenant_id: 1, place }.task(7)), 1);
        assert_eq!(done!(Service { tenant_id: 1, place }.task(7)), 1);
    }
}

scenario! {
    fn a_borrowed_argument_of_a_generic_function_is_its_own_type(place) {
        assert_eq!(done!(of(place, 1_u8)), 1);
        assert_eq!(done!(of(place, 1_u16)), 2);
        assert_eq!(done!(of(place, "1")), 3);
        assert_eq!(done!(of(place, 1_u8)), 1);
    }
}
