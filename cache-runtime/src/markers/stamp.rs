//! When something happened, so exactly that two events of one process never have the same time; and
//! on which machine, since the clocks of two machines differ.
//!
//! An invalidation is compared with the start of a computation. Milliseconds are too coarse for that:
//! a caller that deletes, computes and reads again within one would not find what it computed. So a stamp is in
//! microseconds, and each is later than the one before it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use once_cell::sync::Lazy;

use crate::clock::Clock;
use crate::tools::random::random_bits;

/// How far the clocks of two machines may differ.
pub(crate) const SKEW: Duration = Duration::from_secs(1);

/// When something happened: a unique time, and the machine whose clock it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Microseconds since 1970.
    pub(crate) at: u64,
    pub(crate) machine: u32,
}

impl Stamp {
    /// Returns the present, later than every stamp that this process has made with `clock`.
    pub(crate) fn now(clock: &Clock) -> Self {
        Self {
            at: next(clock.last_stamp(), clock.wall_micros()),
            machine: machine(),
        }
    }

    /// Returns the same if no other process has to know it: the clock is not read.
    pub(crate) fn within(clock: &Clock) -> Self {
        Self {
            at: clock.last_stamp().fetch_add(1, Relaxed) + 1,
            machine: machine(),
        }
    }

    /// Returns the time before which whatever began on that machine began before this stamp.
    pub(crate) fn reach_for(self, machine: u32) -> u64 {
        if self.machine == machine {
            self.at
        } else {
            self.at.saturating_add(micros(SKEW))
        }
    }

    /// `1764420000000000-1f00beef`
    pub(crate) fn to_text(self) -> String {
        format!("{:016}-{:08x}", self.at, self.machine)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, machine) = text.split_once('-')?;
        Some(Self {
            at: at.parse().ok()?,
            machine: u32::from_str_radix(machine, 16).ok()?,
        })
    }
}

/// Returns one more than the last, or the present.
fn next(last: &AtomicU64, now: u64) -> u64 {
    let step = |last: u64| Some(now.max(last + 1));
    let before = last.fetch_update(Relaxed, Relaxed, step);
    step(before.unwrap_or_else(|last| last)).unwrap_or(now)
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Returns a number for this machine, as far as its clock is concerned: containers on it share one.
pub(crate) fn machine() -> u32 {
    static MACHINE: Lazy<u32> = Lazy::new(|| {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        // If it cannot be determined, each process counts as a machine of its own, which is the safe side.
        let identity = boot.unwrap_or_else(|_| random_bits().to_string());
        let mut hasher = DefaultHasher::new();
        identity.trim().hash(&mut hasher);
        #[expect(clippy::cast_possible_truncation, reason = "half of a hash")]
        let machine = hasher.finish() as u32;
        machine
    });
    *MACHINE
}

#[cfg(test)]
mod tests {
    use super::{SKEW, Stamp, micros};
    use crate::clock::Clock;

    #[test]
    fn stamps_of_one_process_are_in_order() {
        let clock = Clock::manual();
        let (first, second) = (Stamp::now(&clock), Stamp::now(&clock));
        assert!(first.at < second.at, "while time stands still");
        let system = Clock::system();
        let stamps: Vec<u64> = (0..1000).map(|_| Stamp::now(&system).at).collect();
        assert!(stamps.is_sorted_by(|a, b| a < b));
        assert_eq!(Stamp::parse(&first.to_text()), Some(first));
        assert_eq!(Stamp::parse("nonsense"), None);
    }

    #[test]
    fn another_machines_clock_may_be_ahead() {
        let stamp = |at, machine| Stamp { at, machine };
        let skew = micros(SKEW);
        let deleted = stamp(5_000_000, 1);
        assert_eq!(deleted.reach_for(1), 5_000_000);
        assert_eq!(deleted.reach_for(2), 5_000_000 + skew);
    }
}
