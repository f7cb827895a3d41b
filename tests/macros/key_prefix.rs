//! `key_prefix`: the first part of the key, and what it is when nothing is said.

use cache_runtime::cache_result;

use crate::support::*;

const PREFIX: &str = "const_prefix";

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "user_tasks")]
    fn literal(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = PREFIX)]
    fn constant(place: &Place, id: u64) -> u32 {
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

mod other {
    use super::*;

    cached! {
        #[cache_result(cache = place.cache, skip(place))]
        pub(super) fn omitted(place: &Place, id: u64) -> u32 {
            let _ = id;
            place.run()
        }
    }
}

/// What stands between the cache's prefix and version and the hash.
fn prefix_of(key: &str) -> &str {
    let (prefix, hash) = shared_part(key).rsplit_once(':').unwrap();
    assert_eq!(hash.len(), 32, "{key}");
    prefix
}

scenario! {
    fn a_literal_stands_in_the_key(place) {
        assert_eq!(prefix_of(&literal::entry(place, 1).key()), "user_tasks");
    }
}

scenario! {
    fn a_constant_stands_in_the_key(place) {
        assert_eq!(prefix_of(&constant::entry(place, 1).key()), "const_prefix");
    }
}

scenario! {
    fn without_it_the_path_of_the_function_stands_there(place) {
        let path = module_path!().replace("::", ".");
        let (module, _) = path.rsplit_once('.').unwrap();
        let key = omitted::entry(place, 1).key();
        assert_eq!(prefix_of(&key), format!("{module}.omitted"));
    }
}

scenario! {
    fn functions_of_one_name_in_two_modules_do_not_meet(place) {
        assert_eq!(done!(omitted(place, 1)), 1);
        assert_eq!(done!(other::omitted(place, 1)), 2);
        assert_eq!(done!(omitted(place, 1)), 1);
        assert_eq!(place.cache.stats().collisions, 0);
        assert_ne!(omitted::entry(place, 1).key(), other::omitted::entry(place, 1).key());
    }
}

scenario! {
    fn the_key_that_the_entry_tells_is_the_one_on_the_server(place) {
        let key = literal::entry(place, 1).key();
        assert_ne!(place.server_has(&key), Some(true));
        done!(literal(place, 1));
        assert_ne!(place.server_has(&key), Some(false));
    }
}

scenario! {
    fn the_key_starts_with_the_prefix_and_the_version_of_the_cache(place) {
        let place = &place.with_cache(place.cache.with_prefix("task_api").with_version(3));
        assert!(literal::entry(place, 1).key().starts_with("task_api:3:user_tasks:"));
        assert_eq!(done!(literal(place, 1)), 1);
        assert_eq!(done!(literal(place, 1)), 1);
    }
}
