//! Cache-Control of requests and responses, parsed once, strictly (RFC 9111, section 5.2).

use http::header::{CACHE_CONTROL, HeaderMap, HeaderName, PRAGMA};

/// The longest age that is distinguished: RFC 9111 requires at least this.
pub(crate) const LONGEST: u32 = 1 << 31;

/// What a response says about who may keep it, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResponseControl {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    /// `no-cache="a, b"`: only these fields must not be served without validation.
    pub(crate) no_cache_fields: Vec<HeaderName>,
    pub(crate) private: bool,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) max_age: Option<u32>,
    pub(crate) s_maxage: Option<u32>,
    pub(crate) stale_while_revalidate: Option<u32>,
    pub(crate) stale_if_error: Option<u32>,
}

impl ResponseControl {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        directives(headers, &CACHE_CONTROL, |name, value| {
            said.take(name, value)
        });
        for line in headers.get_all(CACHE_CONTROL) {
            let text = String::from_utf8_lossy(line.as_bytes());
            if !is_well_formed(&text) {
                said.obey_words(&text);
            }
        }
        said
    }

    /// Obeys the directives that forbid, wherever they occur in a malformed line: `private; max-age=60` was meant
    /// to.
    fn obey_words(&mut self, line: &str) {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        for word in line.split(|c| !is_of_word(c)) {
            if ["private", "no-store", "no-cache"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name))
            {
                self.take(word, None);
            }
        }
    }

    /// Parses a field that addresses only some caches (RFC 9213). A directive may have a
    /// parameter; that of `Surrogate-Control` names the one cache that it is for. `None` if it says nothing to
    /// this cache, as if the field were missing.
    pub(crate) fn of_targeted(
        headers: &HeaderMap,
        field: &HeaderName,
        own_name: &str,
    ) -> Option<Self> {
        let mut said = Self::default();
        let is_addressed = field == "surrogate-control";
        let is_ours = |parameter: Option<&str>| {
            parameter.is_none_or(|name| !is_addressed || name.trim() == own_name)
        };
        for line in headers.get_all(field) {
            let text = String::from_utf8_lossy(line.as_bytes());
            for member in split_outside_quotes(&text, b',') {
                // A parameter may have a value of its own: it is cut off first.
                let mut parts = split_outside_quotes(member, b';');
                let directive = parts.next().unwrap_or_default();
                if !is_ours(parts.next()) {
                    continue;
                }
                read_directive(directive, |name, value| said.take(name, value));
                if !is_well_formed(directive) {
                    said.obey_words(directive);
                }
            }
        }
        (said != Self::default()).then_some(said)
    }

    fn take(&mut self, name: &str, value: Option<&str>) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("no-store") {
            self.no_store = true;
        } else if is("no-cache") {
            match value.map(fields) {
                Some(Some(fields)) => self.no_cache_fields.extend(fields),
                _ => self.no_cache = true,
            }
        } else if is("private") {
            // `private="a"` would allow the rest to be kept; it does no harm not to.
            self.private = true;
        } else if is("public") {
            self.public = true;
        } else if is("must-revalidate") {
            self.must_revalidate = true;
        } else if is("proxy-revalidate") {
            self.proxy_revalidate = true;
        } else if is("must-understand") {
            self.must_understand = true;
        } else if is("max-age") {
            strictest(&mut self.max_age, value);
        } else if is("s-maxage") {
            strictest(&mut self.s_maxage, value);
        } else if is("stale-while-revalidate") {
            strictest(&mut self.stale_while_revalidate, value);
        } else if is("stale-if-error") {
            strictest(&mut self.stale_if_error, value);
        }
    }

    /// Returns whether a stale response must not be served at all by a shared cache.
    pub(crate) fn forbids_stale(&self) -> bool {
        // Section 5.2.2.10: `s-maxage` implies `proxy-revalidate`.
        self.must_revalidate || self.proxy_revalidate || self.no_cache || self.s_maxage.is_some()
    }
}

/// What a request says about the response it would accept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RequestControl {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<u32>,
    pub(crate) min_fresh: Option<u32>,
    /// Without a value: however stale it is.
    pub(crate) max_stale: Option<u32>,
}

impl RequestControl {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        if !headers.contains_key(CACHE_CONTROL) {
            // What browsers of 1996 send instead.
            directives(headers, &PRAGMA, |name, _| {
                said.no_cache |= name.eq_ignore_ascii_case("no-cache");
            });
            return said;
        }
        directives(headers, &CACHE_CONTROL, |name, value| {
            said.take(name, value);
        });
        said
    }

    fn take(&mut self, name: &str, value: Option<&str>) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("no-store") {
            self.no_store = true;
        } else if is("no-cache") {
            self.no_cache = true;
        } else if is("only-if-cached") {
            self.only_if_cached = true;
        } else if is("max-age") {
            strictest(&mut self.max_age, value);
        } else if is("min-fresh") {
            // More is stricter; what cannot be read asks for nothing.
            let seconds = value.and_then(seconds);
            self.min_fresh = self.min_fresh.max(seconds);
        } else if is("max-stale") {
            match value {
                None => self.max_stale = self.max_stale.or(Some(LONGEST)),
                Some(_) => strictest(&mut self.max_stale, value),
            }
        }
    }
}

/// Takes the shorter of two values of the same directive; one that cannot be read expires at once
/// (section 4.2.1).
fn strictest(known: &mut Option<u32>, value: Option<&str>) {
    let new = value.and_then(seconds).unwrap_or(0);
    *known = Some(known.map_or(new, |known| known.min(new)));
}

/// Parses whole seconds, digits only; a number that is too large counts as the largest.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(
        text.parse()
            .map_or(LONGEST, |number: u32| number.min(LONGEST)),
    )
}

/// Returns the field names in a quoted value; `None` if one of them is not a valid name.
fn fields(value: &str) -> Option<Vec<HeaderName>> {
    let names = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let names: Result<Vec<_>, _> = names.map(|name| name.parse()).collect();
    names.ok().filter(|names| !names.is_empty())
}

/// Calls `take` with each directive and its value without quotes, over all lines of a field.
fn directives(headers: &HeaderMap, name: &HeaderName, mut take: impl FnMut(&str, Option<&str>)) {
    for line in headers.get_all(name) {
        // A byte that is not text is in a value that is not used here, or the line means nothing.
        let text = String::from_utf8_lossy(line.as_bytes());
        for directive in split_outside_quotes(&text, b',') {
            read_directive(directive, &mut take);
        }
    }
}

fn read_directive(directive: &str, mut take: impl FnMut(&str, Option<&str>)) {
    let Some((name, value)) = directive.split_once('=') else {
        return take(directive.trim(), None);
    };
    let value = value.trim();
    let quoted = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    match quoted {
        Some(quoted) if quoted.contains('\\') => take(name.trim(), Some(&unescaped(quoted))),
        Some(quoted) => take(name.trim(), Some(quoted)),
        None => take(name.trim(), Some(value)),
    }
}

/// Returns whether all members of a list are `token`, `token=token` or `token="…"`.
fn is_well_formed(line: &str) -> bool {
    let is_token = |text: &str| {
        let is_of_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !text.is_empty() && text.bytes().all(is_of_token)
    };
    let is_quoted = |text: &str| {
        let inner = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        inner.is_some_and(|inner| {
            let mut is_escaped = false;
            let ends_inside = inner.bytes().any(|byte| {
                let is_end = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                is_end
            });
            !ends_inside && !is_escaped
        })
    };
    split_outside_quotes(line, b',')
        .map(str::trim)
        .all(|member| match member.split_once('=') {
            None => member.is_empty() || is_token(member),
            Some((name, value)) => is_token(name) && (is_token(value) || is_quoted(value)),
        })
}

fn unescaped(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut is_escaped = false;
    for c in quoted.chars() {
        if c == '\\' && !is_escaped {
            is_escaped = true;
        } else {
            text.push(c);
            is_escaped = false;
        }
    }
    text
}

/// Returns the members of a list; a comma (or semicolon, `at`) in quotes does not end one.
pub(crate) fn split_outside_quotes(text: &str, at: u8) -> impl Iterator<Item = &str> {
    let end = at;
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                _ if byte == end && !is_quoted => {
                    rest = Some(&text[at + 1..]);
                    return Some(&text[..at]);
                }
                _ => {}
            }
        }
        rest = None;
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    fn lines(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), line.parse().unwrap());
        }
        headers
    }

    fn response(text: &[&str]) -> ResponseControl {
        ResponseControl::of(&lines(CACHE_CONTROL, text))
    }

    fn request(text: &[&str]) -> RequestControl {
        RequestControl::of(&lines(CACHE_CONTROL, text))
    }

    #[test]
    fn names_have_no_case_and_come_on_several_lines() {
        let said = response(&["PRIVATE, No-StOrE", "foo, MaX-aGe=5"]);
        assert!(said.private && said.no_store);
        assert_eq!(said.max_age, Some(5));
    }

    #[test]
    fn ages_are_digits_saturate_and_are_over_at_once_where_they_cannot_be_read() {
        for (text, age) in [
            ("max-age=3600", 3600),
            ("max-age=\"3600\"", 3600),
            ("max-age=003600", 3600),
            ("max-age=99999999999999999999", LONGEST),
            ("max-age=2147483649", LONGEST),
            ("max-age=-3600", 0),
            ("max-age='3600'", 0),
            ("max-age=3600.0", 0),
            ("max-age=a3600", 0),
            ("max-age", 0),
            ("max-age=", 0),
        ] {
            assert_eq!(response(&[text]).max_age, Some(age), "{text}");
        }
    }

    #[test]
    fn of_two_ages_the_shorter_holds() {
        assert_eq!(response(&["max-age=1800, max-age=1"]).max_age, Some(1));
        assert_eq!(response(&["max-age=1", "max-age=1800"]).max_age, Some(1));
    }

    #[test]
    fn what_is_quoted_is_no_directive() {
        let said = response(&[r#"ext="max-age=3600, no-store", max-age=1, x="a\", private""#]);
        assert_eq!(said.max_age, Some(1));
        assert!(!said.no_store && !said.private);
    }

    #[test]
    fn no_cache_of_fields_names_them_and_no_cache_of_nonsense_means_all() {
        let said = response(&[r#"no-cache="A, b", max-age=5"#]);
        assert!(!said.no_cache);
        assert_eq!(said.no_cache_fields, ["a", "b"]);
        assert!(response(&[r#"no-cache="""#]).no_cache);
        assert!(response(&[r#"no-cache="a b""#]).no_cache);
    }

    #[test]
    fn what_requests_say() {
        let said = request(&["max-stale, min-fresh=5, max-age=7, only-if-cached"]);
        assert_eq!(said.max_stale, Some(LONGEST));
        assert_eq!(said.min_fresh, Some(5));
        assert_eq!(said.max_age, Some(7));
        assert!(said.only_if_cached && !said.no_cache);
        assert_eq!(request(&["max-stale=x"]).max_stale, Some(0));
    }

    #[test]
    fn what_is_for_another_cache_is_not_for_this_one() {
        let field = HeaderName::from_static("surrogate-control");
        let said = |field: &HeaderName, text: &str| {
            ResponseControl::of_targeted(&lines(field.clone(), &[text]), field, "me")
        };
        assert_eq!(said(&field, "max-age=5;me").unwrap().max_age, Some(5));
        assert_eq!(said(&field, "max-age=5;other"), None);
        assert!(said(&field, "no-store").unwrap().no_store);
        assert_eq!(said(&field, "no-store;other"), None);
        let field = HeaderName::from_static("cdn-cache-control");
        assert_eq!(said(&field, "max-age=5;other").unwrap().max_age, Some(5));
    }

    #[test]
    fn parameters_hide_nothing_that_forbids() {
        let cdn = HeaderName::from_static("cdn-cache-control");
        let said = |field: &HeaderName, text: &str| {
            ResponseControl::of_targeted(&lines(field.clone(), &[text]), field, "me")
        };
        for text in [
            "private;a=b, max-age=60",
            "private; max-age=60",
            "private max-age=60, max-age=60",
            "max-age=60;a=\"b;c\", private;a=\",\"",
        ] {
            assert!(said(&cdn, text).unwrap().private, "{text}");
        }
        let said_to_another = said(&cdn, "max-age=60;a=\"b, private\"").unwrap();
        assert!(!said_to_another.private && said_to_another.max_age == Some(60));
        let surrogate = HeaderName::from_static("surrogate-control");
        assert_eq!(said(&surrogate, "private max-age=5;other"), None);
    }

    #[test]
    fn pragma_counts_where_nothing_else_is_said() {
        let mut headers = lines(PRAGMA, &["no-cache"]);
        assert!(RequestControl::of(&headers).no_cache);
        headers.insert(CACHE_CONTROL, "foo".parse().unwrap());
        assert!(!RequestControl::of(&headers).no_cache);
    }

    #[test]
    fn stale_is_forbidden_by_four_words() {
        for text in [
            "must-revalidate",
            "proxy-revalidate",
            "no-cache",
            "s-maxage=1",
        ] {
            assert!(response(&[text]).forbids_stale(), "{text}");
        }
        assert!(!response(&["max-age=1, public"]).forbids_stale());
    }
}
