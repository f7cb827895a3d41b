//! `jitter`: entries that were written together do not die together.

use cache_runtime::cache_result;

use crate::support::*;

const HALF: f64 = 0.5;

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 1000, jitter = HALF)]
    fn spread(place: &Place, id: u32) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = |_| 1000, jitter = 0.5)]
    fn spread_of_value(place: &Place, id: u32) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = never, jitter = 1)]
    fn never(place: &Place, id: u32) -> u32 {
        let _ = id;
        place.run()
    }
}

/// How many of 64 entries are alive.
macro_rules! alive {
    ($name:ident, $place:ident) => {{
        let mut alive = 0;
        for id in 0..64 {
            alive += u32::from(done!($name::entry($place, id).get()).unwrap().is_some());
        }
        alive
    }};
}

scenario! {
    fn timeouts_are_shortened_by_up_to_its_share(place) {
        for id in 0..64 {
            done!(spread(place, id));
            done!(spread_of_value(place, id));
        }
        place.pass(499 * SECOND);
        assert_eq!((alive!(spread, place), alive!(spread_of_value, place)), (64, 64));
        place.pass(251 * SECOND);
        let half = alive!(spread, place);
        // Off these bounds once in ten million runs.
        assert!((10..=54).contains(&half), "{half} of 64 are alive half way");
        let half = alive!(spread_of_value, place);
        assert!((10..=54).contains(&half), "{half} of 64 are alive half way");
        place.pass(250 * SECOND + place.tolerance());
        assert_eq!((alive!(spread, place), alive!(spread_of_value, place)), (0, 0));
    }
}

scenario! {
    fn for_ever_stays_for_ever(place) {
        done!(never(place, 1));
        lives!(place, never::entry(place, 1), never);
    }
}
