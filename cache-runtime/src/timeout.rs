//! How long a value lives, as Django defines it.

use std::time::Duration;

use crate::tools::random::random_share;

/// How long a value lives.
///
/// Integers are seconds, and zero or less expires at once, as in Django. Floats keep their fraction of a
/// second, and `None` means never.
///
/// ```
/// use cache_runtime::Timeout;
/// use std::time::Duration;
///
/// assert_eq!(Timeout::from(60), Timeout::After(Duration::from_secs(60)));
/// assert_eq!(Timeout::from(0), Timeout::Expired);
/// assert_eq!(Timeout::from(-1), Timeout::Expired);
/// assert_eq!(Timeout::from(0.5), Timeout::After(Duration::from_millis(500)));
/// assert_eq!(Timeout::from(None::<Duration>), Timeout::Never);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timeout {
    /// The cache's own timeout.
    #[default]
    Default,
    /// Forever.
    Never,
    /// This long.
    After(Duration),
    /// Not at all: what is there is removed.
    Expired,
}

impl Timeout {
    /// Returns this timeout, or `default` if it is [`Timeout::Default`].
    pub(crate) fn or(self, default: Timeout) -> Timeout {
        match self {
            Timeout::Default => default,
            chosen => chosen,
        }
    }

    /// Returns the lifetime: `None` if it expires at once, `Some(None)` for ever.
    pub(crate) fn life(self) -> Option<Option<Duration>> {
        match self {
            Timeout::Default | Timeout::Never => Some(None),
            Timeout::After(life) if life.is_zero() => None,
            Timeout::After(life) => Some(Some(life)),
            Timeout::Expired => None,
        }
    }

    /// Returns the shorter one; neither of them is [`Timeout::Default`].
    pub(crate) fn shorter(self, other: Timeout) -> Timeout {
        match (self.life(), other.life()) {
            (None, _) | (Some(Some(_)), Some(None)) => self,
            (Some(Some(own)), Some(Some(others))) if own <= others => self,
            _ => other,
        }
    }

    /// Returns this timeout, shortened by a random share of up to `jitter` (0 to 1).
    pub(crate) fn jittered(self, jitter: f64) -> Timeout {
        match self {
            Timeout::After(life) if jitter > 0.0 => {
                Timeout::After(life.mul_f64(1.0 - jitter.min(1.0) * random_share()))
            }
            other => other,
        }
    }
}

impl From<Duration> for Timeout {
    fn from(life: Duration) -> Self {
        if life.is_zero() {
            Timeout::Expired
        } else {
            Timeout::After(life)
        }
    }
}

impl From<Option<Duration>> for Timeout {
    fn from(life: Option<Duration>) -> Self {
        life.map_or(Timeout::Never, Timeout::from)
    }
}

impl From<f64> for Timeout {
    fn from(seconds: f64) -> Self {
        if seconds.is_nan() || seconds <= 0.0 {
            return Timeout::Expired;
        }
        Duration::try_from_secs_f64(seconds).map_or(Timeout::Never, Timeout::from)
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Timeout {
            fn from(seconds: $integer) -> Self {
                match u64::try_from(seconds) {
                    Ok(0) | Err(_) => Timeout::Expired,
                    Ok(seconds) => Timeout::After(Duration::from_secs(seconds)),
                }
            }
        }
    )*};
}

from_integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);
