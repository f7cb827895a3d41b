//! The plain call: what is a hit and what is not, what is counted, and calls within calls.

use cache_runtime::cache_result;

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn number(place: &Place, id: u64, name: &str) -> u32 {
        let _ = (id, name);
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn another(place: &Place, id: u64, name: &str) -> u32 {
        let _ = (id, name);
        place.run()
    }
}

scenario! {
    fn the_second_call_does_not_run_the_function(place) {
        assert_eq!(done!(number(place, 7, "a")), 1);
        assert_eq!(done!(number(place, 7, "a")), 1);
        assert_eq!(place.runs(), 1);
    }
}

scenario! {
    fn other_arguments_are_another_entry(place) {
        assert_eq!(done!(number(place, 7, "a")), 1);
        assert_eq!(done!(number(place, 8, "a")), 2);
        assert_eq!(done!(number(place, 7, "b")), 3);
        assert_eq!(done!(number(place, 7, "a")), 1);
        assert_eq!(done!(number(place, 8, "a")), 2);
        assert_eq!(done!(number(place, 7, "b")), 3);
    }
}

scenario! {
    fn two_functions_with_the_same_arguments_have_two_entries(place) {
        assert_eq!(done!(number(place, 7, "a")), 1);
        assert_eq!(done!(another(place, 7, "a")), 2);
        assert_eq!(done!(number(place, 7, "a")), 1);
        assert_eq!(done!(another(place, 7, "a")), 2);
    }
}

scenario! {
    fn hits_misses_and_writes_are_counted(place) {
        done!(number(place, 1, ""));
        done!(number(place, 1, ""));
        done!(number(place, 1, ""));
        done!(number(place, 2, ""));
        let stats = number::stats_in(&place.cache);
        assert_eq!((stats.hits, stats.misses, stats.sets), (2, 2, 2));
        assert_eq!((stats.errors, stats.collisions, stats.joined), (0, 0, 0));
        assert_eq!(place.cache.stats().hits, 2);
        assert_eq!(stats.local_hits > 0, place.server_has("any").is_none());
    }
}

scenario! {
    fn clear_forgets_every_entry_of_the_function_alone(place) {
        done!(number(place, 1, ""));
        done!(number(place, 2, ""));
        done!(another(place, 1, ""));
        done!(number::clear_in(&place.cache)).unwrap();
        assert_eq!(done!(another(place, 1, "")), 3, "another function's is kept");
        assert_eq!(done!(number(place, 1, "")), 4);
        assert_eq!(done!(number(place, 2, "")), 5);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn nothing(place: &Place, id: u64) {
        let _ = (place.run(), id);
    }
}

scenario! {
    fn a_function_that_returns_nothing_runs_once(place) {
        done!(nothing(place, 1));
        done!(nothing(place, 1));
        assert_eq!(place.runs(), 1);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn fib(place: &Place, n: u64) -> u64 {
        place.run();
        if n < 2 {
            return n;
        }
        nested!(fib(place, n - 1)) + nested!(fib(place, n - 2))
    }
}

scenario! {
    fn a_recursive_function_runs_once_for_each_argument(place) {
        assert_eq!(done!(fib(place, 40)), 102_334_155);
        assert_eq!(place.runs(), 41);
        assert_eq!(done!(fib(place, 40)), 102_334_155);
        assert_eq!(place.runs(), 41);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place, depth), wait = 60)]
    fn itself(place: &Place, id: u64, depth: u32) -> u32 {
        place.run();
        if depth == 0 {
            return u32::try_from(id).unwrap();
        }
        nested!(itself(place, id, depth - 1)) + 1
    }
}

scenario! {
    fn a_function_that_reaches_itself_with_the_same_key_does_not_wait_for_itself(place) {
        let started = std::time::Instant::now();
        assert_eq!(done!(itself(place, 100, 3)), 103);
        assert_eq!(done!(itself(place, 100, 3)), 103, "the outermost call's is kept last");
        assert!(started.elapsed() < 30 * SECOND);
        // The innermost had no circle to wait in: all four of them ran, then there was a hit.
        assert_eq!(place.runs(), 4);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn is_even(place: &Place, n: u64) -> bool {
        place.run();
        n == 0 || nested!(is_odd(place, n - 1))
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn is_odd(place: &Place, n: u64) -> bool {
        place.run();
        n != 0 && nested!(is_even(place, n - 1))
    }
}

scenario! {
    fn two_functions_may_call_each_other(place) {
        assert!(done!(is_even(place, 10)));
        assert_eq!(place.runs(), 11);
        assert!(done!(is_odd(place, 9)));
        assert!(!done!(is_even(place, 8)) || place.runs() == 11);
        assert_eq!(place.runs(), 11, "each knows the other's entries");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), wait = 60)]
    fn ping(place: &Place, id: u64, left: u32) -> u32 {
        place.run();
        if left == 0 { 0 } else { nested!(pong(place, id, left - 1)) + 1 }
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), wait = 60)]
    fn pong(place: &Place, id: u64, left: u32) -> u32 {
        place.run();
        if left == 0 { 0 } else { nested!(ping(place, id, left - 1)) + 1 }
    }
}

scenario! {
    fn a_circle_through_another_function_ends(place) {
        let started = std::time::Instant::now();
        assert_eq!(done!(ping(place, 1, 5)), 5);
        assert!(started.elapsed() < 30 * SECOND);
    }
}
