//! Lifetimes as the server counts them: whole seconds, on a clock that ticks once a second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::store::Ttl;

/// The server takes longer lifetimes for seconds since 1970.
const MONTH: u64 = 30 * 24 * 60 * 60;

/// The server reads a signed 32-bit number.
const LAST: u64 = i32::MAX as u64;

/// Returns what is sent to the server for a lifetime; 0 is for ever.
pub(super) fn expiry(ttl: Option<Duration>) -> u32 {
    at(ttl, now())
}

/// Returns the lifetime that the server reports as left, to be sent again.
pub(super) fn again(left: Option<i64>) -> u32 {
    match left {
        Some(left) if left >= 0 => wire(left.unsigned_abs().max(1), now()),
        _ => 0,
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}

/// A lifetime that begins between two ticks ends up to a second early: hence the extra one. An end that
/// the server cannot express, in 2038 or later, is no end.
fn at(ttl: Option<Duration>, now: u64) -> u32 {
    let Some(ttl) = ttl else { return 0 };
    let ticks = 1 + u64::from(ttl.subsec_nanos() > 0);
    wire(ttl.as_secs().saturating_add(ticks), now)
}

fn wire(seconds: u64, now: u64) -> u32 {
    let wire = if seconds <= MONTH {
        seconds
    } else {
        now.saturating_add(seconds)
    };
    if wire > LAST {
        return 0;
    }
    u32::try_from(wire).unwrap_or(0)
}

/// Returns what is left of a lifetime: up to a second less than the server reports.
pub(super) fn left(seconds: Option<i64>) -> Ttl {
    match seconds {
        None => Ttl::Missing,
        Some(seconds) if seconds < 0 => Ttl::Never,
        Some(seconds) => Ttl::After(Duration::from_secs(
            seconds.unsigned_abs().saturating_sub(1).max(1),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[test]
    fn lives_are_whole_seconds_and_long_ones_are_dates() {
        let seconds = Duration::from_secs;
        for (ttl, expected) in [
            (None, 0),
            (Some(Duration::from_nanos(1)), 2),
            (Some(seconds(1)), 2),
            (Some(Duration::from_millis(1001)), 3),
            (Some(seconds(MONTH - 1)), 2_592_000),
            (Some(seconds(MONTH)), 1_802_592_001),
            (Some(seconds(90 * 86_400)), 1_807_776_001),
            (Some(seconds(20 * 365 * 86_400)), 0),
            (Some(Duration::MAX), 0),
        ] {
            assert_eq!(at(ttl, NOW), expected, "{ttl:?}");
        }
    }

    #[test]
    fn what_is_left_is_what_was_given() {
        assert_eq!(left(Some(61)), Ttl::After(Duration::from_secs(60)));
        assert_eq!(left(Some(0)), Ttl::After(Duration::from_secs(1)));
        assert_eq!(left(Some(-1)), Ttl::Never);
        assert_eq!(left(None), Ttl::Missing);
        assert_eq!((again(Some(61)), again(Some(1))), (61, 1));
        assert_eq!((again(Some(-1)), again(None)), (0, 0));
        assert!(again(Some(3_000_000)) > 1_700_000_000);
    }
}
