//! `timeout`: all its forms, and how long the entries then live.

use std::time::Duration;

use cache_runtime::cache_result;

use crate::support::*;

const HALF_HOUR: Duration = Duration::from_secs(1800);
const FOR_EVER: Option<Duration> = None;

/// A function of one argument with this timeout.
macro_rules! living {
    ($name:ident($seconds:ident), $($timeout:tt)*) => {
        cached! {
            #[cache_result(cache = place.cache, skip(place), $($timeout)*)]
            fn $name(place: &Place, $seconds: i64) -> u32 {
                let _ = $seconds;
                place.run()
            }
        }
    };
}

/// A scenario: an entry of this function lives so long.
macro_rules! lives_for {
    ($scenario:ident: $name:ident($seconds:expr) for $life:tt) => {
        scenario! {
            fn $scenario(place) {
                assert_eq!(done!($name(place, $seconds)), 1);
                assert_eq!(done!($name(place, $seconds)), 1);
                lives!(place, $name::entry(place, $seconds), $life);
            }
        }
    };
}

living!(omitted(seconds), wait = 30);
living!(integer(seconds), timeout = 600);
living!(alias(seconds), ttl = 600);
living!(fraction(seconds), timeout = 90.5);
living!(text(seconds), timeout = "10m");
living!(never(seconds), timeout = never);
living!(constant(seconds), timeout = HALF_HOUR);
living!(constant_never(seconds), timeout = FOR_EVER);
living!(argument(seconds), timeout = seconds);
living!(
    duration(seconds),
    timeout = Duration::from_secs(seconds.unsigned_abs() * 2)
);
living!(
    optional(seconds),
    timeout = (seconds > 0).then(|| Duration::from_secs(seconds.unsigned_abs()))
);
living!(of_value(seconds), timeout = |run| run * 60);
living!(
    of_value_and_argument(seconds),
    timeout = |run: &u32| i64::from(*run) + seconds
);
living!(of_value_never(seconds), timeout = |_| None::<Duration>);
living!(zero(seconds), timeout = 0);
living!(negative(seconds), timeout = -5);
living!(of_value_zero(seconds), timeout = |_| 0);

lives_for!(omitted_is_the_timeout_of_the_cache: omitted(0) for 300);
lives_for!(an_integer_is_seconds: integer(0) for 600);
lives_for!(ttl_is_the_same: alias(0) for 600);
lives_for!(a_fraction_is_kept: fraction(0) for 90.5);
lives_for!(text_has_a_unit: text(0) for 600);
lives_for!(never_is_for_ever: never(0) for never);
lives_for!(a_constant_duration: constant(0) for 1800);
lives_for!(a_constant_none_is_for_ever: constant_never(0) for never);
lives_for!(an_argument: argument(120) for 120);
lives_for!(an_expression_over_an_argument: duration(120) for 240);
lives_for!(an_expression_that_is_some: optional(120) for 120);
lives_for!(an_expression_that_is_none_is_for_ever: optional(-1) for never);
lives_for!(a_closure_sees_the_value: of_value(0) for 60);
lives_for!(a_closure_may_use_arguments: of_value_and_argument(99) for 100);
lives_for!(a_closure_that_says_none_is_for_ever: of_value_never(0) for never);

/// A scenario: a result of this function is not kept.
macro_rules! is_not_kept {
    ($scenario:ident: $name:ident($seconds:expr)) => {
        scenario! {
            fn $scenario(place) {
                assert_eq!(done!($name(place, $seconds)), 1);
                assert_eq!(done!($name(place, $seconds)), 2);
                assert_eq!(done!($name::entry(place, $seconds).get()).unwrap(), None);
                let key = $name::entry(place, $seconds).key();
                assert_ne!(place.server_has(&key), Some(true));
                assert_eq!($name::stats_in(&place.cache).sets, 0);
            }
        }
    };
}

is_not_kept!(zero_is_not_kept: zero(0));
is_not_kept!(a_negative_timeout_is_not_kept: negative(0));
is_not_kept!(an_argument_of_zero_is_not_kept: argument(0));
is_not_kept!(a_negative_argument_is_not_kept: argument(-3));
is_not_kept!(a_closure_that_says_zero_is_not_kept: of_value_zero(0));

scenario! {
    fn a_dead_entry_is_computed_again(place) {
        assert_eq!(done!(integer(place, 0)), 1);
        place.pass(599 * SECOND);
        assert_eq!(done!(integer(place, 0)), 1);
        place.pass(SECOND + place.tolerance());
        assert_eq!(done!(integer(place, 0)), 2);
        place.pass(599 * SECOND);
        assert_eq!(done!(integer(place, 0)), 2, "it has a new life");
    }
}

fn asked(place: &Place) -> u32 {
    place.run() * 100
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = asked(place))]
    fn evaluated(place: &Place) -> u32 {
        place.run()
    }
}

scenario! {
    fn an_expression_is_evaluated_before_the_body_and_on_a_miss_only(place) {
        assert_eq!(done!(evaluated(place)), 2, "the expression ran first");
        assert_eq!(done!(evaluated(place)), 2);
        assert_eq!(place.runs(), 2, "and not on a hit");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = limit)]
    fn moved(place: &Place, limit: u32) -> String {
        let limit = limit + place.run();
        limit.to_string()
    }
}

scenario! {
    fn the_expression_does_not_see_what_the_body_shadows(place) {
        done!(moved(place, 50));
        lives!(place, moved::entry(place, 50), 50);
    }
}

scenario! {
    fn a_value_set_by_hand_lives_as_long_as_a_result(place) {
        done!(integer::entry(place, 0).set(&9)).unwrap();
        lives!(place, integer::entry(place, 0), 600);
        done!(argument::entry(place, 77).set(&9)).unwrap();
        lives!(place, argument::entry(place, 77), 77);
        done!(of_value::entry(place, 0).set(&9)).unwrap();
        lives!(place, of_value::entry(place, 0), 540);
        done!(never::entry(place, 0).set(&9)).unwrap();
        lives!(place, never::entry(place, 0), never);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = |page| page.len() as u64)]
    fn of_kept_part(place: &Place) -> Result<Option<String>, OwnError> {
        Ok(Some("x".repeat(place.run() as usize * 40)))
    }
}

scenario! {
    fn a_closure_sees_the_innermost_kept_value(place) {
        assert_eq!(done!(of_kept_part(place)).unwrap().unwrap().len(), 40);
        lives!(place, of_kept_part::entry(place), 40);
    }
}

living!(short(seconds), timeout = "150ms");

scenario! {
    fn in_real_time_an_entry_dies_by_itself(place) {
        let place = &place.in_real_time();
        let written = std::time::Instant::now();
        assert_eq!(done!(short(place, 0)), 1);
        while done!(short(place, 0)) == 1 {
            assert!(written.elapsed() < 20 * SECOND, "it lives for ever");
            std::thread::sleep(Duration::from_millis(5));
        }
        // The coarse clock moves every few milliseconds.
        assert!(written.elapsed() >= Duration::from_millis(135), "it died too early");
    }
}
