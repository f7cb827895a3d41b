//! Sizes, times and shares in readable form.

use std::time::{Duration, SystemTime};

use cache_runtime::Ttl;
use serde_json::Value;

/// `900 bytes`, `1.5 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return counted(bytes, "byte");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    while amount >= 1023.95 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

/// `1 entry`, `2 entries`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}

/// `2d 3h`, `9m 59s`, `1.5s`: the two largest parts.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (large, small) = match seconds {
        0..60 => return format!("{:.1}s", time.as_secs_f64()),
        60..3600 => ((seconds / 60, "m"), (seconds % 60, "s")),
        3600..86_400 => ((seconds / 3600, "h"), (seconds / 60 % 60, "m")),
        _ => ((seconds / 86_400, "d"), (seconds / 3600 % 24, "h")),
    };
    format!("{}{} {}{}", large.0, large.1, small.0, small.1)
}

/// `212 µs`, `1.24 ms`.
pub(crate) fn latency(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1000.0 => format!("{micros:.0} µs"),
        ..1e6 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// `87.5%`; nothing if the whole is zero.
pub(crate) fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => String::new(),
        _ => format!("{:.1}%", part as f64 * 100.0 / whole as f64),
    }
}

/// Returns how long something still lives, for people.
pub(crate) fn left(left: Ttl) -> Option<String> {
    match left {
        Ttl::Never => Some("ever".to_owned()),
        Ttl::After(left) => Some(time(left)),
        Ttl::Missing => None,
    }
}

/// Returns the same for programs: seconds, `"never"`, or `null`.
pub(crate) fn left_json(left: Ttl) -> Value {
    match left {
        Ttl::Never => "never".into(),
        Ttl::After(left) => left.as_secs_f64().into(),
        Ttl::Missing => Value::Null,
    }
}

/// `2026-11-29 19:50:08 UTC`.
pub(crate) fn moment(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Returns seconds since 1970, for programs.
pub(crate) fn unix(at: SystemTime) -> f64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// Returns the date this many days after 1970-01-01, by Hinnant's method: years begin in March, so that the day
/// that may be missing is the last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{counted, latency, moment, share, size, time};

    #[test]
    fn sizes_and_times() {
        assert_eq!(
            [size(0), size(1), size(1023)],
            ["0 bytes", "1 byte", "1023 bytes"]
        );
        assert_eq!([size(1536), size(1 << 20)], ["1.5 KiB", "1.0 MiB"]);
        assert_eq!(size((1 << 20) - 1), "1.0 MiB");
        assert_eq!(
            [counted(1, "entry"), counted(0, "entry")],
            ["1 entry", "0 entries"]
        );
        let seconds = |seconds| time(Duration::from_secs_f64(seconds));
        assert_eq!(
            [seconds(1.55), seconds(599.0), seconds(90_061.0)],
            ["1.6s", "9m 59s", "1d 1h"]
        );
        assert_eq!(seconds(7260.0), "2h 1m");
        let micros = |micros| latency(Duration::from_micros(micros));
        assert_eq!(
            [micros(212), micros(1240), micros(2_500_000)],
            ["212 µs", "1.24 ms", "2.50 s"]
        );
        assert_eq!([share(7, 8), share(0, 0)], ["87.5%", ""]);
    }

    #[test]
    fn moments() {
        let at = |seconds| moment(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(at(1_735_689_599), "2024-12-31 23:59:59 UTC");
        assert_eq!(at(4_107_542_400), "2100-03-01 00:00:00 UTC");
    }
}
