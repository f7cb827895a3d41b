//! What the sources know as `crate::clock`: a hand that the simulation moves.

use std::cell::Cell;
use std::time::Duration;

/// Milliseconds, of which the library's clocks tell no parts.
pub(crate) type Tick = u64;

pub(crate) const NEVER: Tick = Tick::MAX;

#[derive(Debug, Default)]
pub(crate) struct Clock(Cell<Tick>);

impl Clock {
    pub(crate) fn set(&self, now: Tick) {
        self.0.set(now);
    }

    pub(crate) fn now(&self) -> Tick {
        self.0.get()
    }
}

/// Rounded up, as there.
pub(crate) fn millis(duration: Duration) -> u64 {
    let parts = u64::from(duration.subsec_nanos().div_ceil(1_000_000));
    duration
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(parts)
}
