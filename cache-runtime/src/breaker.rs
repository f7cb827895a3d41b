//! Whether a store is asked at all: after repeated failures it is left alone for a while.
//!
//! Closed, failures are counted. After three in a row the breaker opens, for a tenth of a second
//! at first and twice as long after each failed probe, up to a second. When that time is over one
//! caller probes; the others are turned away until the probe has an answer.

use std::time::Duration;

use crate::clock::{Clock, Tick, millis};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

const FAILURES_TO_OPEN: u32 = 3;
const FIRST_PAUSE: Tick = 100;
const LONGEST_PAUSE: Tick = 1000;

#[derive(Debug)]
pub(crate) struct Breaker {
    clock: Clock,
    state: Mutex<State>,
    /// Closed, and no failure counted: then nobody takes the lock. Changed under it.
    is_well: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Tick, pause: Tick },
    Probing { since: Tick, pause: Tick },
}

/// Whether the store of a cache is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// It is asked, and it answers.
    Closed,
    /// It is asked, though it failed when it was asked last.
    Failing,
    /// It is left alone for a while.
    Open,
    /// One caller tries whether it is back.
    Probing,
}

impl BreakerState {
    /// In one word: `closed`, `failing`, `open`, `probing`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Failing => "failing",
            Self::Open => "open",
            Self::Probing => "probing",
        }
    }
}

/// What a failure or a success changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Nothing,
    /// The first failure after a time of health.
    Failing,
    /// The first success after a time of failures.
    Recovered,
}

impl Breaker {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::new(State::Closed { failures: 0 }),
            is_well: AtomicBool::new(true),
        }
    }

    /// Whether to ask the store; the one who probes must report back, or the next may probe after
    /// `patience`.
    pub(crate) fn admits(&self, patience: Duration) -> bool {
        if self.is_well() {
            return true;
        }
        let mut state = lock(&self.state);
        let State::Closed { .. } = *state else {
            let now = self.clock.now();
            let pause = match *state {
                State::Open { until, pause } if now >= until => pause,
                // A probe that was cancelled never reports.
                State::Probing { since, pause } if now >= since + millis(patience) => pause,
                _ => return false,
            };
            *state = State::Probing { since: now, pause };
            return true;
        };
        true
    }

    pub(crate) fn succeeded(&self) -> News {
        if self.is_well() {
            return News::Nothing;
        }
        let mut state = lock(&self.state);
        let news = match *state {
            // What was on its way when it opened is no sign of life either.
            State::Closed { failures: 0 } | State::Open { .. } => return News::Nothing,
            _ => News::Recovered,
        };
        *state = State::Closed { failures: 0 };
        self.is_well.store(true, Ordering::Relaxed);
        news
    }

    pub(crate) fn failed(&self) -> News {
        let mut state = lock(&self.state);
        let now = self.clock.now();
        let (next, news) = match *state {
            State::Closed { failures } if failures + 1 < FAILURES_TO_OPEN => (
                State::Closed {
                    failures: failures + 1,
                },
                if failures == 0 {
                    News::Failing
                } else {
                    News::Nothing
                },
            ),
            State::Closed { .. } => (open(now, FIRST_PAUSE), News::Nothing),
            State::Probing { pause, .. } => {
                (open(now, (pause * 2).min(LONGEST_PAUSE)), News::Nothing)
            }
            // Answers that were on their way when it opened say nothing new.
            open @ State::Open { .. } => (open, News::Nothing),
        };
        *state = next;
        self.is_well.store(false, Ordering::Relaxed);
        news
    }

    fn is_well(&self) -> bool {
        // Relaxed: who just misses a failure counts as one who came before it.
        self.is_well.load(Ordering::Relaxed)
    }

    /// For people.
    pub(crate) fn state(&self) -> BreakerState {
        match *lock(&self.state) {
            State::Closed { failures: 0 } => BreakerState::Closed,
            State::Closed { .. } => BreakerState::Failing,
            State::Open { .. } => BreakerState::Open,
            State::Probing { .. } => BreakerState::Probing,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !matches!(*lock(&self.state), State::Closed { .. })
    }
}

fn open(now: Tick, pause: Tick) -> State {
    State::Open {
        until: now + pause,
        pause,
    }
}
