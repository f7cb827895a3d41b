//! `version`: Django's version of a key.

use cache_runtime::cache_result;

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
