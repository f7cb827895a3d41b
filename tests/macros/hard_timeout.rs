//! `hard_timeout`: a call that takes longer gives up.

use std::fmt::Display;

use cache_runtime::{ErrorKind, cache_result};
use serde::Serialize;

use crate::support::*;
use crate::worker::*;

cached! {
    #[cache_result(timeout = 60, hard_timeout = "2s", cache = worker.cache, key(id))]
    fn load(worker: Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, stale = 600, hard_timeout = "2s", cache = worker.cache, key(id))]
    fn with_stale(worker: Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, stale = 600, soft_timeout = "500ms", hard_timeout = "2s",
        cache = worker.cache, key(id))]
    fn with_both(worker: Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, refresh_ahead = 0.8, hard_timeout = "2s", cache = worker.cache, key(id))]
    fn of_any_type(
        worker: Worker,
        id: impl Display + Serialize + Send + 'static,
    ) -> Result<u32, OwnError> {
        let _ = id.to_string();
        work!(worker)
    }
}

const LATE: Result<u32, OwnError> = Err(OwnError::Cache(ErrorKind::FunctionTimeout));

scenario! {
    fn a_call_that_takes_too_long_gives_up_and_so_do_those_who_wait(place) {
        let worker = Worker::at(place);
        worker.hold(true);
        let call = || std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(load(worker.clone(), 7))
        });
        let leader = call();
        eventually!(worker.runs() == 1 && place.waiting() == 1);
        let follower = call();
        eventually!(place.waiting() == 2);
        place.pass(2 * SECOND);
        eventually!(leader.is_finished() && follower.is_finished());
        assert_eq!(leader.join().unwrap(), LATE);
        assert_eq!(follower.join().unwrap(), LATE);
        worker.hold(false);
        assert_eq!(worker.runs(), 1);
    }
}

scenario! {
    fn an_argument_without_a_type_may_go_along_where_it_says_so(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(of_any_type(worker.clone(), 7)), Ok(1));
        assert_eq!(done!(of_any_type(worker.clone(), 7)), Ok(1));
        assert_eq!(done!(of_any_type(worker.clone(), "7")), Ok(2));
    }
}

scenario! {
    fn a_quick_one_is_as_without_it(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        assert_eq!(done!(load(worker.clone(), 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.fail(true);
        assert_eq!(done!(load(worker.clone(), 7)), Err(OwnError::Own(2)));
    }
}

scenario! {
    fn an_old_value_is_better_than_an_error(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(with_stale(worker.clone(), 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.hold(true);
        let caller = std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(with_stale(worker.clone(), 7))
        });
        eventually!(worker.runs() == 2 && place.waiting() == 1);
        place.pass(2 * SECOND);
        eventually!(caller.is_finished());
        assert_eq!(caller.join().unwrap(), Ok(1));
        worker.hold(false);
    }
}

scenario! {
    fn with_a_soft_one_the_function_finishes_behind(place) {
        let worker = Worker::at(place);
        worker.hold(true);
        let caller = std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(with_both(worker.clone(), 7))
        });
        eventually!(worker.runs() == 1 && place.waiting() == 1);
        place.pass(SECOND);
        turn!();
        assert!(!caller.is_finished(), "there is nothing to serve");
        place.pass(SECOND);
        eventually!(caller.is_finished());
        assert_eq!(caller.join().unwrap(), LATE);
        worker.hold(false);
        eventually!(done!(with_both::entry(worker.clone(), 7).get()).unwrap() == Some(1));
    }
}

scenario! {
    fn without_its_cache_it_gives_up_as_well(place) {
        let worker = Worker::at(place);
        worker.hold(true);
        let one = std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(load::uncached(worker.clone(), 7))
        });
        let other = std::thread::spawn({
            let worker = worker.clone();
            move || on_thread!(with_both::uncached(worker.clone(), 7))
        });
        eventually!(worker.runs() == 2 && place.waiting() == 2);
        place.pass(2 * SECOND);
        eventually!(one.is_finished() && other.is_finished());
        assert_eq!(one.join().unwrap(), LATE);
        assert_eq!(other.join().unwrap(), LATE);
        worker.hold(false);
    }
}
