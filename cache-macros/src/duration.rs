//! Durations as people write them in an attribute: `"10m"`, `"1h30m"`, `"1d 12h"`, `"1.5h"`.

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

const EXAMPLES: &str =
    "write it like `\"90s\"`, `\"10m\"`, `\"1h30m\"`, `\"1d 12h\"` or `\"500ms\"`";

/// The units, each with its length in nanoseconds.
const UNITS: &[(&[&str], u128)] = &[
    (&["ns", "nanos"], 1),
    (&["us", "µs", "micros"], 1_000),
    (&["ms", "millis"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], SECOND),
    (&["m", "min", "mins", "minute", "minutes"], 60 * SECOND),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600 * SECOND),
    (&["d", "day", "days"], 86_400 * SECOND),
    (&["w", "week", "weeks"], 604_800 * SECOND),
];

const SECOND: u128 = 1_000_000_000;

/// Parses a text of one or more numbers with units. The error says what to write instead.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest == "never" {
        return Err("write `never` without quotes".to_owned());
    }
    if rest.is_empty() {
        return Err(format!("an empty duration; {EXAMPLES}"));
    }
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.' || c == '_');
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        rest = after.trim_start();
        let invalid = || format!("`{text}` is not a duration; {EXAMPLES}");
        if number.is_empty() {
            return Err(invalid());
        }
        if unit.is_empty() {
            return Err(format!("`{text}` lacks a unit; {EXAMPLES}"));
        }
        let unit =
            length_of(unit).ok_or_else(|| format!("`{unit}` is not a unit of time; {EXAMPLES}"))?;
        let part = scale(number, unit).ok_or_else(invalid)?;
        nanos = nanos.checked_add(part).ok_or_else(invalid)?;
    }
    from_nanos(nanos).ok_or_else(|| format!("`{text}` is too long; write `never` instead"))
}

/// Parses seconds with a fraction, as written: `2.5`.
pub(crate) fn seconds(digits: &str) -> Option<Duration> {
    match digits.find(['e', 'E']) {
        None => from_nanos(scale(digits, SECOND)?),
        Some(_) => Duration::try_from_secs_f64(digits.parse().ok()?).ok(),
    }
}

/// Returns the shortest constant expression of this duration.
pub(crate) fn tokens(duration: Duration) -> TokenStream {
    let nanos = duration.subsec_nanos();
    let seconds = Literal::u64_unsuffixed(duration.as_secs());
    match u64::try_from(duration.as_millis()) {
        _ if duration.is_zero() => quote!(::core::time::Duration::ZERO),
        _ if nanos == 0 => quote!(::core::time::Duration::from_secs(#seconds)),
        Ok(millis) if nanos.is_multiple_of(1_000_000) => {
            let millis = Literal::u64_unsuffixed(millis);
            quote!(::core::time::Duration::from_millis(#millis))
        }
        _ => {
            let nanos = Literal::u32_unsuffixed(nanos);
            quote!(::core::time::Duration::new(#seconds, #nanos))
        }
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn length_of(unit: &str) -> Option<u128> {
    UNITS
        .iter()
        .find(|(names, _)| names.contains(&unit))
        .map(|(_, nanos)| *nanos)
}

/// Returns `number * unit` in whole nanoseconds, exactly: no float is involved.
fn scale(number: &str, unit: u128) -> Option<u128> {
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<u128>().ok()
        }
    };
    // Twelve digits after the point are a nanosecond of a week.
    let fraction = &fraction[..fraction.len().min(12)];
    let parts = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    digits(whole)?
        .checked_mul(unit)?
        .checked_add(digits(fraction)? * unit / parts)
}

fn from_nanos(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / SECOND).ok()?;
    Some(Duration::new(seconds, u32::try_from(nanos % SECOND).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [
            ("500ms", 500),
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1d 12h", 129_600_000),
            ("1.5h", 5_400_000),
            (" 2 hours ", 7_200_000),
            ("1_000 ms", 1_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(seconds("2.5"), Some(Duration::from_millis(2_500)));
        assert_eq!(seconds("1e-3"), Some(Duration::from_millis(1)));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "10",
            "m",
            "10 parsecs",
            "-5m",
            "1..5s",
            "ten m",
            "1h-",
            ".s",
            "never",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("99999999999999999999w").is_err());
        assert!(parse(&"9".repeat(60)).is_err());
        assert_eq!(seconds("1e400"), None);
    }
}
