//! The breaker's steps, one after the other. Not in its own file, which the models include with other
//! types.

use std::time::Duration;

use crate::breaker::{Breaker, News};
use crate::clock::Clock;

const PATIENCE: Duration = Duration::from_millis(500);

#[test]
fn it_opens_probes_and_closes() {
    let clock = Clock::manual();
    let breaker = Breaker::new(clock.clone());
    assert_eq!(breaker.failed(), News::Failing);
    assert_eq!(breaker.failed(), News::Nothing);
    assert!(breaker.admits(PATIENCE));
    breaker.failed();
    assert!(!breaker.admits(PATIENCE), "open after three in a row");

    clock.advance(Duration::from_millis(100));
    assert!(breaker.admits(PATIENCE), "one probes");
    assert!(!breaker.admits(PATIENCE), "the others wait for it");
    breaker.failed();
    clock.advance(Duration::from_millis(100));
    assert!(
        !breaker.admits(PATIENCE),
        "the second pause is twice as long"
    );
    clock.advance(Duration::from_millis(100));
    assert!(breaker.admits(PATIENCE));
    assert_eq!(breaker.succeeded(), News::Recovered);
    assert!(breaker.admits(PATIENCE) && breaker.admits(PATIENCE));
    assert_eq!(breaker.succeeded(), News::Nothing);
}

#[test]
fn a_probe_that_never_reports_does_not_close_the_door_for_ever() {
    let clock = Clock::manual();
    let breaker = Breaker::new(clock.clone());
    for _ in 0..3 {
        breaker.failed();
    }
    clock.advance(Duration::from_millis(100));
    assert!(breaker.admits(PATIENCE));
    clock.advance(Duration::from_millis(499));
    assert!(!breaker.admits(PATIENCE));
    clock.advance(Duration::from_millis(1));
    assert!(breaker.admits(PATIENCE));
}

#[test]
fn an_answer_that_was_on_its_way_does_not_close_it() {
    let breaker = Breaker::new(Clock::manual());
    for _ in 0..3 {
        breaker.failed();
    }
    assert_eq!(breaker.succeeded(), News::Nothing);
    assert!(!breaker.admits(PATIENCE));
}

#[test]
fn a_success_between_failures_starts_the_count_again() {
    let breaker = Breaker::new(Clock::manual());
    for _ in 0..5 {
        breaker.failed();
        breaker.failed();
        assert_eq!(breaker.succeeded(), News::Recovered);
    }
    assert!(!breaker.is_open());
}
