//! What is kept under a page's first key: the page, or what selects its variants.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use http::HeaderName;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::django;
use super::stored::Stored;
use super::vary::Names;

#[derive(Debug, Clone)]
pub(crate) enum Slot {
    Page(Arc<Stored>),
    Varies(Arc<Varies>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Varies {
    pub(crate) names: Names,
    /// A part of the variants' keys. Ending this entry ends everything that is found through it.
    pub(crate) id: u64,
    /// When it leaves the cache, in milliseconds since 1970.
    pub(crate) until: u64,
    /// Whether it is in Django's form: a list of names and nothing else.
    #[serde(skip)]
    pub(crate) is_django: bool,
}

impl Varies {
    pub(crate) fn new(names: Names, until: u64, is_django: bool) -> Self {
        // 53 bits: exact as a number in any JSON.
        let random = RandomState::new().build_hasher().finish() >> 11;
        Self {
            names,
            id: if is_django { 0 } else { random },
            until,
            is_django,
        }
    }
}

impl Serialize for Slot {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Page(page) => to.serialize_newtype_variant("Slot", 0, "page", page),
            Self::Varies(varies) if varies.is_django => {
                to.collect_seq(varies.names.iter().map(django::meta_name))
            }
            Self::Varies(varies) => to.serialize_newtype_variant("Slot", 1, "varies", varies),
        }
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SlotVisitor)
    }
}

struct SlotVisitor;

impl<'de> Visitor<'de> for SlotVisitor {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page, what its variants are chosen by, or Django's list of names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Slot, A::Error> {
        match map.next_key::<String>()?.as_deref() {
            Some("page") => map.next_value().map(Slot::Page),
            Some("varies") => map.next_value().map(Slot::Varies),
            _ => Err(A::Error::custom(
                "neither a page nor what its variants are chosen by",
            )),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Slot, A::Error> {
        let mut names: Vec<HeaderName> = Vec::new();
        while let Some(name) = seq.next_element::<String>()? {
            let name = django::field_name(&name);
            names.push(name.ok_or_else(|| A::Error::custom("a name that Django does not write"))?);
        }
        let names = Names::of_names(names).ok_or_else(|| A::Error::custom("too many names"))?;
        Ok(Slot::Varies(Arc::new(Varies::new(names, u64::MAX, true))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    fn read(text: &str) -> Slot {
        serde_json::from_str(text).unwrap()
    }

    /// What is written is a format: these bytes are read for ever.
    #[test]
    fn golden() {
        let list = r#"{"varies":{"names":["accept","cookie"],"id":7,"until":1700000000000}}"#;
        let page = r#"{"page":{"status":200,"headers":[],"body":"","at":1,"age":0,"life":0,"swr":0,"sie":0,"facts":0}}"#;
        let django = r#"["HTTP_ACCEPT","HTTP_X_THEME"]"#;
        for text in [list, page, django, "[]"] {
            assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
        }
        for text in [r#"{"else":1}"#, "{}", "7", r#"["ACCEPT"]"#] {
            assert!(serde_json::from_str::<Slot>(text).is_err(), "{text}");
        }
    }
}
