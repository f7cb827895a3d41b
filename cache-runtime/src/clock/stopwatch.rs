//! How long something takes, on the clock in use.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Clock;
use super::hand::Hand;

/// Starts when it is created.
#[derive(Debug, Clone)]
pub(crate) enum Stopwatch {
    System(Instant),
    Hand(Arc<Hand>, u64),
}

impl Clock {
    pub(crate) fn stopwatch(&self) -> Stopwatch {
        match &self.0 {
            None => Stopwatch::System(Instant::now()),
            Some(hand) => Stopwatch::Hand(hand.clone(), hand.now()),
        }
    }
}

impl Stopwatch {
    pub(crate) fn elapsed(&self) -> Duration {
        match self {
            Self::System(started) => started.elapsed(),
            Self::Hand(hand, started) => Duration::from_millis(hand.now() - started),
        }
    }
}
