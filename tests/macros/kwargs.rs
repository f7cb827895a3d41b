//! `kwargs(...)`: arguments that a Python caller gives by name.

use cache_runtime::{Cache, cache_result};

use crate::support::*;

cached! {
    #[cache_result(cache = Cache::isolated(), skip(place), key_prefix = "x", name = "f")]
    fn positional(place: &Place, a: u32, b: u32) -> u32 {
        let _ = (a, b);
        place.run()
    }
}

cached! {
    #[cache_result(cache = Cache::isolated(), skip(place), kwargs(b), key_prefix = "x", name = "f")]
    fn keyword(place: &Place, a: u32, b: u32) -> u32 {
        let _ = (a, b);
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), kwargs(b, a))]
    fn all(place: &Place, a: u32, b: u32) -> u32 {
        let _ = (a, b);
        place.run()
    }
}

cached! {
    #[cache_result(cache = Cache::isolated(), key(a + 1), kwargs(b), key_prefix = "x", name = "f")]
    fn beside_key(place: &Place, a: u32, b: u32, c: u32) -> u32 {
        let _ = (a, b, c);
        place.run()
    }
}

scenario! {
    fn keys_are_those_of_the_python_calls(place) {
        let end = |key: String| shared_part(&key).to_owned();
        // f(1, 2) and f(1, b=2)
        let [first, second] = [
            "x:54139dc9c7138bfcec29934471b9b9cc",
            "x:727da17b43bf15eb9420175ae0ea8293",
        ];
        assert_eq!(end(positional::entry(place, 1, 2).key()), first);
        assert_eq!(end(keyword::entry(place, 1, 2).key()), second);
        assert_eq!(end(beside_key::entry(place, 0, 2, 9).key()), second);
    }
}

cached! {
    #[cache_result(cache = Cache::isolated(), skip(place, struct), kwargs(type), key_prefix = "x", name = "f")]
    fn keyword_names(place: &Place, a: u32, r#type: u32, r#struct: u32) -> u32 {
        let _ = (a, r#type, r#struct);
        place.run()
    }
}

cached! {
    #[cache_result(
        cache = Cache::isolated(), skip(place, r#struct), kwargs(r#type), key_prefix = "x", name = "f",
    )]
    fn raw_names(place: &Place, a: u32, r#type: u32, r#struct: u32) -> u32 {
        let _ = (a, r#type, r#struct);
        place.run()
    }
}

scenario! {
    fn a_keyword_of_rust_is_named_with_its_mark_or_without(place) {
        let raw = raw_names::entry(place, 1, 2, 3).key();
        assert_eq!(keyword_names::entry(place, 1, 2, 9).key(), raw, "skipped");
        assert_ne!(positional::entry(place, 1, 2).key(), raw, "by name");
        assert_ne!(keyword_names::entry(place, 1, 3, 9).key(), raw);
    }
}

cached! {
    #[cache_result(
        cache = Cache::isolated(), skip(place, r#gen), kwargs(r#type), key_prefix = "x", name = "f",
    )]
    fn new_skipped(place: &Place, a: u32, r#type: u32, r#gen: u32) -> u32 {
        let _ = (a, r#type, r#gen);
        place.run()
    }
}

cached! {
    #[cache_result(
        cache = Cache::isolated(), skip(place, type), kwargs(gen), key_prefix = "x", name = "f",
    )]
    fn new_by_name(place: &Place, a: u32, r#type: u32, r#gen: u32) -> u32 {
        let _ = (a, r#type, r#gen);
        place.run()
    }
}

scenario! {
    fn so_is_a_keyword_of_this_edition_alone(place) {
        let raw = raw_names::entry(place, 1, 2, 3).key();
        assert_eq!(new_skipped::entry(place, 1, 2, 9).key(), raw);
        let by_name = new_by_name::entry(place, 1, 9, 2).key();
        assert_eq!(new_by_name::entry(place, 1, 8, 2).key(), by_name, "skipped");
        assert_ne!(new_by_name::entry(place, 1, 8, 3).key(), by_name);
        assert_ne!(positional::entry(place, 1, 2).key(), by_name, "by name");
    }
}

scenario! {
    fn keyword_arguments_are_told_apart_by_name(place) {
        assert_eq!(done!(all(place, 1, 2)), 1);
        assert_eq!(done!(all(place, 2, 1)), 2);
        assert_eq!(done!(all(place, 1, 2)), 1);
    }
}
