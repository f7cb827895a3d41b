//! `stale`: after the timeout an old value is served while one caller has a new one made, and when
//! that fails.

use cache_runtime::cache_result;

use crate::support::*;
use crate::worker::*;

cached! {
    #[cache_result(timeout = 60, stale = 600, cache = worker.cache, key(id))]
    fn load(worker: &Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, cache = worker.cache, key(id))]
    fn plain(worker: &Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, stale = 600, cache = worker.cache, key(id))]
    fn odd(worker: &Worker, id: u32) -> Result<Option<u32>, OwnError> {
        let _ = id;
        work!(worker).map(|run| (run % 2 == 1).then_some(run))
    }
}

scenario! {
    fn a_function_that_fails_leaves_the_old_value_to_its_callers(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        place.check_life_on_server(&load::entry(&worker, 7).key(), Some(660 * SECOND));
        place.pass(60 * SECOND);
        assert_eq!(done!(load::entry(&worker, 7).get()).unwrap(), None);
        worker.fail(true);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        assert_eq!(worker.runs(), 2);
        // It is left alone for ten seconds.
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        place.pass(9 * SECOND);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        assert_eq!(worker.runs(), 2);
        place.pass(SECOND);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        assert_eq!(worker.runs(), 3);
        let stats = load::stats_in(&worker.cache);
        // A `get` of an entry that is old is a miss too.
        assert_eq!((stats.stale, stats.hits, stats.misses), (4, 0, 4));
        place.pass(10 * SECOND);
        worker.fail(false);
        assert_eq!(done!(load(&worker, 7)), Ok(4));
        assert_eq!(done!(load(&worker, 7)), Ok(4));
        assert_eq!(load::stats_in(&worker.cache).hits, 1);
    }
}

scenario! {
    fn what_was_not_called_for_too_long_is_no_more(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        worker.fail(true);
        place.pass(660 * SECOND + place.tolerance());
        assert_eq!(done!(load(&worker, 7)), Err(OwnError::Own(2)));
        assert_eq!(done!(load(&worker, 7)), Err(OwnError::Own(3)), "no pause where nothing is served");
    }
}

scenario! {
    fn without_it_a_failure_is_a_failure(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(plain(&worker, 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.fail(true);
        assert_eq!(done!(plain(&worker, 7)), Err(OwnError::Own(2)));
    }
}

scenario! {
    fn a_function_that_succeeds_is_as_without_it(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        assert_eq!(done!(load(&worker, 7)), Ok(2));
        assert_eq!(done!(load(&worker, 7)), Ok(2));
        assert_eq!(load::stats_in(&worker.cache).stale, 0);
    }
}

scenario! {
    fn while_one_has_it_made_the_others_have_the_old_one(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.hold(true);
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| on_thread!(load(&worker, 7)));
            while worker.runs() < 2 {
                std::thread::yield_now();
            }
            for _ in 0..5 {
                assert_eq!(on_thread!(load(&worker, 7)), Ok(1));
            }
            worker.hold(false);
            assert_eq!(leader.join().unwrap(), Ok(2));
        });
        assert_eq!(worker.runs(), 2);
        assert_eq!(load::stats_in(&worker.cache).stale, 5);
    }
}

scenario! {
    fn what_was_deleted_is_not_served_again(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        worker.fail(true);
        assert!(done!(load::entry(&worker, 7).delete()).unwrap());
        assert_eq!(done!(load(&worker, 7)), Err(OwnError::Own(2)));

        worker.fail(false);
        assert_eq!(done!(load(&worker, 7)), Ok(3));
        done!(load::clear_in(&worker.cache)).unwrap();
        worker.fail(true);
        assert_eq!(done!(load(&worker, 7)), Err(OwnError::Own(4)));
    }
}

scenario! {
    fn what_is_deleted_while_the_function_runs_is_not_served_again(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.hold(true);
        worker.fail(true);
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| on_thread!(load(&worker, 7)));
            while worker.runs() < 2 {
                std::thread::yield_now();
            }
            // As another process would.
            let key = load::entry(&worker, 7).key();
            let other = worker.cache.clone();
            let name = shared_part(&key).to_owned();
            on_thread!(delete(&other, &name));
            worker.hold(false);
            assert_eq!(leader.join().unwrap(), Err(OwnError::Own(2)));
        });
    }
}

cached! {
    fn delete(cache: &cache_runtime::Cache, name: &str) {
        cache.blocking().delete(name).unwrap();
    }
}

scenario! {
    fn what_is_expired_is_served_only_while_there_is_nothing_newer(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        assert!(done!(load::entry(&worker, 7).expire()).unwrap());
        assert!(!done!(load::entry(&worker, 7).expire()).unwrap());
        assert_eq!(done!(load::entry(&worker, 7).get()).unwrap(), None);
        worker.fail(true);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        worker.fail(false);
        // Who expires it again wants to know now.
        done!(load::entry(&worker, 7).expire()).unwrap();
        assert_eq!(done!(load(&worker, 7)), Ok(3));

        done!(load::entry(&worker, 7).expire()).unwrap();
        place.pass(660 * SECOND + place.tolerance());
        worker.fail(true);
        assert_eq!(done!(load(&worker, 7)), Err(OwnError::Own(4)));
        assert!(!done!(load::entry(&worker, 8).expire()).unwrap());
    }
}

scenario! {
    fn a_touch_gives_both_times_anew(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        place.pass(50 * SECOND);
        assert!(done!(load::entry(&worker, 7).touch(100)).unwrap());
        place.check_life_on_server(&load::entry(&worker, 7).key(), Some(700 * SECOND));
        place.pass(99 * SECOND);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        worker.fail(true);
        place.pass(500 * SECOND);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        assert_eq!(worker.runs(), 2);
    }
}

scenario! {
    fn a_newer_answer_that_is_not_kept_ends_the_old_one(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(odd(&worker, 7)), Ok(Some(1)));
        place.pass(60 * SECOND + place.tolerance());
        assert_eq!(done!(odd(&worker, 7)), Ok(None));
        worker.fail(true);
        assert_eq!(done!(odd(&worker, 7)), Err(OwnError::Own(3)));
    }
}

scenario! {
    fn a_refresh_that_fails_says_so_and_changes_nothing(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        worker.fail(true);
        assert_eq!(done!(load::refresh(&worker, 7)), Err(OwnError::Own(2)));
        assert_eq!(done!(load(&worker, 7)), Ok(1));
    }
}

scenario! {
    fn what_is_set_by_hand_is_served_when_it_is_old(place) {
        let worker = Worker::at(place);
        done!(load::entry(&worker, 7).set(&70)).unwrap();
        place.pass(60 * SECOND + place.tolerance());
        worker.fail(true);
        assert_eq!(done!(load(&worker, 7)), Ok(70));
    }
}
