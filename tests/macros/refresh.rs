//! `refresh` and `uncached`: the function runs now.

use cache_runtime::cache_result;

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 60)]
    fn load(place: &Place, id: u64) -> Result<Option<u32>, OwnError> {
        let _ = id;
        match place.run() {
            3 => Err(OwnError::Own(3)),
            5 => Ok(None),
            run => Ok(Some(run)),
        }
    }
}

scenario! {
    fn refresh_runs_the_function_and_keeps_the_result(place) {
        assert_eq!(done!(load(place, 1)), Ok(Some(1)));
        assert_eq!(done!(load::refresh(place, 1)), Ok(Some(2)));
        assert_eq!(done!(load(place, 1)), Ok(Some(2)));
    }
}

scenario! {
    fn refresh_of_what_was_not_there_keeps_it_too(place) {
        assert_eq!(done!(load::refresh(place, 1)), Ok(Some(1)));
        assert_eq!(done!(load(place, 1)), Ok(Some(1)));
    }
}

scenario! {
    fn refresh_gives_a_new_life(place) {
        done!(load(place, 1)).unwrap();
        place.pass(30 * SECOND);
        done!(load::refresh(place, 1)).unwrap();
        lives!(place, load::entry(place, 1), 60);
    }
}

scenario! {
    fn a_refresh_that_fails_leaves_the_old_value(place) {
        done!(load(place, 1)).unwrap();
        done!(load::refresh(place, 1)).unwrap();
        assert_eq!(done!(load::refresh(place, 1)), Err(OwnError::Own(3)));
        assert_eq!(done!(load(place, 1)), Ok(Some(2)));
    }
}

scenario! {
    fn a_refresh_that_finds_nothing_forgets_the_old_value(place) {
        for _ in 0..4 {
            let _ = done!(load::refresh(place, 1));
        }
        assert_eq!(done!(load(place, 1)), Ok(Some(4)));
        assert_eq!(done!(load::refresh(place, 1)), Ok(None));
        assert_eq!(done!(load(place, 1)), Ok(Some(6)));
    }
}

scenario! {
    fn uncached_runs_the_function_and_leaves_the_cache_alone(place) {
        assert_eq!(done!(load::uncached(place, 1)), Ok(Some(1)));
        assert_eq!(done!(load::entry(place, 1).get()).unwrap(), None);
        assert_eq!(done!(load(place, 1)), Ok(Some(2)));
        assert_eq!(done!(load::uncached(place, 1)), Err(OwnError::Own(3)));
        assert_eq!(done!(load(place, 1)), Ok(Some(2)));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn sum(place: &Place, n: u32) -> u32 {
        place.run();
        if n == 0 { 0 } else { n + nested!(sum(place, n - 1)) }
    }
}

scenario! {
    fn calls_inside_are_cached_as_usual(place) {
        assert_eq!(done!(sum(place, 5)), 15);
        assert_eq!(place.runs(), 6);
        assert_eq!(done!(sum::refresh(place, 5)), 15);
        assert_eq!(place.runs(), 7, "the outermost alone");
        assert_eq!(done!(sum::uncached(place, 5)), 15);
        assert_eq!(place.runs(), 8, "the outermost alone");
    }
}
