//! `soft_timeout`: a caller who would wait longer has the old value, and the function finishes
//! behind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cache_runtime::cache_result;

use crate::support::*;
use crate::worker::*;

const MS: std::time::Duration = std::time::Duration::from_millis(1);

cached! {
    #[cache_result(timeout = 60, stale = 600, soft_timeout = "100ms", cache = worker.cache, key(id))]
    fn load(worker: Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, stale = 600, soft_timeout = 0, cache = worker.cache, key(id))]
    fn at_once(worker: Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, stale = 600, soft_timeout = "1s", cache = worker.cache, key(id))]
    fn panics(worker: Worker, id: u32) -> Result<u32, OwnError> {
        assert!(id < 10, "this panic is wanted");
        work!(worker)
    }
}

scenario! {
    fn a_slow_function_leaves_the_old_value_to_its_caller_and_goes_on(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.hold(true);
        let caller = std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(load(worker.clone(), 7))
        });
        eventually!(worker.runs() == 2 && place.waiting() == 1);
        place.pass(99 * MS);
        turn!();
        assert!(!caller.is_finished());
        place.pass(MS);
        eventually!(caller.is_finished());
        assert_eq!(caller.join().unwrap(), Ok(1));
        // Others do not wait at all.
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        assert_eq!(load::stats_in(&worker.cache).stale, 2);
        worker.hold(false);
        eventually!(done!(load::entry(worker.clone(), 7).get()).unwrap() == Some(2));
        assert_eq!(worker.runs(), 2);
    }
}

scenario! {
    fn a_quick_one_is_as_without_it(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        assert_eq!(done!(load(worker.clone(), 7)), Ok(2));
        worker.fail(true);
        place.pass(60 * SECOND + place.tolerance());
        assert_eq!(done!(load(worker.clone(), 7)), Ok(2), "the old value");
    }
}

scenario! {
    fn where_there_is_no_old_value_the_caller_waits(place) {
        let worker = Worker::at(place);
        worker.hold(true);
        let caller = std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(load(worker.clone(), 7))
        });
        eventually!(worker.runs() == 1);
        place.pass(SECOND);
        turn!();
        assert!(!caller.is_finished());
        worker.hold(false);
        assert_eq!(caller.join().unwrap(), Ok(1));
    }
}

scenario! {
    fn with_zero_nobody_waits_for_what_has_an_old_value(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(at_once(worker.clone(), 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.hold(true);
        for _ in 0..5 {
            assert_eq!(done!(at_once(worker.clone(), 7)), Ok(1));
        }
        eventually!(worker.runs() == 2);
        worker.hold(false);
        eventually!(done!(at_once::entry(worker.clone(), 7).get()).unwrap() == Some(2));
        assert_eq!(at_once::stats_in(&worker.cache).stale, 5);
        assert_eq!(worker.runs(), 2);
    }
}

scenario! {
    fn a_panic_reaches_the_caller(place) {
        let worker = Worker::at(place);
        let caller = std::thread::spawn({
            let worker = worker.clone();
            move || {
                let call = AssertUnwindSafe(|| on_thread!(panics(worker.clone(), 10)));
                catch_unwind(call).is_err()
            }
        });
        assert!(caller.join().unwrap());
        assert_eq!(done!(panics(worker.clone(), 9)), Ok(1));
    }
}
