//! Whether a store is asked at all: after repeated failures it is left alone for a while.
//!
//! Closed, failures are counted. After three in a row the breaker opens, for a tenth of a second
//! at first and twice as long after each failed probe, up to a second. When that time is over one
//! caller probes; the others are turned away until the probe has an answer.
//!
//! An answer speaks for the time when it was asked for, and callers report in any order. So a success
//! that was asked for before the last failure starts the count again, but does not say that the
//! store is back; a failure that was asked for before it was back does not say that it fails again;
//! and of an open breaker only a probe can tell.

use std::time::Duration;

use crate::clock::{Clock, Tick, millis};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Mutex, lock};

const FAILURES_TO_OPEN: u32 = 3;
const FIRST_PAUSE: Tick = 100;
const LONGEST_PAUSE: Tick = 1000;

#[derive(Debug)]
pub(crate) struct Breaker {
    clock: Clock,
    health: Mutex<Health>,
    /// Closed, and nothing was said to fail: then nobody takes the lock. Changed under it.
    is_well: AtomicBool,
    /// How many failures and recoveries there were. Changed under the lock.
    changes: AtomicUsize,
}

#[derive(Debug)]
struct Health {
    state: State,
    /// The change that was the last recovery.
    recovered: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nobody has said that it fails.
    Well,
    /// It was said to fail, and was not yet seen to be back; so many failures in a row.
    Failing {
        failures: u32,
    },
    Open {
        until: Tick,
        pause: Tick,
    },
    Probing {
        since: Tick,
        pause: Tick,
    },
}

/// That an operation is let through: the changes that there were when it was.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub(crate) struct Admission(usize);

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
            health: Mutex::new(Health {
                state: State::Well,
                recovered: 0,
            }),
            is_well: AtomicBool::new(true),
            changes: AtomicUsize::new(0),
        }
    }

    /// Whether to ask the store; the one who probes must report back, or the next may probe after
    /// `patience`.
    pub(crate) fn admits(&self, patience: Duration) -> Option<Admission> {
        let admission = self.admission();
        if self.is_well() {
            return Some(admission);
        }
        let mut health = lock(&self.health);
        if let State::Well | State::Failing { .. } = health.state {
            return Some(admission);
        }
        let now = self.clock.now();
        let pause = match health.state {
            State::Open { until, pause } if now >= until => pause,
            // A probe that was cancelled never reports.
            State::Probing { since, pause } if now >= since + millis(patience) => pause,
            _ => return None,
        };
        health.state = State::Probing { since: now, pause };
        Some(self.admission())
    }

    /// Of an operation that is not held back, whatever the state.
    pub(crate) fn admission(&self) -> Admission {
        // Relaxed: who just misses a change counts as one who came before it.
        Admission(self.changes.load(Ordering::Relaxed))
    }

    pub(crate) fn succeeded(&self, admission: Admission) -> News {
        if self.is_well() {
            return News::Nothing;
        }
        let mut health = lock(&self.health);
        match health.state {
            State::Well | State::Open { .. } => return News::Nothing,
            State::Failing { .. } if self.is_late(admission) => {
                health.state = State::Failing { failures: 0 };
                return News::Nothing;
            }
            State::Probing { .. } if self.is_late(admission) => return News::Nothing,
            State::Failing { .. } | State::Probing { .. } => {}
        }
        health.state = State::Well;
        health.recovered = self.change();
        self.is_well.store(true, Ordering::Relaxed);
        News::Recovered
    }

    pub(crate) fn failed(&self, admission: Admission) -> News {
        let mut health = lock(&self.health);
        let now = self.clock.now();
        let (next, news) = match health.state {
            _ if admission.0 < health.recovered => return News::Nothing,
            State::Well => (State::Failing { failures: 1 }, News::Failing),
            State::Failing { failures } if failures + 1 < FAILURES_TO_OPEN => {
                let failures = failures + 1;
                (State::Failing { failures }, News::Nothing)
            }
            State::Failing { .. } => (open(now, FIRST_PAUSE), News::Nothing),
            State::Open { .. } => return News::Nothing,
            State::Probing { .. } if self.is_late(admission) => return News::Nothing,
            State::Probing { pause, .. } => {
                (open(now, (pause * 2).min(LONGEST_PAUSE)), News::Nothing)
            }
        };
        health.state = next;
        self.change();
        self.is_well.store(false, Ordering::Relaxed);
        news
    }

    /// Something changed since it was let through. Asked under the lock.
    fn is_late(&self, admission: Admission) -> bool {
        admission.0 < self.changes.load(Ordering::Relaxed)
    }

    /// One more change, under the lock; its number.
    fn change(&self) -> usize {
        self.changes.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn is_well(&self) -> bool {
        // Relaxed, as above.
        self.is_well.load(Ordering::Relaxed)
    }

    /// For people.
    pub(crate) fn state(&self) -> BreakerState {
        match lock(&self.health).state {
            State::Well => BreakerState::Closed,
            State::Failing { .. } => BreakerState::Failing,
            State::Open { .. } => BreakerState::Open,
            State::Probing { .. } => BreakerState::Probing,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(
            lock(&self.health).state,
            State::Open { .. } | State::Probing { .. }
        )
    }
}

fn open(now: Tick, pause: Tick) -> State {
    State::Open {
        until: now + pause,
        pause,
    }
}
