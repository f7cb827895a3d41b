//! HTTP dates, as whole seconds since 1970.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;
use http::header::{HeaderMap, HeaderName};

/// Returns the date in a field; `None` if it is missing, occurs twice, or is not a date.
pub(crate) fn date(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    match lines.next() {
        Some(_) => None,
        None => parse(line),
    }
}

pub(crate) fn parse(value: &HeaderValue) -> Option<u64> {
    let time = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

pub(crate) fn value(seconds: u64) -> HeaderValue {
    // The last second of the year 9999: a later one has no date.
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799));
    let text = httpdate::fmt_http_date(time);
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;
    use http::header::{EXPIRES, HeaderMap};

    #[test]
    fn all_three_forms_are_dates_and_nothing_else_is() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(&text.parse().unwrap()), Some(784_111_777), "{text}");
        }
        for text in ["0", "-1", "", "Sun, 06 Nov 1994 08:49:37 UTC"] {
            assert_eq!(parse(&text.parse().unwrap()), None, "{text}");
        }
        assert_eq!(value(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(value(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn a_date_that_is_there_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(EXPIRES, value(5));
        assert_eq!(date(&headers, &EXPIRES), Some(5));
        headers.append(EXPIRES, value(6));
        assert_eq!(date(&headers, &EXPIRES), None);
    }
}
