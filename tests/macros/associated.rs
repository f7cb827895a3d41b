//! `associated`: functions of a type without `self`.

use cache_runtime::cache_result;

use crate::support::*;

struct Task;

impl Task {
    cached! {
        #[cache_result(cache = place.cache, skip(place), associated)]
        pub(crate) fn load(place: &Place, id: u64) -> u32 {
            let _ = id;
            place.run()
        }
    }

    cached! {
        #[cache_result(cache = place.cache, skip(place), associated)]
        fn private(place: &Place, id: u64) -> u32 {
            done!(Self::load(place, id)) * 10 + place.run()
        }
    }
}

struct User;

impl User {
    cached! {
        #[cache_result(cache = place.cache, skip(place), associated)]
        pub(crate) fn load(place: &Place, id: u64) -> u32 {
            let _ = id;
            place.run()
        }
    }
}

scenario! {
    fn it_is_cached_like_any_function(place) {
        assert_eq!(done!(Task::load(place, 1)), 1);
        assert_eq!(done!(Task::load(place, 1)), 1);
        assert_eq!(done!(Task::load(place, 2)), 2);
        assert_eq!(done!(Task::private(place, 1)), 13);
        assert_eq!(done!(Task::private(place, 1)), 13);
    }
}

scenario! {
    fn functions_of_one_name_of_two_types_do_not_meet(place) {
        assert_eq!(done!(Task::load(place, 1)), 1);
        assert_eq!(done!(User::load(place, 1)), 2);
        assert_eq!(done!(Task::load(place, 1)), 1);
        assert_eq!(place.cache.stats().collisions, 0);
        let keys = [Task::load_entry(place, 1).key(), User::load_entry(place, 1).key()];
        assert!(keys[0].contains(".associated.Task.load:"), "{keys:?}");
        assert!(keys[1].contains(".associated.User.load:"), "{keys:?}");
    }
}

scenario! {
    fn its_companions_are_associated_functions(place) {
        assert_eq!(done!(Task::load(place, 1)), 1);
        assert_eq!(done!(Task::load_entry(place, 1).get()).unwrap(), Some(1));
        assert_eq!(done!(Task::load_refresh(place, 1)), 2);
        assert_eq!(done!(Task::load_uncached(place, 1)), 3);
        assert_eq!(done!(Task::load(place, 1)), 2);
        assert!(done!(Task::load_entry(place, 1).delete()).unwrap());
        assert_eq!(done!(Task::load(place, 1)), 4);
    }
}

trait Load {
    cached! {
        #[cache_result(cache = place.cache, skip(place), associated)]
        fn loaded(place: &Place, id: u64) -> u32 {
            let _ = id;
            place.run()
        }
    }
}

impl Load for Task {}
impl Load for User {}

scenario! {
    fn of_a_trait_each_implementor_has_its_own_entries(place) {
        assert_eq!(done!(Task::loaded(place, 1)), 1);
        assert_eq!(done!(User::loaded(place, 1)), 2);
        assert_eq!(done!(Task::loaded(place, 1)), 1);
        assert_eq!(done!(User::loaded(place, 1)), 2);
    }
}
