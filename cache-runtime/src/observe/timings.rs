//! How often something was done and how long it took: plain numbers, and the atomics behind them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock::Stopwatch;

/// How often something was done, and how long it took.
///
/// Anything that takes less than ten microseconds is timed only one time in 32, since reading a clock twice
/// would be a noticeable part of its time; each timing then counts 32 times. So [`mean`](Timings::mean) is
/// right in both cases, and [`longest`](Timings::longest) is the longest one that was timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Timings {
    /// How often it was done.
    pub count: u64,
    /// The longest of those that were timed.
    pub longest: Duration,
    /// How many the timed ones stand for; `nanos` is how long those took.
    weight: u64,
    nanos: u64,
}

impl Timings {
    /// Returns how long it takes on average; zero if nothing was timed.
    #[must_use]
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.nanos.checked_div(self.weight).unwrap_or_default())
    }

    /// Returns how long all of them took, as estimated from the timed ones.
    #[must_use]
    pub fn total(&self) -> Duration {
        times(self.mean(), self.count)
    }

    pub(crate) fn add(&mut self, other: &Timings) {
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
        self.weight += other.weight;
        self.nanos = self.nanos.saturating_add(other.nanos);
    }
}

/// Returns `time` times `count`.
pub(crate) fn times(time: Duration, count: u64) -> Duration {
    let nanos = time.as_nanos().saturating_mul(u128::from(count));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// From this duration on, reading the clock is a small part of what it measures.
const SLOW: Duration = Duration::from_micros(10);
/// Below that, one in this many is timed.
const ONE_IN: u8 = 32;
/// 2^64 divided by the golden ratio: the timed ones follow no rhythm that the measured code could share.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What [`Timings`] are made of.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    count: AtomicU64,
    longest: AtomicU64,
    weight: AtomicU64,
    nanos: AtomicU64,
    /// Whether the last one that was timed was too short to time each.
    is_quick: AtomicBool,
}

impl Timing {
    /// Begins one. Returns how many it stands for if it is to be timed, otherwise 0.
    pub(crate) fn begin(&self) -> u8 {
        let before = self.count.fetch_add(1, Relaxed);
        if !self.is_quick.load(Relaxed) {
            1
        } else if before.wrapping_mul(GOLDEN) >> (64 - ONE_IN.ilog2()) == 0 {
            ONE_IN
        } else {
            0
        }
    }

    /// Records how long one took that stands for `weight`.
    pub(crate) fn took(&self, weight: u8, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let weight = u64::from(weight);
        self.weight.fetch_add(weight, Relaxed);
        self.nanos.fetch_add(nanos.saturating_mul(weight), Relaxed);
        if nanos > self.longest.load(Relaxed) {
            self.longest.fetch_max(nanos, Relaxed);
        }
        let is_quick = time < SLOW;
        if is_quick != self.is_quick.load(Relaxed) {
            self.is_quick.store(is_quick, Relaxed);
        }
    }

    /// Records the time of a stopwatch started when it began; returns that time, if it was timed.
    pub(crate) fn ended(&self, weight: u8, watch: &Stopwatch) -> Option<Duration> {
        let time = (weight > 0).then(|| watch.elapsed())?;
        self.took(weight, time);
        Some(time)
    }

    pub(crate) fn timings(&self) -> Timings {
        Timings {
            count: self.count.load(Relaxed),
            longest: Duration::from_nanos(self.longest.load(Relaxed)),
            weight: self.weight.load(Relaxed),
            nanos: self.nanos.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Timing, Timings};

    fn run(timing: &Timing, time: Duration) {
        let weight = timing.begin();
        if weight > 0 {
            timing.took(weight, time);
        }
    }

    #[test]
    fn what_is_slow_is_timed_each_time() {
        let timing = Timing::default();
        for ms in 1..=4 {
            run(&timing, Duration::from_millis(ms));
        }
        let timings = timing.timings();
        assert_eq!(timings.count, 4);
        assert_eq!(timings.mean(), Duration::from_micros(2500));
        assert_eq!(timings.total(), Duration::from_millis(10));
        assert_eq!(timings.longest, Duration::from_millis(4));
    }

    #[test]
    fn what_is_quick_is_timed_one_time_in_32_and_counted_each_time() {
        let timing = Timing::default();
        for _ in 0..321 {
            run(&timing, Duration::from_nanos(100));
        }
        let timings = timing.timings();
        assert_eq!(timings.count, 321);
        assert!((200..=450).contains(&timings.weight), "{timings:?}");
        assert_eq!(timings.mean(), Duration::from_nanos(100));
    }

    #[test]
    fn one_that_is_slow_among_quick_ones_does_not_count_more_than_it_is() {
        let timing = Timing::default();
        for at in 0..32_000 {
            let is_slow = at % 64 == 7;
            run(
                &timing,
                Duration::from_micros(if is_slow { 1000 } else { 1 }),
            );
        }
        let micros = timing.timings().mean().as_micros();
        assert!((13..20).contains(&micros), "{micros} instead of about 16");
    }

    #[test]
    fn nothing_takes_no_time() {
        assert_eq!(Timings::default().mean(), Duration::ZERO);
        assert_eq!(Timings::default().total(), Duration::ZERO);
    }
}
