//! `early`: by chance, and the more likely the closer the timeout, a reader has the next value made.
//! How likely, `life.rs` says; here the factor makes it certain or impossible.

use cache_runtime::cache_result;

use crate::support::*;
use crate::worker::*;

cached! {
    #[cache_result(timeout = 60, early = 1_000_000.0, cache = worker.cache, key(id))]
    fn eager(worker: &Worker, place: &Place, id: &str) -> Result<u32, OwnError> {
        let _ = id;
        // What it costs, by the clock.
        place.pass(SECOND);
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, early = 0.000001, cache = worker.cache, key(id))]
    fn lazy(worker: &Worker, place: &Place, id: &str) -> Result<u32, OwnError> {
        let _ = id;
        place.pass(SECOND);
        work!(worker)
    }
}

cached! {
    #[cache_result(timeout = 60, early, cache = worker.cache, key(id))]
    fn usual(worker: &Worker, place: &Place, id: &str) -> Result<u32, OwnError> {
        let _ = id;
        place.pass(SECOND);
        work!(worker)
    }
}

scenario! {
    fn a_reader_who_is_chosen_has_the_next_value(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(eager(&worker, place, "a")), Ok(1));
        let mut last = 1;
        for _ in 0..20 {
            let run = done!(eager(&worker, place, "a")).unwrap();
            assert!(run == last || run == last + 1);
            last = run;
        }
        // One in twenty thousand is not chosen.
        assert!(last >= 19, "{last}");
        let stats = eager::stats_in(&worker.cache);
        assert_eq!((stats.misses, stats.stale), (u64::from(last), 0));
    }
}

scenario! {
    fn a_reader_who_is_not_has_the_one_that_is_there(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(lazy(&worker, place, "a")), Ok(1));
        place.pass(59 * SECOND);
        for _ in 0..20 {
            assert_eq!(done!(lazy(&worker, place, "a")), Ok(1));
        }
    }
}

// Of a hundred readers, each half a second later than the last, the chance that nobody is chosen is
// less than one in ten thousand million.
scenario! {
    fn before_the_timeout_somebody_is_chosen(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(usual(&worker, place, "a")), Ok(1));
        place.pass(30 * SECOND);
        for _ in 0..20 {
            assert_eq!(done!(usual(&worker, place, "a")), Ok(1), "too early to think of it");
        }
        for _ in 0..2990 {
            place.pass(SECOND / 100);
            if done!(usual(&worker, place, "a")) != Ok(1) {
                return;
            }
        }
        panic!("nobody was chosen");
    }
}

scenario! {
    fn a_failure_costs_nobody_anything(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(eager(&worker, place, "a")), Ok(1));
        worker.fail(true);
        while worker.runs() < 2 {
            assert_eq!(done!(eager(&worker, place, "a")), Ok(1));
        }
        for _ in 0..20 {
            assert_eq!(done!(eager(&worker, place, "a")), Ok(1));
        }
        assert_eq!(worker.runs(), 2, "it is left alone for a while");
        assert_eq!(eager::stats_in(&worker.cache).stale, 0);
    }
}

scenario! {
    fn meanwhile_the_others_have_the_one_that_is_there(place) {
        let worker = Worker::at(place);
        assert_eq!(done!(eager(&worker, place, "a")), Ok(1));
        worker.hold(true);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                while worker.runs() < 2 {
                    let result = on_thread!(eager(&worker, place, "a"));
                    assert!(worker.runs() == 2 || result == Ok(1));
                }
            });
            while worker.runs() < 2 {
                std::thread::yield_now();
            }
            for _ in 0..5 {
                assert_eq!(on_thread!(eager(&worker, place, "a")), Ok(1));
            }
            worker.hold(false);
            first.join().unwrap();
        });
        assert_eq!(worker.runs(), 2);
    }
}
