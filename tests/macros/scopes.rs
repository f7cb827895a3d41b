//! `bypass`, `refreshing`, and what a body says about its own result with `current()`.

use cache_runtime::{Timeout, cache_result, current};

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn inner(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn outer(place: &Place, id: u64) -> u32 {
        done!(inner(place, id)) * 10 + place.run()
    }
}

scenario! {
    fn in_bypass_every_call_runs_and_nothing_is_kept(place) {
        assert_eq!(done!(outer(place, 1)), 12);
        assert_eq!(bypass!(outer(place, 1)), 34);
        assert_eq!(done!(outer(place, 1)), 12);
        assert_eq!(bypass!(inner(place, 2)), 5);
        assert_eq!(done!(inner::entry(place, 2).get()).unwrap(), None);
    }
}

scenario! {
    fn in_refreshing_every_call_runs_and_is_kept(place) {
        assert_eq!(done!(outer(place, 1)), 12);
        assert_eq!(refreshing!(outer(place, 1)), 34);
        assert_eq!(done!(outer(place, 1)), 34);
        assert_eq!(done!(inner(place, 1)), 3);
    }
}

scenario! {
    fn what_a_handle_says_of_one_call_leaves_the_scope_for_the_others(place) {
        assert_eq!(done!(outer(place, 1)), 12);
        assert_eq!(bypass!(outer::uncached(place, 1)), 34, "inner runs too");
        assert_eq!(bypass!(outer::refresh(place, 1)), 56);
        assert_eq!(done!(outer(place, 1)), 12, "nothing is kept in a bypass");
        assert_eq!(refreshing!(outer::refresh(place, 1)), 78);
        assert_eq!(refreshing!(outer::uncached(place, 1)), 100);
        assert_eq!(done!(outer(place, 1)), 78);
        assert_eq!(done!(inner(place, 1)), 9, "what a scope refreshes is kept");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 600)]
    fn deciding(place: &Place, what: &str) -> u32 {
        let run = place.run();
        match what {
            "skip" => current().skip(),
            "short" => current().timeout(5),
            "never" => current().timeout(Timeout::Never),
            "zero" => current().timeout(0),
            _ => {}
        }
        run
    }
}

scenario! {
    fn a_body_may_skip(place) {
        assert_eq!(done!(deciding(place, "skip")), 1);
        assert_eq!(done!(deciding(place, "skip")), 2);
        assert_eq!(done!(deciding(place, "zero")), 3);
        assert_eq!(done!(deciding(place, "zero")), 4);
    }
}

scenario! {
    fn a_body_may_set_the_timeout_whatever_the_attribute_says(place) {
        for what in ["short", "never", ""] {
            done!(deciding(place, what));
        }
        place.check_life_on_server(&deciding::entry(place, "").key(), Some(600 * SECOND));
        place.check_life_on_server(&deciding::entry(place, "never").key(), None);
        place.pass(5 * SECOND - std::time::Duration::from_millis(1));
        assert_eq!(done!(deciding(place, "short")), 1);
        place.pass(20 * SECOND);
        assert_eq!(done!(deciding(place, "short")), 4);
        assert_eq!(done!(deciding(place, "")), 3);
        place.pass(10_000 * SECOND);
        assert_eq!(done!(deciding(place, "")), 5);
        assert_eq!(done!(deciding(place, "never")), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn around(place: &Place, what: &str) -> u32 {
        done!(deciding(place, what)) * 10
    }
}

scenario! {
    fn what_a_body_says_is_about_itself_alone(place) {
        assert_eq!(done!(around(place, "skip")), 10);
        assert_eq!(done!(around(place, "skip")), 10, "the outer one is kept");
        assert_eq!(done!(deciding(place, "skip")), 2, "the inner one is not");
    }
}

scenario! {
    fn outside_of_a_cached_body_nobody_listens(place) {
        current().skip();
        current().timeout(1);
        assert_eq!(done!(inner(place, 1)), 1);
        assert_eq!(done!(inner(place, 1)), 1);
    }
}
