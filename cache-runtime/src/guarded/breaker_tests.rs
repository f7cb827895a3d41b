//! The breaker's steps, one after the other. Not in its own file, which the models include with other
//! types.

use std::time::Duration;

use crate::clock::Clock;
use crate::guarded::breaker::{Breaker, News};

const PATIENCE: Duration = Duration::from_millis(500);

/// The answer of an operation that is let through now.
fn answers(breaker: &Breaker, is_good: bool) -> News {
    let admission = breaker.admits(PATIENCE).expect("let through");
    if is_good {
        breaker.succeeded(admission)
    } else {
        breaker.failed(admission)
    }
}

fn is_let_through(breaker: &Breaker) -> bool {
    breaker.admits(PATIENCE).is_some()
}

fn opened(clock: &Clock) -> Breaker {
    let breaker = Breaker::new(clock.clone());
    for _ in 0..3 {
        answers(&breaker, false);
    }
    assert!(breaker.is_open());
    breaker
}

#[test]
fn it_opens_probes_and_closes() {
    let clock = Clock::manual();
    let breaker = Breaker::new(clock.clone());
    assert_eq!(answers(&breaker, false), News::Failing);
    assert_eq!(answers(&breaker, false), News::Nothing);
    assert_eq!(answers(&breaker, false), News::Nothing);
    assert!(!is_let_through(&breaker), "open after three in a row");

    clock.advance(Duration::from_millis(100));
    let probe = breaker.admits(PATIENCE).expect("one probes");
    assert!(!is_let_through(&breaker), "the others wait for it");
    assert_eq!(breaker.failed(probe), News::Nothing);
    clock.advance(Duration::from_millis(100));
    assert!(
        !is_let_through(&breaker),
        "the second pause is twice as long"
    );
    clock.advance(Duration::from_millis(100));
    assert_eq!(answers(&breaker, true), News::Recovered);
    assert!(is_let_through(&breaker) && is_let_through(&breaker));
    assert_eq!(answers(&breaker, true), News::Nothing);
}

#[test]
fn a_probe_that_never_reports_does_not_close_the_door_for_ever() {
    let clock = Clock::manual();
    let breaker = opened(&clock);
    clock.advance(Duration::from_millis(100));
    assert!(is_let_through(&breaker));
    clock.advance(Duration::from_millis(499));
    assert!(!is_let_through(&breaker));
    clock.advance(Duration::from_millis(1));
    assert!(is_let_through(&breaker));
}

#[test]
fn a_success_between_failures_starts_the_count_again() {
    let breaker = Breaker::new(Clock::manual());
    for _ in 0..5 {
        answers(&breaker, false);
        answers(&breaker, false);
        assert_eq!(answers(&breaker, true), News::Recovered);
    }
    assert!(!breaker.is_open());
}

#[test]
fn a_success_from_before_the_failure_starts_the_count_again_but_is_no_recovery() {
    let breaker = Breaker::new(Clock::manual());
    for round in 0..5 {
        let early = breaker.admits(PATIENCE).unwrap();
        let first = answers(&breaker, false);
        assert_eq!(first == News::Failing, round == 0, "said once");
        assert_eq!(answers(&breaker, false), News::Nothing);
        assert_eq!(breaker.succeeded(early), News::Nothing);
    }
    assert!(!breaker.is_open(), "never three in a row");
    assert_eq!(answers(&breaker, true), News::Recovered);
}

#[test]
fn a_failure_from_before_the_recovery_says_nothing() {
    let breaker = Breaker::new(Clock::manual());
    let early = breaker.admits(PATIENCE).unwrap();
    answers(&breaker, false);
    let late = breaker.admits(PATIENCE).unwrap();
    assert_eq!(answers(&breaker, true), News::Recovered);
    for admission in [early, late, early] {
        assert_eq!(breaker.failed(admission), News::Nothing);
    }
    assert_eq!(answers(&breaker, true), News::Nothing, "it is well");
    assert_eq!(answers(&breaker, false), News::Failing);
}

#[test]
fn what_was_on_its_way_when_it_opened_is_no_answer_of_the_probe() {
    let clock = Clock::manual();
    let breaker = Breaker::new(clock.clone());
    let early = breaker.admits(PATIENCE).unwrap();
    for _ in 0..3 {
        answers(&breaker, false);
    }
    assert_eq!(breaker.succeeded(early), News::Nothing);
    assert!(!is_let_through(&breaker), "it stays open");

    clock.advance(Duration::from_millis(100));
    let probe = breaker.admits(PATIENCE).unwrap();
    assert_eq!(breaker.succeeded(early), News::Nothing);
    assert!(!is_let_through(&breaker), "the probe is awaited");
    assert_eq!(breaker.failed(early), News::Nothing);
    assert_eq!(breaker.succeeded(probe), News::Recovered, "and is believed");
}
