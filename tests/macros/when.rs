//! `when`: a closure over the value says whether it is kept.

use cache_runtime::cache_result;

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place), when = |run| *run > 2)]
    fn late(place: &Place) -> u32 {
        place.run()
    }
}

scenario! {
    fn a_result_is_kept_only_if_it_says_so(place) {
        assert_eq!(done!(late(place)), 1);
        assert_eq!(done!(late(place)), 2);
        assert_eq!(done!(late::entry(place).get()).unwrap(), None);
        assert_eq!(done!(late(place)), 3);
        assert_eq!(done!(late(place)), 3);
    }
}

cached! {
    #[cache_result(
        cache = place.cache, key(name), when = |text| text.len() > limit && !name.is_empty()
    )]
    fn with_arguments(place: &Place, name: String, limit: usize) -> String {
        place.run();
        name
    }
}

scenario! {
    fn it_may_use_arguments_that_the_body_consumes(place) {
        let text = || "abc".to_owned();
        assert_eq!(done!(with_arguments(place, text(), 3)), "abc");
        assert_eq!(done!(with_arguments(place, text(), 2)), "abc");
        assert_eq!(done!(with_arguments(place, text(), 2)), "abc");
        assert_eq!(place.runs(), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), when = |list| !list.is_empty())]
    fn inner(place: &Place) -> Result<Option<Vec<u32>>, OwnError> {
        match place.run() {
            1 => Err(OwnError::Own(1)),
            2 => Ok(None),
            3 => Ok(Some(Vec::new())),
            run => Ok(Some(vec![run])),
        }
    }
}

scenario! {
    fn it_sees_the_innermost_kept_value(place) {
        assert_eq!(done!(inner(place)), Err(OwnError::Own(1)));
        assert_eq!(done!(inner(place)), Ok(None));
        assert_eq!(done!(inner(place)), Ok(Some(Vec::new())));
        assert_eq!(done!(inner(place)), Ok(Some(vec![4])));
        assert_eq!(done!(inner(place)), Ok(Some(vec![4])));
    }
}

fn ask(place: &Place) -> bool {
    place.run() > 0
}

cached! {
    #[cache_result(cache = place.cache, skip(place), when = |_| ask(place))]
    fn asked(place: &Place) -> u32 {
        place.run()
    }
}

scenario! {
    fn it_is_not_asked_on_a_hit(place) {
        assert_eq!(done!(asked(place)), 1);
        assert_eq!(place.runs(), 2);
        assert_eq!(done!(asked(place)), 1);
        assert_eq!(place.runs(), 2);
    }
}

cached! {
    #[cache_result(
        cache = place.cache, skip(place), when = |run| *run > 1, timeout = |run| run * 100
    )]
    fn with_timeout(place: &Place) -> u32 {
        place.run()
    }
}

scenario! {
    fn it_stands_beside_a_closure_of_timeout(place) {
        assert_eq!(done!(with_timeout(place)), 1);
        assert_eq!(done!(with_timeout(place)), 2);
        lives!(place, with_timeout::entry(place), 200);
    }
}
