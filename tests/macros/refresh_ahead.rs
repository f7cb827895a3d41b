//! `refresh_ahead`: a read late in the life of a value has the next one made behind it.

use cache_runtime::cache_result;

use crate::support::*;
use crate::worker::*;

cached! {
    #[cache_result(timeout = 100, refresh_ahead = 0.8, cache = worker.cache, key(id))]
    fn load(worker: Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

scenario! {
    fn a_late_read_has_the_value_that_is_there_and_the_next_one_is_made_behind(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(79 * SECOND);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        assert_eq!(worker.runs(), 1);
        place.pass(SECOND + place.tolerance() / 2);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        eventually!(worker.runs() == 2 && worker.is_idle());
        eventually!(done!(load::entry(worker.clone(), 7).get()).unwrap() == Some(2));
        // Its life begins anew.
        place.pass(79 * SECOND);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(2));
        assert_eq!(worker.runs(), 2);
        let stats = load::stats_in(&worker.cache);
        assert_eq!((stats.misses, stats.stale), (1, 0));
    }
}

scenario! {
    fn one_is_made_at_a_time(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(90 * SECOND);
        worker.hold(true);
        for _ in 0..10 {
            assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        }
        eventually!(worker.runs() == 2);
        for _ in 0..10 {
            assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        }
        worker.hold(false);
        eventually!(done!(load::entry(worker.clone(), 7).get()).unwrap() == Some(2));
        assert_eq!(worker.runs(), 2);
        let stats = load::stats_in(&worker.cache);
        assert_eq!((stats.misses, stats.hits > 20), (1, true), "{stats:?}");
    }
}

scenario! {
    fn a_failure_costs_nobody_anything_and_is_not_repeated_at_once(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(85 * SECOND);
        worker.fail(true);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        // What comes of it is known when its flight is over.
        eventually!(worker.runs() == 2 && place.flights() == 0);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        turn!();
        assert_eq!(worker.runs(), 2);
        worker.fail(false);
        place.pass(10 * SECOND);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        eventually!(done!(load::entry(worker.clone(), 7).get()).unwrap() == Some(3));
    }
}

scenario! {
    fn who_comes_after_the_timeout_waits_for_the_one_that_is_being_made(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(90 * SECOND);
        worker.hold(true);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        eventually!(worker.runs() == 2);
        place.pass(30 * SECOND);
        let waits = std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(load(worker.clone(), 7))
        });
        eventually!(place.waiting() > 0);
        worker.hold(false);
        eventually!(waits.is_finished());
        assert_eq!(waits.join().unwrap(), Ok(2));
        assert_eq!(worker.runs(), 2);
    }
}

scenario! {
    fn what_is_deleted_meanwhile_does_not_come_back(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(90 * SECOND);
        worker.hold(true);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        eventually!(worker.runs() == 2);
        assert!(done!(load::entry(worker.clone(), 7).delete()).unwrap());
        worker.hold(false);
        eventually!(worker.is_idle());
        turn!();
        assert_eq!(done!(load::entry(worker.clone(), 7).get()).unwrap(), None);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(3));
    }
}
