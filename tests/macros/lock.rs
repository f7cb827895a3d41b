//! `lock`: one execution across all processes that share a store. Another process is another cache on
//! the same server here; `tests/crowd` has real ones.

use cache_runtime::cache_result;

use crate::support::*;
use crate::worker::*;

cached! {
    #[cache_result(timeout = 60, lock, cache = worker.cache, key(id))]
    fn load(worker: &Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, lock = "200ms", cache = worker.cache, key(id))]
    fn short(worker: &Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, lock, wait = "50ms", cache = worker.cache, key(id))]
    fn impatient(worker: &Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, stale = 600, lock, cache = worker.cache, key(id))]
    fn with_stale(worker: &Worker, id: u32) -> Result<u32, OwnError> {
        let _ = id;
        work!(worker)
    }
}

scenario! {
    fn a_lone_caller_does_not_notice_it(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        assert_eq!(done!(load(&worker, 7)), Ok(1));
        let lock = format!("{}:lock", load::entry(&worker, 7).key());
        assert_ne!(place.server_has(&lock), Some(true));
        worker.fail(true);
        assert_eq!(done!(load(&worker, 8)), Err(OwnError::Own(2)));
        let lock = format!("{}:lock", load::entry(&worker, 8).key());
        assert_ne!(place.server_has(&lock), Some(true), "a failure lets go of it too");
    }
}

scenario! {
    fn another_process_waits_for_the_value(place) {
        let Some(cache) = place.other_process() else { return };
        let worker = Worker::at(place);
        let other = worker.with_cache(cache);
        worker.hold(true);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| on_thread!(load(&worker, 7)));
            while worker.runs() < 1 {
                std::thread::yield_now();
            }
            let lock = format!("{}:lock", load::entry(&worker, 7).key());
            assert_eq!(place.server_has(&lock), Some(true));
            assert_eq!(place.cache.blocking().keys("*").unwrap(), Vec::<String>::new());
            let second = scope.spawn(|| on_thread!(load(&other, 7)));
            std::thread::sleep(SECOND / 20);
            assert!(!second.is_finished());
            worker.hold(false);
            assert_eq!(first.join().unwrap(), Ok(1));
            assert_eq!(second.join().unwrap(), Ok(1));
            assert_eq!(place.server_has(&lock), Some(false));
        });
        assert_eq!(worker.runs(), 1);
    }
}

scenario! {
    fn who_has_an_old_value_does_not_wait(place) {
        let Some(cache) = place.other_process() else { return };
        let worker = Worker::at(place);
        let other = worker.with_cache(cache);
        assert_eq!(done!(with_stale(&worker, 7)), Ok(1));
        place.pass(60 * SECOND + place.tolerance());
        worker.hold(true);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| on_thread!(with_stale(&worker, 7)));
            while worker.runs() < 2 {
                std::thread::yield_now();
            }
            assert_eq!(on_thread!(with_stale(&other, 7)), Ok(1));
            worker.hold(false);
            assert_eq!(first.join().unwrap(), Ok(2));
        });
        assert_eq!(done!(with_stale(&other, 7)), Ok(2));
        assert_eq!(worker.runs(), 2);
    }
}

scenario! {
    fn the_lock_of_one_that_died_dies(place) {
        if place.other_process().is_none() {
            return;
        }
        let worker = Worker::at(place);
        let lock = format!("{}:lock", shared_part(&short::entry(&worker, 7).key()));
        let start = std::time::Instant::now();
        place.cache.blocking().set(&lock, "somebody's", 0.2).unwrap();
        assert_eq!(done!(short(&worker, 7)), Ok(1));
        assert!(start.elapsed() >= SECOND / 10, "{:?}", start.elapsed());
    }
}

scenario! {
    fn who_has_waited_long_enough_runs_without_it_and_leaves_it_alone(place) {
        if place.other_process().is_none() {
            return;
        }
        let worker = Worker::at(place);
        let key = impatient::entry(&worker, 7).key();
        let lock = format!("{}:lock", shared_part(&key));
        place.cache.blocking().set(&lock, "somebody's", 60).unwrap();
        assert_eq!(done!(impatient(&worker, 7)), Ok(1));
        let left = place.cache.blocking().get::<String>(&lock).unwrap();
        assert_eq!(left.as_deref(), Some("somebody's"));
        assert_eq!(done!(impatient(&worker, 7)), Ok(1), "its value was kept");
    }
}
