//! The words of an entry: `key`, `get`, `set`, `delete`, `touch`.

use cache_runtime::cache_result;

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 60)]
    fn load(place: &Place, id: u64, status: Option<&str>) -> Result<String, OwnError> {
        let run = place.run();
        if id == 0 {
            return Err(OwnError::Own(run));
        }
        Ok(format!("{id} {status:?} {run}"))
    }
}

scenario! {
    fn get_looks_without_running_the_function(place) {
        let entry = load::entry(place, 7, None);
        assert_eq!(done!(entry.get()).unwrap(), None);
        let text = done!(load(place, 7, None)).unwrap();
        assert_eq!(done!(entry.get()).unwrap(), Some(text));
        assert_eq!(done!(load::entry(place, 7, Some("done")).get()).unwrap(), None);
        assert_eq!(place.runs(), 1);
    }
}

scenario! {
    fn set_writes_through(place) {
        done!(load::entry(place, 7, None).set(&"by hand".to_owned())).unwrap();
        assert_eq!(done!(load(place, 7, None)), Ok("by hand".to_owned()));
        assert_eq!(place.runs(), 0);
        done!(load::entry(place, 7, None).set(&"again".to_owned())).unwrap();
        assert_eq!(done!(load(place, 7, None)), Ok("again".to_owned()));
    }
}

scenario! {
    fn delete_forgets_one_entry(place) {
        done!(load(place, 7, None)).unwrap();
        done!(load(place, 8, None)).unwrap();
        assert!(done!(load::entry(place, 7, None).delete()).unwrap());
        assert!(!done!(load::entry(place, 7, None).delete()).unwrap(), "it is gone");
        assert_eq!(done!(load(place, 7, None)).unwrap(), "7 None 3");
        assert_eq!(done!(load(place, 8, None)).unwrap(), "8 None 2");
        assert_eq!(load::stats_in(&place.cache).deletes, 1);
    }
}

scenario! {
    fn touch_gives_a_new_timeout_from_now_on(place) {
        let entry = load::entry(place, 7, None);
        assert!(!done!(entry.touch(600)).unwrap(), "there is nothing to touch");
        done!(load(place, 7, None)).unwrap();
        place.pass(30 * SECOND);
        assert!(done!(entry.touch(600)).unwrap());
        lives!(place, entry, 600);
        assert!(!done!(load::entry(place, 7, None).touch(600)).unwrap(), "it is dead");
    }
}

scenario! {
    fn touch_with_zero_forgets(place) {
        done!(load(place, 7, None)).unwrap();
        assert!(done!(load::entry(place, 7, None).touch(0)).unwrap());
        assert_eq!(done!(load::entry(place, 7, None).get()).unwrap(), None);
    }
}

scenario! {
    fn touch_with_never_is_for_ever(place) {
        done!(load(place, 7, None)).unwrap();
        let entry = load::entry(place, 7, None);
        assert!(done!(entry.touch(cache_runtime::Timeout::Never)).unwrap());
        lives!(place, entry, never);
    }
}

scenario! {
    fn key_is_what_redis_cli_shows(place) {
        let entry = load::entry(place, 7, Some("done"));
        let key = entry.key();
        let (prefix, hash) = key.rsplit_once(':').unwrap();
        assert!(prefix.ends_with(".entry.load"), "{key}");
        assert_eq!(hash.len(), 32);
        assert_eq!(load::entry(place, 7, Some("done")).key(), key);
        assert_ne!(load::entry(place, 7, None).key(), key);
        assert!(format!("{entry:?}").contains(&key));
        done!(load(place, 7, Some("done"))).unwrap();
        assert_ne!(place.server_has(&key), Some(false));
    }
}

scenario! {
    fn a_failure_leaves_nothing_to_get(place) {
        assert_eq!(done!(load(place, 0, None)), Err(OwnError::Own(1)));
        assert_eq!(done!(load::entry(place, 0, None).get()).unwrap(), None);
    }
}

scenario! {
    fn a_delete_while_the_function_runs_wins_over_its_result(place) {
        assert_eq!(done!(deleted_meanwhile(place, 1)), 1);
        assert_eq!(done!(deleted_meanwhile::entry(place, 1).get()).unwrap(), None);
        assert_eq!(done!(deleted_meanwhile(place, 1)), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn deleted_meanwhile(place: &Place, id: u64) -> u32 {
        done!(deleted_meanwhile::entry(place, id).delete()).unwrap();
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn cleared_meanwhile(place: &Place, id: u64) -> u32 {
        let _ = id;
        done!(cleared_meanwhile::clear_in(&place.cache)).unwrap();
        place.run()
    }
}

scenario! {
    fn a_clear_while_the_function_runs_wins_over_its_result(place) {
        assert_eq!(done!(cleared_meanwhile(place, 1)), 1);
        assert_eq!(done!(cleared_meanwhile(place, 1)), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn set_meanwhile(place: &Place, id: u64) -> u32 {
        done!(set_meanwhile::entry(place, id).set(&100)).unwrap();
        place.run()
    }
}

scenario! {
    fn a_set_while_the_function_runs_wins_over_its_result(place) {
        assert_eq!(done!(set_meanwhile(place, 1)), 1);
        assert_eq!(done!(set_meanwhile(place, 1)), 100);
    }
}
