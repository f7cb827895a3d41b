//! The header fields of a kept page: what is left out, what is added, and what a 304 updates.

use bytes::Bytes;
use http::header::{
    AGE, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG,
    EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use md5::{Digest, Md5};

use super::control::ResponseControl;
use super::date;
use crate::hex::hex;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const PROXY_AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("proxy-authentication-info");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Removes what is about one connection, not about the page (RFC 9111, section 3.1), and the age, which
/// is computed anew each time.
pub(crate) fn leave_out(headers: &mut HeaderMap, also: &[HeaderName]) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let own = [
        AGE,
        CONNECTION,
        KEEP_ALIVE,
        PROXY_AUTHENTICATE,
        PROXY_AUTHENTICATION_INFO,
        PROXY_AUTHORIZATION,
        PROXY_CONNECTION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ];
    for name in own.iter().chain(&named).chain(also) {
        headers.remove(name);
    }
}

/// Adds when the response came; clients compute its age from that.
pub(crate) fn make_date(headers: &mut HeaderMap, now: u64) {
    headers.entry(DATE).or_insert_with(|| date::value(now));
}

/// Adds an age, which every hit states: overwriting an existing field allocates nothing.
pub(crate) fn make_place_for_age(headers: &mut HeaderMap) {
    headers.insert(AGE, HeaderValue::from_static("0"));
}

pub(crate) fn make_length(headers: &mut HeaderMap, length: usize) {
    headers.entry(CONTENT_LENGTH).or_insert(length.into());
}

/// Adds `Expires` and `max-age` for clients: at most as long as the page lives, as Django does.
pub(crate) fn make_freshness(headers: &mut HeaderMap, said: &ResponseControl, life: u32, now: u64) {
    // A client asks again after a year even if the page lives for ever.
    let life = life.min(365 * 24 * 60 * 60);
    headers
        .entry(EXPIRES)
        .or_insert_with(|| date::value(now + u64::from(life)));
    let Some(told) = said.max_age else {
        let all = headers
            .get_all(CACHE_CONTROL)
            .iter()
            .map(HeaderValue::as_bytes);
        set_control(
            headers,
            &all.collect::<Vec<_>>().join(b", ".as_slice()),
            life,
        );
        return;
    };
    if told <= life {
        return;
    }
    let lines = headers.get_all(CACHE_CONTROL).iter();
    let text: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    let text = text.join(",");
    let others: Vec<&str> = super::control::split_outside_quotes(&text, b',')
        .map(str::trim)
        .filter(|directive| {
            let name = directive.split('=').next().unwrap_or_default().trim();
            !name.is_empty() && !name.eq_ignore_ascii_case("max-age")
        })
        .collect();
    let others = others.join(", ").into_bytes();
    set_control(headers, &others, life);
}

fn set_control(headers: &mut HeaderMap, others: &[u8], life: u32) {
    let mut text = others.to_vec();
    if !text.is_empty() {
        text.extend_from_slice(b", ");
    }
    text.extend_from_slice(format!("max-age={life}").as_bytes());
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(CACHE_CONTROL, value);
    }
}

/// Adds the validators by which clients ask whether the page has changed, if the service adds none.
pub(crate) fn make_validators(headers: &mut HeaderMap, body: &Bytes, now: u64) {
    headers
        .entry(LAST_MODIFIED)
        .or_insert_with(|| date::value(now));
    if !headers.contains_key(ETAG)
        && let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", hex(&Md5::digest(body))))
    {
        headers.insert(ETAG, tag);
    }
}

/// Replaces the stored fields with those of a 304 (RFC 9111, section 3.2), except for
/// those that describe the stored body.
pub(crate) fn update(stored: &HeaderMap, mut new: HeaderMap) -> HeaderMap {
    // It was this old when it came, and so is the page from now on.
    let ages: Vec<_> = new.get_all(AGE).iter().cloned().collect();
    leave_out(&mut new, &[]);
    for name in [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_MD5, CONTENT_RANGE] {
        new.remove(name);
    }
    if stored.contains_key(ETAG) {
        // One tag was asked about, and the answer was about that one.
        new.remove(ETAG);
    }
    let mut all = stored.clone();
    for name in new.keys() {
        all.remove(name);
    }
    for name in new.keys() {
        for value in new.get_all(name) {
            all.append(name.clone(), value.clone());
        }
    }
    all.remove(AGE);
    for age in ages {
        all.append(AGE, age);
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn what_speaks_of_a_connection_is_left_out() {
        let mut all = headers(&[
            ("connection", "close, A"),
            ("connection", "b"),
            ("a", "1"),
            ("b", "2"),
            ("c", "3"),
            ("keep-alive", "5"),
            ("age", "5"),
        ]);
        leave_out(&mut all, &["d".parse().unwrap()]);
        assert_eq!(all, headers(&[("c", "3")]));
    }

    #[test]
    fn max_age_is_the_lesser_and_the_rest_stays() {
        let control = |text: &[&str], life| {
            let mut all = HeaderMap::new();
            for line in text {
                all.append(CACHE_CONTROL, line.parse().unwrap());
            }
            let said = ResponseControl::of(&all);
            make_freshness(&mut all, &said, life, 0);
            all[CACHE_CONTROL].to_str().unwrap().to_owned()
        };
        assert_eq!(control(&[], 600), "max-age=600");
        assert_eq!(control(&["public"], 600), "public, max-age=600");
        assert_eq!(control(&["public", "a=b"], 600), "public, a=b, max-age=600");
        assert_eq!(control(&["max-age=60, public"], 600), "max-age=60, public");
        assert_eq!(
            control(&["Max-Age=900, public"], 600),
            "public, max-age=600"
        );
        assert_eq!(control(&[], u32::MAX), "max-age=31536000");
    }

    #[test]
    fn a_304_replaces_what_it_names_and_nothing_of_the_body() {
        let stored = headers(&[
            ("a", "1"),
            ("a", "2"),
            ("b", "3"),
            ("content-length", "5"),
            ("etag", "x"),
            ("age", "0"),
        ]);
        let new = headers(&[
            ("a", "4"),
            ("a", "5"),
            ("content-length", "0"),
            ("etag", "y"),
            ("age", "9"),
        ]);
        let all = update(&stored, new);
        let values: Vec<_> = all.get_all("a").iter().collect();
        assert_eq!(values, ["4", "5"]);
        assert_eq!(all["b"], "3");
        assert_eq!(all["content-length"], "5");
        assert_eq!(all["etag"], "x");
        assert_eq!(all[AGE], "9");
        assert!(!update(&stored, headers(&[])).contains_key(AGE));
    }
}
