//! The life of one entry: two clocks, and four ages.
//!
//! ```text
//! written          calm              expires            dead
//!    │ Calm          │ Late             │ Stale           │ Dead
//!    └───────────────┴──────────────────┴─────────────────┘
//! ```
//!
//! The logical clock ends at `expires`, the timeout. The physical one ends at `dead`: until then
//! (`stale`) the old value is there for callers that cannot get a new one. Before the timeout, an entry
//! may be late (`refresh_ahead`, `early`): fresh, but due for renewal.

use std::time::Duration;

use crate::clock::{NEVER, millis};

/// What a function sets about the time around its timeout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Care {
    /// How long an old value may be served after the timeout.
    pub(crate) stale: Duration,
    /// When a fresh value is due for renewal.
    pub(crate) ahead: Ahead,
}

/// When a fresh value is due for renewal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ahead {
    No,
    /// `refresh_ahead`: past this share of its life.
    Share(f64),
    /// `early`: at random, more likely the closer the end and the more expensive the computation.
    Chance {
        beta: f64,
    },
}

impl Care {
    pub(crate) const NONE: Care = Care {
        stale: Duration::ZERO,
        ahead: Ahead::No,
    };

    /// Returns whether there is only a plain timeout.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Returns how long an entry that is fresh for `life` is to be kept.
    pub(crate) fn physical(&self, life: Option<Duration>) -> Option<Duration> {
        life.map(|life| life.saturating_add(self.stale))
    }
}

/// The times of an entry, in milliseconds of one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) calm: u64,
    pub(crate) expires: u64,
    pub(crate) dead: u64,
}

/// The age of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Age {
    /// Fresh, and not due for renewal.
    Calm,
    /// Fresh, and due for renewal.
    Late,
    /// Its timeout is over; it is there for callers that cannot get a new one.
    Stale,
    Dead,
}

/// From here on, the chance of an early computation is above one in a thousand million.
const FAR: f64 = 21.0;

impl Life {
    /// Returns the life of an entry that is fresh until then, and gone after it.
    pub(crate) const fn plain(expires: u64) -> Self {
        Self {
            calm: expires,
            expires,
            dead: expires,
        }
    }

    /// Returns the life from `start` to `expires`, with what `care` asks for around it; computing it took `cost`.
    pub(crate) fn new(start: u64, expires: u64, cost: Duration, care: &Care) -> Self {
        if expires == NEVER || care.is_none() {
            return Self::plain(expires);
        }
        let length = expires.saturating_sub(start);
        let calm = match care.ahead {
            Ahead::No => length,
            Ahead::Share(share) => part(length, share),
            Ahead::Chance { beta } => length.saturating_sub(whole(milliseconds(cost) * beta * FAR)),
        };
        Self {
            calm: start.saturating_add(calm),
            expires,
            dead: expires.saturating_add(millis(care.stale)).min(NEVER - 1),
        }
    }

    pub(crate) fn age(&self, now: u64) -> Age {
        if now < self.calm {
            Age::Calm
        } else if now >= self.dead {
            // A copy may be gone before its timeout is over.
            Age::Dead
        } else if now < self.expires {
            Age::Late
        } else {
            Age::Stale
        }
    }

    /// Returns the same life on another clock.
    pub(crate) fn on(self, from: u64, to: u64) -> Self {
        let moved = |at: u64| match at {
            NEVER => NEVER,
            at if at >= from => to.saturating_add(at - from).min(NEVER - 1),
            at => to.saturating_sub(from - at),
        };
        Self {
            calm: moved(self.calm),
            expires: moved(self.expires),
            dead: moved(self.dead),
        }
    }

    /// Returns a life that ended at `now`, with `stale` from then on, as far as it would have lasted at all.
    pub(crate) fn expired(self, now: u64, stale: Duration) -> Self {
        Self {
            calm: self.calm.min(now),
            expires: self.expires.min(now),
            dead: self.dead.min(now.saturating_add(millis(stale))),
        }
    }

    /// Returns whether this reader is the one that computes early: `XFetch`. `random` is from 0 to 1.
    pub(crate) fn is_chosen(&self, now: u64, cost: Duration, beta: f64, random: f64) -> bool {
        // The logarithm of 0 would be infinite.
        let gap = -random.max(f64::MIN_POSITIVE).ln();
        let ahead = whole(milliseconds(cost) * beta * gap);
        now.saturating_add(ahead) >= self.expires
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds, held to what there is"
)]
fn whole(milliseconds: f64) -> u64 {
    milliseconds.round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "a share of a length")]
fn part(length: u64, share: f64) -> u64 {
    whole(length as f64 * share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Age, Ahead, Care, Life};
    use crate::clock::NEVER;

    const SECOND: Duration = Duration::from_secs(1);

    fn ages(life: Life, at: &[u64]) -> Vec<Age> {
        at.iter().map(|now| life.age(*now)).collect()
    }

    #[test]
    fn an_entry_is_calm_late_stale_and_dead() {
        use Age::{Calm, Dead, Late, Stale};
        let care = Care {
            stale: 5 * SECOND,
            ahead: Ahead::Share(0.8),
        };
        let life = Life::new(100, 10_100, SECOND, &care);
        let at = [100, 8_099, 8_100, 10_099, 10_100, 15_099, 15_100];
        let all = [Calm, Calm, Late, Late, Stale, Stale, Dead];
        assert_eq!(ages(life, &at), all);
        assert_eq!(
            ages(life.expired(200, 5 * SECOND), &[199, 200, 5_199, 5_200]),
            [Calm, Stale, Stale, Dead]
        );
        let there = life.on(100, 1_000_100);
        assert_eq!(there.age(1_008_100), Late);
        assert_eq!(there.age(1_015_100), Dead);
        assert_eq!(life.on(20_000, 10).age(0), Dead, "long ago");
    }

    #[test]
    fn without_care_it_is_calm_and_then_dead() {
        let life = Life::new(0, 1000, SECOND, &Care::NONE);
        assert_eq!(ages(life, &[999, 1000]), [Age::Calm, Age::Dead]);
        let care = Care {
            stale: SECOND,
            ahead: Ahead::Share(0.5),
        };
        let endless = Life::new(0, NEVER, SECOND, &care);
        assert_eq!(endless.age(NEVER - 1), Age::Calm);
        assert_eq!(endless.on(5, 10), endless);
    }

    // Of the paper: at a distance of `cost` one in e reads is chosen, at three times one in e³.
    #[test]
    fn early_reads_are_chosen_as_xfetch_says() {
        let life = Life::plain(100_000);
        let share = |gap: u64| {
            let chosen = (1..=10_000_u32)
                .filter(|n| life.is_chosen(100_000 - gap, SECOND, 1.0, f64::from(*n) / 10_000.0));
            chosen.count()
        };
        assert!((3_670..3_690).contains(&share(1_000)), "{}", share(1_000));
        assert!((490..505).contains(&share(3_000)), "{}", share(3_000));
        assert_eq!(share(0), 10_000);
        let calm = Life::new(
            0,
            100_000,
            SECOND,
            &Care {
                stale: Duration::ZERO,
                ahead: Ahead::Chance { beta: 1.0 },
            },
        );
        assert_eq!(calm.calm, 79_000);
        assert!(!calm.is_chosen(79_000, SECOND, 1.0, 1e-9));
    }
}
