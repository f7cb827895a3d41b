//! Conditional requests: whether the client has the page already, and the short answer if it does
//! (RFC 9110, section 13).

use http::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};

use super::control::split_outside_quotes;
use super::date;

/// The fields by which a client asks whether what it has is still current.
pub(crate) const CONDITIONS: [HeaderName; 2] = [IF_NONE_MATCH, IF_MODIFIED_SINCE];

pub(crate) fn is_conditional(request: &HeaderMap) -> bool {
    CONDITIONS.iter().any(|name| request.contains_key(name))
}

/// Returns whether a client that sends these fields has the page with these headers.
pub(crate) fn is_known(request: &HeaderMap, page: &HeaderMap) -> bool {
    if request.contains_key(IF_NONE_MATCH) {
        // Section 13.2.2: in this case, the date does not count.
        let etag = page.get(ETAG).map(|etag| etag.as_bytes());
        return request.get_all(IF_NONE_MATCH).iter().any(|line| {
            let text = String::from_utf8_lossy(line.as_bytes());
            text.trim() == "*"
                || split_outside_quotes(&text, b',').any(|tag| {
                    let tag = tag.trim().as_bytes();
                    etag.is_some_and(|etag| opaque(etag) == opaque(tag))
                })
                || etag == Some(line.as_bytes())
        });
    }
    let Some(since) = date::date(request, &IF_MODIFIED_SINCE) else {
        return false;
    };
    // RFC 9111, section 4.3.2: without `Last-Modified`, the page is as old as its `Date`.
    let changed = match page.get(LAST_MODIFIED) {
        Some(changed) => date::parse(changed),
        None => date::date(page, &DATE),
    };
    changed.is_some_and(|changed| changed <= since)
}

/// Returns the tag without its weakness: weak and strong tags are compared alike here (section 8.8.3.2).
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Removes what a 304 leaves out: it describes no body.
pub(crate) fn shorten(headers: &mut HeaderMap) {
    for name in [
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        CONTENT_TYPE,
    ] {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    fn headers(fields: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    const EARLY: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATE: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[test]
    fn tags_match_in_lists_weak_or_strong_and_by_a_star() {
        let known = |etag: &str, asked: &str| {
            is_known(
                &headers(&[(IF_NONE_MATCH, asked)]),
                &headers(&[(ETAG, etag)]),
            )
        };
        assert!(known("\"a\"", "\"a\""));
        assert!(known("W/\"a\"", "\"a\""));
        assert!(known("\"a\"", "W/\"a\""));
        assert!(known("\"a\"", "\"x\", \"a\" , \"y\""));
        assert!(known("\"a,b\"", "\"x\", \"a,b\""));
        assert!(known("\"a\"", "*"));
        assert!(!known("\"a\"", "\"b\", \"c\""));
        assert!(!known("\"a\"", "a"));
        assert!(!known("\"b\"", "\"a,\"b\"\""));
    }

    #[test]
    fn a_tag_comes_before_a_date() {
        let page = headers(&[(ETAG, "\"a\""), (LAST_MODIFIED, EARLY)]);
        let other = headers(&[(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, LATE)]);
        assert!(!is_known(&other, &page));
        let same = headers(&[(IF_NONE_MATCH, "\"a\""), (IF_MODIFIED_SINCE, "nonsense")]);
        assert!(is_known(&same, &page));
    }

    #[test]
    fn a_date_is_compared_with_the_change_or_else_with_the_date() {
        let asked = |since: &str| headers(&[(IF_MODIFIED_SINCE, since)]);
        let page = headers(&[(LAST_MODIFIED, LATE), (DATE, EARLY)]);
        assert!(!is_known(&asked(EARLY), &page));
        assert!(is_known(&asked(LATE), &page));
        assert!(!is_known(&asked("x"), &page));
        let page = headers(&[(DATE, LATE)]);
        assert!(!is_known(&asked(EARLY), &page));
        assert!(is_known(&asked(LATE), &page));
    }
}
