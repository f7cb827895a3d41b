//! `name`: the `func` of the key.

use cache_runtime::{Cache, cache_result};

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "p")]
    fn load(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "p", name = "load")]
    fn other(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "p")]
    fn r#match(place: &Place, r#type: u64) -> u32 {
        let _ = r#type;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "p", name = "match")]
    fn named_match(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

/// Two functions with one key may not be in one cache.
fn elsewhere(place: &Place) -> Place {
    place.with_cache(Cache::isolated())
}

scenario! {
    fn the_name_stands_for_the_function_in_the_key(place) {
        let key = load::entry(place, 1).key();
        let same = other::entry(&elsewhere(place), 1).key();
        assert_eq!(shared_part(&key), shared_part(&same));
        assert_ne!(key, r#match::entry(place, 1).key());
    }
}

scenario! {
    fn a_raw_identifier_is_named_without_its_mark(place) {
        let key = r#match::entry(place, 1).key();
        let same = named_match::entry(&elsewhere(place), 1).key();
        assert_eq!(shared_part(&key), shared_part(&same));
        assert_eq!(done!(r#match(place, 1)), 1);
        assert_eq!(done!(r#match(place, 1)), 1);
    }
}
