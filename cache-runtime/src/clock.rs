//! The clock that every time-dependent rule takes, so that tests can move time by hand.

mod alarm;
mod hand;
mod stopwatch;
mod timer;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hand::Hand;
pub(crate) use stopwatch::Stopwatch;

/// Milliseconds on this process's own monotonic clock.
pub(crate) type Tick = u64;

/// The tick of what never expires.
pub(crate) const NEVER: Tick = Tick::MAX;

/// Where the time comes from: the system, or a test that moves it by hand.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<Hand>>);

impl Clock {
    /// The system's clock.
    pub(crate) const fn system() -> Self {
        Self(None)
    }

    /// Returns a clock that stands still until [`advance`](Clock::advance) moves it.
    #[must_use]
    pub fn manual() -> Self {
        Self(Some(Arc::new(Hand::new())))
    }

    /// Moves a manual clock forward. Its clones move with it, and callers waiting for a time limit
    /// that has passed continue. The system's clock ignores this.
    pub fn advance(&self, by: Duration) {
        if let Some(hand) = &self.0 {
            hand.advance(millis(by));
        }
    }

    /// Returns how many callers wait for a time on this manual clock: a test moves it once they do.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.as_ref().map_or(0, |hand| hand.waiting())
    }

    /// Returns the present on the monotonic clock.
    #[inline]
    pub(crate) fn now(&self) -> Tick {
        match &self.0 {
            None => monotonic(),
            Some(hand) => MANUAL_START + hand.now(),
        }
    }

    /// Returns the present in milliseconds since 1970, for times that other processes read.
    #[doc(hidden)]
    #[must_use]
    pub fn wall(&self) -> u64 {
        match &self.0 {
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, millis),
            Some(hand) => MANUAL_WALL + hand.now(),
        }
    }
}

impl Clock {
    /// Returns the same in microseconds.
    pub(crate) fn wall_micros(&self) -> u64 {
        match &self.0 {
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                now.map_or(0, |now| u64::try_from(now.as_micros()).unwrap_or(u64::MAX))
            }
            Some(_) => self.wall().saturating_mul(1000),
        }
    }

    /// Returns the last stamp made by this clock.
    pub(crate) fn last_stamp(&self) -> &AtomicU64 {
        static OF_SYSTEM: AtomicU64 = AtomicU64::new(0);
        match &self.0 {
            None => &OF_SYSTEM,
            Some(hand) => &hand.last_stamp,
        }
    }

    /// Returns the present on the system's monotonic clock, whatever clock this is: a server's time. `now` is
    /// the present on this clock, or 0 if that is not known.
    #[inline]
    pub(crate) fn system_now(&self, now: Tick) -> Tick {
        if now == 0 || self.0.is_some() {
            monotonic()
        } else {
            now
        }
    }
}

// Not zero, so that times before it are still numbers.
const MANUAL_START: Tick = 1_000_000;
const MANUAL_WALL: u64 = 1_700_000_000_000;

/// Converts a duration to whole milliseconds, rounded up, so that nothing expires early.
pub(crate) fn millis(duration: Duration) -> u64 {
    let parts = u64::from(duration.subsec_nanos().div_ceil(1_000_000));
    duration
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(parts)
}

/// Longer than any process lives.
const LONGEST: Duration = Duration::from_secs(1 << 30);

/// Returns a limit that can be added to any time: callers may mean "none" by [`Duration::MAX`].
fn bounded(limit: Duration) -> Duration {
    limit.min(LONGEST)
}

/// Returns the end of a limit that begins now.
pub(crate) fn end_of(limit: Duration) -> std::time::Instant {
    std::time::Instant::now() + bounded(limit)
}

// The coarse clock costs a fifth of `Instant::now`; it advances every few milliseconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
#[expect(unsafe_code, reason = "std does not have the coarse clock")]
#[allow(clippy::cast_sign_loss)]
fn monotonic() -> Tick {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a local timespec, which the call writes before it returns. The
    // clock has existed since Linux 2.6.32; if it did not, the time would stand still at zero.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
    now.tv_sec as Tick * 1000 + now.tv_nsec as Tick / 1_000_000
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn monotonic() -> Tick {
    use std::time::Instant;
    static START: once_cell::sync::Lazy<Instant> = once_cell::sync::Lazy::new(Instant::now);
    START.elapsed().as_millis() as Tick + MANUAL_START
}
