//! `tags`: labels that entries carry.

use cache_runtime::cache_result;

use crate::support::*;

const ALL: &str = "all";

cached! {
    #[cache_result(cache = place.cache, key(id), tags(ALL, "user:{id}", "run:{result}"))]
    fn load(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

scenario! {
    fn a_tagged_function_is_cached(place) {
        assert_eq!(done!(load(place, 7)), 1);
        assert_eq!(done!(load(place, 7)), 1);
        assert_eq!(done!(load::entry(place, 7).get()).unwrap(), Some(1));
    }
}
