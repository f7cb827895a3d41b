//! A page as it is kept: a ready response, and what a hit has to know about it; and its form in a store.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::base64;

/// What was determined about a response when it was kept, so that no hit parses its headers again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts(u16);

impl Facts {
    pub(crate) const PUBLIC: Self = Self(1);
    pub(crate) const VARIES_BY_COOKIE: Self = Self(2);
    pub(crate) const VARIES_BY_AUTHORIZATION: Self = Self(4);
    /// Shared by RFC 9111, section 3.5, also for requests with `Authorization`.
    pub(crate) const SHARED: Self = Self(8);
    /// `no-cache`: never without validation.
    pub(crate) const ASK_ALWAYS: Self = Self(16);
    pub(crate) const NEVER_STALE: Self = Self(32);

    pub(crate) fn has(self, fact: Self) -> bool {
        self.0 & fact.0 != 0
    }

    #[must_use]
    pub(crate) fn with(self, fact: Self, is_so: bool) -> Self {
        Self(if is_so { self.0 | fact.0 } else { self.0 })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When it came, in milliseconds since 1970.
    pub(crate) at: u64,
    /// How old it was then, in seconds, as are all that follow.
    pub(crate) age: u32,
    pub(crate) life: u32,
    pub(crate) stale_while_revalidate: u32,
    pub(crate) stale_if_error: u32,
    pub(crate) facts: Facts,
}

impl Stored {
    /// Returns its age at `now`, in seconds.
    pub(crate) fn age_at(&self, now: u64) -> u32 {
        let here = now.saturating_sub(self.at) / 1000;
        u32::try_from(here).map_or(u32::MAX, |here| self.age.saturating_add(here))
    }
}

/// The form in a store. Names and meanings are fixed; what is missing is zero.
#[derive(Serialize, Deserialize)]
struct Wire {
    status: u16,
    /// Names and values in order; a value's bytes as the characters U+0000 to U+00FF.
    headers: Vec<(String, String)>,
    body: WireBody,
    at: u64,
    #[serde(default)]
    age: u32,
    #[serde(default)]
    life: u32,
    #[serde(default)]
    swr: u32,
    #[serde(default)]
    sie: u32,
    #[serde(default)]
    facts: u16,
}

/// Text as text, so that other programs can read it; other bytes as base64, in formats that hold only text.
struct WireBody(Bytes);

impl Serialize for WireBody {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !to.is_human_readable() {
            return to.serialize_bytes(&self.0);
        }
        match std::str::from_utf8(&self.0) {
            Ok(text) => to.serialize_str(text),
            Err(_) => Base64 {
                base64: base64::encode(&self.0),
            }
            .serialize(to),
        }
    }
}

#[derive(Serialize)]
struct Base64 {
    base64: String,
}

impl<'de> Deserialize<'de> for WireBody {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(BodyVisitor).map(WireBody)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, bytes, or {\"base64\": text}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Bytes, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes::copy_from_slice(bytes))
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
        let Some((name, text)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::custom("a body without a form"));
        };
        let bytes = (name == "base64").then(|| base64::decode(&text)).flatten();
        bytes
            .map(Bytes::from)
            .ok_or_else(|| A::Error::custom("a body that is no base64"))
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = |value: &HeaderValue| value.as_bytes().iter().map(|&b| char::from(b)).collect();
        let headers = self.headers.iter();
        Wire {
            status: self.status.as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: WireBody(self.body.clone()),
            at: self.at,
            age: self.age,
            life: self.life,
            swr: self.stale_while_revalidate,
            sie: self.stale_if_error,
            facts: self.facts.0,
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(from)?;
        let mut headers = HeaderMap::with_capacity(wire.headers.len() + 2);
        for (name, value) in wire.headers {
            let name: HeaderName = name.parse().map_err(D::Error::custom)?;
            let bytes: Option<Vec<u8>> = value
                .chars()
                .map(|c| u8::try_from(u32::from(c)).ok())
                .collect();
            let bytes = bytes.ok_or_else(|| D::Error::custom("a header value that is no bytes"))?;
            let value = HeaderValue::from_maybe_shared(Bytes::from(bytes));
            headers.append(name, value.map_err(D::Error::custom)?);
        }
        Ok(Self {
            status: StatusCode::from_u16(wire.status).map_err(D::Error::custom)?,
            headers,
            body: wire.body.0,
            at: wire.at,
            age: wire.age,
            life: wire.life,
            stale_while_revalidate: wire.swr,
            stale_if_error: wire.sie,
            facts: Facts(wire.facts),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    fn page(body: &'static [u8]) -> Stored {
        let mut headers = HeaderMap::new();
        headers.append("content-type", "text/html".parse().unwrap());
        headers.append("a", HeaderValue::from_bytes(b"\xfc").unwrap());
        headers.append("a", "2".parse().unwrap());
        Stored {
            status: StatusCode::OK,
            headers,
            body: Bytes::from_static(body),
            at: 1_700_000_000_000,
            age: 1,
            life: 600,
            stale_while_revalidate: 2,
            stale_if_error: 3,
            facts: Facts::PUBLIC.with(Facts::VARIES_BY_COOKIE, true),
        }
    }

    /// What is written is a format: these bytes are read for ever.
    #[test]
    fn golden() {
        let golden = concat!(
            r#"{"status":200,"headers":[["content-type","text/html"],["a","ü"],["a","2"]],"#,
            r#""body":"<p>","at":1700000000000,"age":1,"life":600,"swr":2,"sie":3,"facts":3}"#,
        );
        assert_eq!(serde_json::to_string(&page(b"<p>")).unwrap(), golden);
        assert_eq!(
            serde_json::from_str::<Stored>(golden).unwrap(),
            page(b"<p>")
        );
        let golden = golden.replace(r#""<p>""#, r#"{"base64":"/wA="}"#);
        assert_eq!(serde_json::to_string(&page(b"\xff\0")).unwrap(), golden);
        assert_eq!(
            serde_json::from_str::<Stored>(&golden).unwrap(),
            page(b"\xff\0")
        );
    }

    #[test]
    fn what_is_no_page_is_an_error() {
        for text in [
            r#"{"status":9,"headers":[],"body":"","at":0}"#,
            r#"{"status":200,"headers":[["a b",""]],"body":"","at":0}"#,
            r#"{"status":200,"headers":[["a","\n"]],"body":"","at":0}"#,
            r#"{"status":200,"headers":[["a","€"]],"body":"","at":0}"#,
            r#"{"status":200,"headers":[],"body":{"base64":"*"},"at":0}"#,
        ] {
            assert!(serde_json::from_str::<Stored>(text).is_err(), "{text}");
        }
        let least = r#"{"status":200,"headers":[],"body":"","at":0}"#;
        assert!(serde_json::from_str::<Stored>(least).is_ok());
    }

    #[test]
    fn ages_do_not_overflow() {
        let mut page = page(b"");
        assert_eq!(page.age_at(page.at + 2999), 3);
        assert_eq!(page.age_at(0), 1);
        page.age = u32::MAX;
        assert_eq!(page.age_at(u64::MAX), u32::MAX);
    }
}
