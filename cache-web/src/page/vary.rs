//! What a response varies by, and which of its variants a request asks for (RFC 9111, section 4.1).

use http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, Entry, HeaderMap, HeaderName, HeaderValue, VARY,
};
use serde::{Deserialize, Serialize};

use super::control::split_outside_quotes;

/// A response that varies by more names than this tells practically all requests apart, and is not kept.
const MOST_NAMES: usize = 16;

/// The names of the request fields that select a variant: sorted, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Names(Vec<Name>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Name(HeaderName);

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let name = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(name))
    }
}

impl Names {
    /// Parses `Vary`; `None` for `*`, which no request can be known to match, and for what cannot be
    /// read, which might mean it.
    pub(crate) fn of(response: &HeaderMap) -> Option<Self> {
        let mut names = Vec::new();
        for line in response.get_all(VARY) {
            let text = line.to_str().ok()?;
            for member in text.split(',').map(str::trim).filter(|m| !m.is_empty()) {
                if member.contains('*') {
                    return None;
                }
                names.push(Name(member.parse().ok()?));
            }
        }
        Self::bounded(names)
    }

    pub(crate) fn of_names(names: Vec<HeaderName>) -> Option<Self> {
        Self::bounded(names.into_iter().map(Name).collect())
    }

    pub(crate) fn union(&self, other: &Self) -> Option<Self> {
        Self::bounded(self.0.iter().chain(&other.0).cloned().collect())
    }

    fn bounded(mut names: Vec<Name>) -> Option<Self> {
        names.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        names.dedup();
        (names.len() <= MOST_NAMES).then_some(Self(names))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter().map(|name| &name.0)
    }

    pub(crate) fn has(&self, name: &HeaderName) -> bool {
        self.iter().any(|known| known == name)
    }

    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.iter().all(|name| self.has(name))
    }

    /// Appends what the request says in these fields, as bytes that no other request has: each value is preceded
    /// by its length, and a missing one differs from an empty one.
    pub(crate) fn selection(&self, request: &HeaderMap, into: &mut Vec<u8>) {
        for name in self.iter() {
            match joined(request, name) {
                None => into.extend_from_slice(b"-,"),
                Some(value) => {
                    into.extend_from_slice(value.len().to_string().as_bytes());
                    into.push(b':');
                    into.extend_from_slice(&value);
                    into.push(b',');
                }
            }
        }
    }
}

/// Joins the lines of a field into one, without differences that mean nothing; `None` if it is missing.
fn joined(request: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let mut lines = request.get_all(name).iter();
    let first = lines.next()?;
    let is_secret = name == COOKIE || name == AUTHORIZATION;
    let separator: &[u8] = if name == COOKIE { b"; " } else { b", " };
    let mut all = first.as_bytes().to_vec();
    for line in lines {
        all.extend_from_slice(separator);
        all.extend_from_slice(line.as_bytes());
    }
    if is_secret {
        // Identity does not bear any rounding.
        return Some(all);
    }
    let Ok(text) = std::str::from_utf8(&all) else {
        return Some(all);
    };
    let members: Vec<&str> = split_outside_quotes(text, b',')
        // HTTP knows no other white space.
        .map(|member| member.trim_matches([' ', '\t']))
        .collect();
    let text = members.join(",");
    Some(if name == ACCEPT_LANGUAGE {
        text.to_ascii_lowercase().into_bytes()
    } else {
        text.into_bytes()
    })
}

/// Adds names to a response's `Vary`, unless they are there already or `*` covers everything.
pub(crate) fn add<'a>(response: &mut HeaderMap, names: impl Iterator<Item = &'a HeaderName>) {
    let known = Names::of(response);
    let Some(known) = known else {
        return;
    };
    let new: Vec<&str> = names
        .filter(|name| !known.has(name))
        .map(HeaderName::as_str)
        .collect();
    if new.is_empty() {
        return;
    }
    let new = new.join(", ");
    match response.entry(VARY) {
        Entry::Vacant(place) => {
            if let Ok(value) = HeaderValue::try_from(new) {
                place.insert(value);
            }
        }
        Entry::Occupied(mut place) => {
            let lines: Vec<&[u8]> = place.iter().map(HeaderValue::as_bytes).collect();
            let mut text = lines.join(b", ".as_slice());
            if !text.is_empty() {
                text.extend_from_slice(b", ");
            }
            text.extend_from_slice(new.as_bytes());
            if let Ok(value) = HeaderValue::try_from(text) {
                place.insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    fn vary(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(VARY, line.parse().unwrap());
        }
        headers
    }

    fn selected(names: &[&str], request: &[(&str, &str)]) -> Vec<u8> {
        let mut headers = HeaderMap::new();
        for (name, value) in request {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let mut bytes = Vec::new();
        let names = Names::of(&vary(names)).unwrap();
        names.selection(&headers, &mut bytes);
        bytes
    }

    #[test]
    fn names_are_sorted_and_have_no_case() {
        let names = Names::of(&vary(&["Foo ,  bar,", "FOO", ""])).unwrap();
        let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
        assert_eq!(names, ["bar", "foo"]);
        assert!(Names::of(&vary(&[""])).unwrap().is_empty());
        assert!(Names::of(&vary(&[])).unwrap().is_empty());
    }

    #[test]
    fn a_star_is_one_wherever_it_stands_and_nonsense_is_taken_for_one() {
        for lines in [
            &["*"][..],
            &[" * "],
            &["*, *"],
            &[", *"],
            &["", "*"],
            &["*,Foo"],
            &["Foo ,*"],
            &["Foo", "\t*"],
            &["foo bar"],
            &["\"*\""],
        ] {
            assert_eq!(Names::of(&vary(lines)), None, "{lines:?}");
        }
        let many: Vec<String> = (0..17).map(|n| format!("a{n}")).collect();
        assert_eq!(Names::of(&vary(&[&many.join(",")])), None);
    }

    #[test]
    fn missing_is_not_empty_and_values_do_not_run_into_each_other() {
        let all = [
            selected(&["a, b"], &[]),
            selected(&["a, b"], &[("a", "")]),
            selected(&["a, b"], &[("a", "-,")]),
            selected(&["a, b"], &[("b", "")]),
            selected(&["a, b"], &[("a", "xy"), ("b", "z")]),
            selected(&["a, b"], &[("a", "x"), ("b", "yz")]),
            selected(&["a, b"], &[("a", "1:x,1:y")]),
            selected(&["a, b"], &[("a", "x"), ("b", "y")]),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(!all[..n].contains(one), "{n}");
        }
    }

    #[test]
    fn differences_that_mean_nothing_choose_nothing() {
        let one = selected(&["foo"], &[("foo", "1, 2")]);
        assert_eq!(selected(&["foo"], &[("foo", " 1,2 ")]), one);
        assert_eq!(selected(&["foo"], &[("foo", "1"), ("foo", "2")]), one);
        assert_ne!(selected(&["foo"], &[("foo", "\"1, 2\"")]), one);
        let language = |value| selected(&["accept-language"], &[("accept-language", value)]);
        assert_eq!(language("en, de"), language("eN,DE"));
        assert_ne!(language("en, de"), language("de, en"));
        // But who somebody is, is exact.
        let cookie = |value| selected(&["cookie"], &[("cookie", value)]);
        assert_ne!(cookie("a=1,2"), cookie("a=1, 2"));
        let basic = |value| selected(&["authorization"], &[("authorization", value)]);
        assert_ne!(basic("Basic A"), basic("Basic a"));
    }

    #[test]
    fn names_are_added_once() {
        let mut headers = vary(&["Accept"]);
        let names: Vec<HeaderName> = vec![COOKIE, http::header::ACCEPT];
        add(&mut headers, names.iter());
        assert_eq!(headers[VARY], "Accept, cookie");
        add(&mut headers, names.iter());
        assert_eq!(headers[VARY], "Accept, cookie");
        let mut star = vary(&["*"]);
        add(&mut star, names.iter());
        assert_eq!(star[VARY], "*");
        let mut none = HeaderMap::new();
        add(&mut none, [COOKIE].iter());
        assert_eq!(none[VARY], "cookie");
    }
}
