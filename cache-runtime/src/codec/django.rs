//! What django-redis writes with its `JSONSerializer`: integers as decimal text, everything else
//! as Python's JSON text, compressed above 15 bytes if asked for, in the frames of its
//! `ZlibCompressor`, `ZStdCompressor` or `Lz4Compressor`. Reading tries an integer first, then inflating,
//! then JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::compress::unpack;
use super::{Codec, Decoded, is_integer, plain};
use crate::error::{CacheError, ErrorKind};
use crate::key;

pub(super) fn encode<V: Serialize + ?Sized>(
    value: &V,
    codec: &Codec,
) -> Result<Vec<u8>, CacheError> {
    let text = key::value_text(value).map_err(|error| {
        CacheError::new(
            ErrorKind::Encode,
            "the value cannot be written as Python's JSON",
        )
        .with_source(error)
    })?;
    if is_integer(text.as_bytes()) {
        return Ok(text.into_bytes());
    }
    codec
        .compression
        .pack(text.into_bytes(), codec.max_inflated)
}

pub(super) fn decode<V: DeserializeOwned>(
    bytes: &[u8],
    max_inflated: usize,
) -> Result<Decoded<V>, CacheError> {
    if let Some(integer) = python_int(bytes) {
        return plain(integer.as_bytes());
    }
    plain(&unpack(bytes, max_inflated)?)
}

/// Returns the canonical text of what Python's `int(bytes)` accepts: white space around it, a sign, and
/// single underscores between digits.
fn python_int(bytes: &[u8]) -> Option<String> {
    // Values are long, and few are integers: the first character that is not white space decides.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace())?;
    let may_be = matches!(first, b'0'..=b'9' | b'+' | b'-' | b'_' | 0x0b) || !first.is_ascii();
    if !may_be {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let fair = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if !fair || plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let plain = plain.trim_start_matches('0');
    Some(if plain.is_empty() {
        "0".to_owned()
    } else {
        format!("{sign}{plain}")
    })
}

#[cfg(test)]
mod tests {
    use super::python_int;

    #[test]
    fn integers_as_python_reads_them() {
        for (text, expected) in [
            ("42", Some("42")),
            (" -1_000 ", Some("-1000")),
            ("+7", Some("7")),
            ("007", Some("7")),
            ("-0", Some("0")),
            ("1__0", None),
            ("_1", None),
            ("1.5", None),
            ("", None),
            ("-", None),
            ("true", None),
        ] {
            assert_eq!(python_int(text.as_bytes()).as_deref(), expected, "{text:?}");
        }
    }
}
