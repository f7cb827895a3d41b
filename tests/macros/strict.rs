//! `strict`: an error of the store is returned; without it the function's own result is.

use cache_runtime::{ErrorKind, cache_result};

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place), strict)]
    fn strict(place: &Place, id: u32) -> Result<u32, OwnError> {
        match place.run() {
            run if id == 0 => Err(OwnError::Own(run)),
            run => Ok(run),
        }
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn easy(place: &Place, id: u32) -> Result<u32, OwnError> {
        match place.run() {
            run if id == 0 => Err(OwnError::Own(run)),
            run => Ok(run),
        }
    }
}

cached! {
    #[cache_result(cache = "cache_tests.strict_unknown", skip(place), strict)]
    fn unknown(place: &Place) -> Result<u32, OwnError> {
        Ok(place.run())
    }
}

scenario! {
    fn a_store_that_works_changes_nothing(place) {
        assert_eq!(done!(strict(place, 1)), Ok(1));
        assert_eq!(done!(strict(place, 1)), Ok(1));
        assert_eq!(done!(strict(place, 0)), Err(OwnError::Own(2)));
        assert_eq!(done!(strict(place, 0)), Err(OwnError::Own(3)));
    }
}

scenario! {
    fn a_dead_store_is_an_error_and_the_function_does_not_run(place) {
        let dead = &place.with_cache(dead_cache());
        for _ in 0..20 {
            let error = done!(strict(dead, 1)).unwrap_err();
            let expected = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::BreakerOpen];
            assert!(
                matches!(error, OwnError::Cache(kind) if expected.contains(&kind)),
                "{error:?}"
            );
        }
        assert_eq!(dead.runs(), 0);
        assert!(strict::stats_in(&dead.cache).errors > 0);
    }
}

scenario! {
    fn without_it_a_dead_store_is_not_noticed(place) {
        let dead = &place.with_cache(dead_cache());
        for run in 1..20 {
            assert_eq!(done!(easy(dead, 1)), Ok(run));
        }
        assert_eq!(done!(easy(dead, 0)), Err(OwnError::Own(20)));
        let stats = easy::stats_in(&dead.cache);
        assert!(stats.errors > 0 && stats.misses == 20, "{stats:?}");
        assert!(done!(easy::entry(dead, 1).get()).is_err(), "an entry tells");
    }
}

scenario! {
    fn a_cache_that_does_not_exist_breaks_no_call_all_the_same(place) {
        assert_eq!(done!(unknown(place)), Ok(1));
        assert_eq!(done!(unknown(place)), Ok(2));
    }
}
