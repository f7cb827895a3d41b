//! Whether a store is called at all: after repeated failures it is left alone for a while.
//!
//! While the breaker is closed, failures are counted. After three in a row it opens, for a tenth of a second
//! at first and twice as long after each failed probe, up to a second. When that time is over, one
//! caller probes; the others are turned away until the probe is answered.
//!
//! A result speaks for the time when its operation began, and callers report in any order. So a success
//! that began before the last failure restarts the count, but does not mean that the
//! store is back; a failure that began before the store was back does not mean that it fails again;
//! and for an open breaker only a probe can tell.

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
    /// Closed, and no failure reported: then no caller takes the lock. Changed under it.
    is_well: AtomicBool,
    /// How many failures and recoveries there were. Changed under the lock.
    changes: AtomicUsize,
}

#[derive(Debug)]
struct Health {
    state: State,
    /// The number of the change that was the last recovery.
    recovered: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// No failure has been reported.
    Well,
    /// A failure was reported, and the store has not been seen to be back; `failures` in a row.
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

/// Permission for an operation: how many changes there had been when it was admitted.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub(crate) struct Admission(usize);

/// Whether the store of a cache is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// It is in use, and it answers.
    Closed,
    /// It is in use, although it failed the last time.
    Failing,
    /// It is left alone for a while.
    Open,
    /// One caller is testing whether it is back.
    Probing,
}

impl BreakerState {
    /// Returns the state in one word: `closed`, `failing`, `open`, `probing`.
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
    /// The first failure after a healthy period.
    Failing,
    /// The first success after a failing period.
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

    /// Returns whether the store may be called; a caller that probes must report back, or another may probe
    /// after `patience`.
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

    /// Admits an operation that is never held back, whatever the state.
    pub(crate) fn admission(&self) -> Admission {
        // Relaxed: a caller that just misses a change counts as one that came before it.
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

    /// Returns whether something changed since the operation was admitted. Called under the lock.
    fn is_late(&self, admission: Admission) -> bool {
        admission.0 < self.changes.load(Ordering::Relaxed)
    }

    /// Counts one more change, under the lock; returns its number.
    fn change(&self) -> usize {
        self.changes.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn is_well(&self) -> bool {
        // Relaxed, as above.
        self.is_well.load(Ordering::Relaxed)
    }

    /// Returns the state, for people.
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
