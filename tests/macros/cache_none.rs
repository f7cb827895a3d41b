//! `cache_none`: whether `None` is kept, and for how long.

use cache_runtime::cache_result;

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn without(place: &Place) -> Option<u32> {
        Some(place.run()).filter(|run| *run > 2)
    }
}

scenario! {
    fn without_it_none_is_not_kept(place) {
        assert_eq!(done!(without(place)), None);
        assert_eq!(done!(without(place)), None);
        assert_eq!(place.runs(), 2);
        assert_eq!(done!(without(place)), Some(3));
        assert_eq!(done!(without(place)), Some(3));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), cache_none)]
    fn with(place: &Place, id: u32) -> Option<u32> {
        place.run();
        (id > 0).then_some(id)
    }
}

scenario! {
    fn with_it_none_is_kept_like_a_value(place) {
        assert_eq!(done!(with(place, 0)), None);
        assert_eq!(done!(with(place, 0)), None);
        assert_eq!(done!(with(place, 5)), Some(5));
        assert_eq!(done!(with(place, 5)), Some(5));
        assert_eq!(place.runs(), 2);
        assert_eq!(done!(with::entry(place, 0).get()).unwrap(), Some(None));
        assert_eq!(done!(with::entry(place, 5).get()).unwrap(), Some(Some(5)));
        assert_eq!(done!(with::entry(place, 6).get()).unwrap(), None);
        lives!(place, with::entry(place, 0), 300);
    }
}

scenario! {
    fn none_can_be_set_by_hand(place) {
        done!(with::entry(place, 5).set(&None)).unwrap();
        assert_eq!(done!(with(place, 5)), None);
        assert_eq!(place.runs(), 0);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 600, cache_none = "30s")]
    fn shorter(place: &Place, id: u32) -> Option<u32> {
        place.run();
        (id > 0).then_some(id)
    }
}

scenario! {
    fn none_has_a_timeout_of_its_own(place) {
        done!(shorter(place, 0));
        done!(shorter(place, 1));
        place.check_life_on_server(&shorter::entry(place, 1).key(), Some(600 * SECOND));
        lives!(place, shorter::entry(place, 0), 30);
        assert_eq!(done!(shorter(place, 1)), Some(1));
        assert_eq!(place.runs(), 2, "the value is still there");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 30, cache_none = never)]
    fn for_ever(place: &Place, id: u32) -> Option<u32> {
        place.run();
        (id > 0).then_some(id)
    }
}

scenario! {
    fn none_may_live_for_ever_where_a_value_does_not(place) {
        assert_eq!(done!(for_ever(place, 0)), None);
        done!(for_ever(place, 1));
        place.check_life_on_server(&for_ever::entry(place, 1).key(), Some(30 * SECOND));
        lives!(place, for_ever::entry(place, 0), never);
        assert_eq!(done!(for_ever::entry(place, 1).get()).unwrap(), None);
        done!(for_ever::entry(place, 2).set(&None)).unwrap();
        lives!(place, for_ever::entry(place, 2), never);
    }
}

scenario! {
    fn a_none_that_is_set_by_hand_has_it_too(place) {
        done!(shorter::entry(place, 0).set(&None)).unwrap();
        done!(shorter::entry(place, 1).set(&Some(1))).unwrap();
        place.check_life_on_server(&shorter::entry(place, 1).key(), Some(600 * SECOND));
        lives!(place, shorter::entry(place, 0), 30);
        // The closure would panic.
        done!(with_closures::entry(place, 0).set(&None)).unwrap();
        assert_eq!(done!(with_closures(place, 0)), None);
        assert_eq!(place.runs(), 0);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), cache_none = 0)]
    fn zero(place: &Place) -> Option<u32> {
        place.run();
        None
    }
}

scenario! {
    fn a_timeout_of_zero_does_not_keep_it(place) {
        done!(zero(place));
        done!(zero(place));
        assert_eq!(place.runs(), 2);
    }
}

cached! {
    #[cache_result(
        cache = place.cache, skip(place), cache_none,
        when = |value| value.is_some_and(|value| value > 10),
        timeout = |value: &Option<u32>| value.unwrap(),
    )]
    fn with_closures(place: &Place, id: u32) -> Option<u32> {
        place.run();
        (id > 0).then_some(id)
    }
}

scenario! {
    fn a_kept_none_passes_by_the_closures(place) {
        done!(with_closures(place, 0));
        done!(with_closures(place, 0));
        assert_eq!(place.runs(), 1, "`when` was not asked, nor `timeout`");
        done!(with_closures(place, 5));
        done!(with_closures(place, 5));
        assert_eq!(place.runs(), 3, "`when` was asked");
        done!(with_closures(place, 50));
        lives!(place, with_closures::entry(place, 50), 50);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), cache_none)]
    fn of_result(place: &Place) -> Result<Option<u32>, OwnError> {
        match place.run() {
            1 => Err(OwnError::Own(1)),
            _ => Ok(None),
        }
    }
}

scenario! {
    fn of_a_result_ok_none_is_kept_and_err_is_not(place) {
        assert_eq!(done!(of_result(place)), Err(OwnError::Own(1)));
        assert_eq!(done!(of_result(place)), Ok(None));
        assert_eq!(done!(of_result(place)), Ok(None));
        assert_eq!(place.runs(), 2);
        assert_eq!(done!(of_result::entry(place).get()).unwrap(), Some(None));
    }
}
