//! The payload of `format=compact`: MessagePack with named fields.
//!
//! It says what JSON would say, in fewer bytes: fields by name, so that a struct may gain and lose
//! some, and types that have a human-readable form (ids, addresses) in that form. In their binary form,
//! serde cannot read them back below `#[serde(flatten)]` and `untagged`, and a reader of another type
//! would get another value than in the other formats.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{CacheError, ErrorKind};

// serde_json gives up reading at this depth, and the survey with it; rmp-serde's own 1024 is more
// than a thread's stack may hold.
const MAX_DEPTH: usize = 128;

/// Appends `value`.
pub(super) fn write<V: Serialize + ?Sized>(
    bytes: &mut Vec<u8>,
    value: &V,
) -> Result<(), CacheError> {
    let mut serializer = rmp_serde::Serializer::new(bytes)
        .with_struct_map()
        .with_human_readable();
    value.serialize(&mut serializer).map_err(|error| {
        CacheError::new(
            ErrorKind::Encode,
            "the value cannot be written as MessagePack",
        )
        .with_source(error)
    })
}

pub(super) fn read<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, CacheError> {
    let foreign = |error| {
        CacheError::new(
            ErrorKind::Decode,
            "what is stored is not a value of this type",
        )
        .with_source(error)
    };
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes).with_human_readable();
    deserializer.set_max_depth(MAX_DEPTH);
    let value = V::deserialize(&mut deserializer).map_err(foreign)?;
    if is_at_end(&mut deserializer) {
        Ok(value)
    } else {
        Err(foreign(rmp_serde::decode::Error::Uncategorized(
            "there are bytes behind the value".into(),
        )))
    }
}

/// Returns whether nothing is left to read: there is not even the first byte of another value.
fn is_at_end<'de, D>(deserializer: D) -> bool
where
    D: serde::Deserializer<'de, Error = rmp_serde::decode::Error>,
{
    use serde::de::{Deserialize, IgnoredAny};
    let next = IgnoredAny::deserialize(deserializer);
    matches!(
        next,
        Err(rmp_serde::decode::Error::InvalidMarkerRead(error))
            if error.kind() == std::io::ErrorKind::UnexpectedEof
    )
}

/// Returns whether these bytes may be an integer: those of 128 bits are written as bytes, and a `Number` of
/// serde_json may be a map of one entry.
pub(super) fn may_be_integer(bytes: &[u8]) -> bool {
    const LONGEST: usize = 80;
    let is_likely = matches!(
        bytes.first(),
        Some(0x00..=0x7f | 0x81 | 0xc4 | 0xcc..=0xd3 | 0xe0..=0xff)
    );
    is_likely && bytes.len() <= LONGEST
}
