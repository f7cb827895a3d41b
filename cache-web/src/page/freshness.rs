//! How old a response is and how long it is fresh (RFC 9111, section 4.2).

use http::StatusCode;
use http::header::{AGE, DATE, EXPIRES, HeaderMap, LAST_MODIFIED};

use super::control::{LONGEST, ResponseControl, seconds};
use super::date::date;

/// Returns the age of a response when it arrived, in seconds (section 4.2.3). `asked` and `got` are
/// milliseconds since 1970.
pub(crate) fn initial_age(headers: &HeaderMap, asked: u64, got: u64) -> u32 {
    let apparent = date(headers, &DATE).map_or(0, |date| (got / 1000).saturating_sub(date));
    let delay = got.saturating_sub(asked) / 1000;
    let told = match age(headers) {
        Age::Missing => 0,
        Age::Told(age) => age,
        Age::Unclear => return LONGEST,
    };
    let corrected = u64::from(told).saturating_add(delay);
    u32::try_from(apparent.max(corrected)).map_or(LONGEST, |age| age.min(LONGEST))
}

enum Age {
    Missing,
    Told(u32),
    /// It cannot be read, so the response counts as stale, which is the strict reading.
    Unclear,
}

fn age(headers: &HeaderMap) -> Age {
    let mut lines = headers.get_all(AGE).iter();
    let Some(line) = lines.next() else {
        return Age::Missing;
    };
    let text = line.to_str().unwrap_or_default();
    // Two lines, or two that a server on the way has joined: two caches that count independently.
    // A list that was sent as one counts by its first member (section 5.1).
    if lines.next().is_some() || text.contains(", ") {
        return Age::Unclear;
    }
    let first = text.split(',').next().unwrap_or_default();
    seconds(first).map_or(Age::Unclear, Age::Told)
}

/// Returns how long a response is fresh, in seconds, if it says so itself (section 4.2.1). `got` is seconds
/// since 1970.
pub(crate) fn explicit_lifetime(
    headers: &HeaderMap,
    said: &ResponseControl,
    got: u64,
) -> Option<u32> {
    if let Some(age) = said.s_maxage.or(said.max_age) {
        return Some(age);
    }
    if !headers.contains_key(EXPIRES) {
        return None;
    }
    // An invalid date is in the past (section 5.3).
    let expires = date(headers, &EXPIRES).unwrap_or(0);
    let from = date(headers, &DATE).unwrap_or(got);
    let life = expires.saturating_sub(from);
    Some(u32::try_from(life).map_or(LONGEST, |life| life.min(LONGEST)))
}

/// Returns a tenth of the time since it was last changed, at most a day (section 4.2.2): for a response that
/// says nothing, with a status that may be kept without a directive, or that says `public`.
pub(crate) fn heuristic_lifetime(
    status: StatusCode,
    headers: &HeaderMap,
    said: &ResponseControl,
    got: u64,
) -> Option<u32> {
    if !said.public && !is_heuristic(status) {
        return None;
    }
    let changed = date(headers, &LAST_MODIFIED)?;
    let from = date(headers, &DATE).unwrap_or(got);
    let life = from.saturating_sub(changed) / 10;
    u32::try_from(life.min(24 * 60 * 60)).ok()
}

/// Returns the statuses of RFC 9110, section 15.1, without 206, which is not kept here.
fn is_heuristic(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;
    use crate::page::date::value;
    use http::header::CACHE_CONTROL;

    const NOW: u64 = 1_700_000_000;

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name: http::HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn explicit(headers: &HeaderMap) -> Option<u32> {
        explicit_lifetime(headers, &ResponseControl::of(headers), NOW)
    }

    #[test]
    fn s_maxage_comes_before_max_age_and_that_before_expires() {
        let mut headers = headers(&[("cache-control", "max-age=2, s-maxage=1")]);
        headers.insert(EXPIRES, value(NOW + 3));
        assert_eq!(explicit(&headers), Some(1));
        headers.insert(CACHE_CONTROL, "max-age=2".parse().unwrap());
        assert_eq!(explicit(&headers), Some(2));
        headers.remove(CACHE_CONTROL);
        assert_eq!(explicit(&headers), Some(3));
        headers.insert(DATE, value(NOW + 1));
        assert_eq!(explicit(&headers), Some(2));
        headers.remove(EXPIRES);
        assert_eq!(explicit(&headers), None);
    }

    #[test]
    fn expires_that_is_no_date_or_past_is_over() {
        assert_eq!(explicit(&headers(&[("expires", "0")])), Some(0));
        let mut past = HeaderMap::new();
        past.insert(EXPIRES, value(NOW - 5));
        assert_eq!(explicit(&past), Some(0));
    }

    #[test]
    fn age_is_the_most_that_anything_says() {
        let old = |fields: &[(&str, &str)]| initial_age(&headers(fields), NOW * 1000, NOW * 1000);
        assert_eq!(old(&[]), 0);
        assert_eq!(old(&[("age", "30")]), 30);
        assert_eq!(old(&[("age", "0,7200")]), 0);
        for unclear in ["abc", "-1", "7200.0", "7200;a=b", "0, 0", ""] {
            assert_eq!(old(&[("age", unclear)]), LONGEST, "{unclear}");
        }
        assert_eq!(old(&[("age", "0"), ("age", "0")]), LONGEST);

        let mut dated = headers(&[("age", "30")]);
        dated.insert(DATE, value(NOW - 100));
        assert_eq!(initial_age(&dated, NOW * 1000, NOW * 1000), 100);
        dated.insert(DATE, value(NOW + 100));
        assert_eq!(initial_age(&dated, (NOW - 3) * 1000, NOW * 1000), 33);
    }

    #[test]
    fn a_tenth_of_the_time_unchanged_for_those_who_may() {
        let mut headers = HeaderMap::new();
        headers.insert(LAST_MODIFIED, value(NOW - 1000));
        let quiet = ResponseControl::default();
        let life = |status: u16, said: &ResponseControl, headers: &HeaderMap| {
            heuristic_lifetime(StatusCode::from_u16(status).unwrap(), headers, said, NOW)
        };
        assert_eq!(life(200, &quiet, &headers), Some(100));
        assert_eq!(life(302, &quiet, &headers), None);
        let public = ResponseControl {
            public: true,
            ..quiet.clone()
        };
        assert_eq!(life(302, &public, &headers), Some(100));
        headers.insert(LAST_MODIFIED, value(0));
        assert_eq!(life(200, &quiet, &headers), Some(24 * 60 * 60));
        headers.remove(LAST_MODIFIED);
        assert_eq!(life(200, &quiet, &headers), None);
    }
}
