//! One part of a kept page (RFC 9110, section 14).

use http::header::{ETAG, HeaderMap, IF_RANGE, RANGE};

/// The part of a page of this length that a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// From the first byte to before the last.
    Bytes(std::ops::Range<usize>),
    /// The page ends before the part begins.
    Nothing,
    /// The range is not understood, or asks for several parts: the whole page is a valid answer too.
    Whole,
}

pub(crate) fn part(request: &HeaderMap, page: &HeaderMap, length: usize) -> Part {
    let mut lines = request.get_all(RANGE).iter();
    let (Some(range), None) = (lines.next(), lines.next()) else {
        return Part::Whole;
    };
    if let Some(only_if) = request.get(IF_RANGE) {
        let is_strong = |tag: &http::HeaderValue| tag.as_bytes().starts_with(b"\"");
        if !(is_strong(only_if) && page.get(ETAG) == Some(only_if)) {
            return Part::Whole;
        }
    }
    let text = range.to_str().unwrap_or_default();
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|t| t.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let (from, to) = match (number(first), number(last)) {
        (Some(from), Some(to)) if from <= to => (from, to.saturating_add(1).min(length)),
        (Some(from), None) if last.is_empty() => (from, length),
        (None, Some(count)) if first.is_empty() => {
            if count == 0 {
                return Part::Nothing;
            }
            (length.saturating_sub(count), length)
        }
        _ => return Part::Whole,
    };
    if from < to {
        Part::Bytes(from..to)
    } else {
        Part::Nothing
    }
}

fn number(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    fn asked(range: &str) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, range.parse().unwrap());
        part(&headers, &HeaderMap::new(), 10)
    }

    #[test]
    fn the_three_forms_and_what_is_none() {
        assert_eq!(asked("bytes=0-1"), Part::Bytes(0..2));
        assert_eq!(asked("bytes=1-"), Part::Bytes(1..10));
        assert_eq!(asked("bytes=-3"), Part::Bytes(7..10));
        assert_eq!(asked("bytes=-30"), Part::Bytes(0..10));
        assert_eq!(asked("bytes=5-99999999999999999999999"), Part::Bytes(5..10));
        assert_eq!(asked("bytes=10-"), Part::Nothing);
        assert_eq!(asked("bytes=-0"), Part::Nothing);
        for whole in [
            "bytes=3-2",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "lines=0-1",
            "bytes=-",
            "bytes",
        ] {
            assert_eq!(asked(whole), Part::Whole, "{whole}");
        }
    }

    #[test]
    fn only_if_it_is_still_the_same() {
        let mut request = HeaderMap::new();
        request.insert(RANGE, "bytes=0-1".parse().unwrap());
        request.insert(IF_RANGE, "\"a\"".parse().unwrap());
        let mut page = HeaderMap::new();
        assert_eq!(part(&request, &page, 10), Part::Whole);
        page.insert(ETAG, "\"a\"".parse().unwrap());
        assert_eq!(part(&request, &page, 10), Part::Bytes(0..2));
        page.insert(ETAG, "W/\"a\"".parse().unwrap());
        request.insert(IF_RANGE, "W/\"a\"".parse().unwrap());
        assert_eq!(part(&request, &page, 10), Part::Whole);
    }
}
