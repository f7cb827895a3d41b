//! The library's own format, version 1:
//!
//! | bytes | what |
//! | --- | --- |
//! | 2 | `CA 01`: the magic number and the version |
//! | 1 | flags: bit 0, the payload is compressed with zlib |
//! | 8 | created, ms since 1970, little endian |
//! | 8 | expires, ms since 1970; 0 is never |
//! | 4 | what the computation took, in microseconds |
//! | … | the payload: JSON |
//!
//! No JSON text, integer or zlib stream starts with `CA`, so that a format changed in the URL
//! makes old entries misses.

use serde::de::DeserializeOwned;

use super::compress::{Compression, inflate_or_raw};
use super::{Decoded, Extended, Times, from_json};
use crate::error::{CacheError, ErrorKind};

const MAGIC: [u8; 2] = [0xCA, 0x01];
const HEADER: usize = 23;
const EXPIRES: usize = 11;
const COMPRESSED: u8 = 1;

pub(super) fn encode(
    json: &[u8],
    times: Times,
    compression: Compression,
) -> Result<Vec<u8>, CacheError> {
    let packed: Option<Vec<u8>> = match compression {
        Compression::None => None,
        #[cfg(feature = "zlib")]
        Compression::Zlib => {
            let packed = compression.pack(json.to_vec())?;
            (packed.len() < json.len()).then_some(packed)
        }
    };
    let flags = if packed.is_some() { COMPRESSED } else { 0 };
    let payload = packed.as_deref().unwrap_or(json);
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.push(flags);
    bytes.extend_from_slice(&times.created.to_le_bytes());
    bytes.extend_from_slice(&times.expires.to_le_bytes());
    bytes.extend_from_slice(&times.cost.to_le_bytes());
    bytes.extend_from_slice(payload);
    Ok(bytes)
}

pub(super) fn decode<V: DeserializeOwned>(
    bytes: &[u8],
    max_inflated: usize,
) -> Result<Decoded<V>, CacheError> {
    let (times, flags, payload) = open(bytes).ok_or_else(|| {
        CacheError::new(
            ErrorKind::Decode,
            "what is stored is not in the native format",
        )
    })?;
    let value = if flags & COMPRESSED == 0 {
        from_json(payload)?
    } else {
        from_json(&inflate_or_raw(payload, max_inflated)?)?
    };
    Ok(Decoded {
        value,
        times: Some(times),
    })
}

/// Writes another expiry into an envelope.
pub(super) fn extend(bytes: &mut [u8], now: u64, expires: u64) -> Extended {
    match open(bytes) {
        None => Extended::NoTimes,
        Some((times, ..)) if times.expires != 0 && times.expires <= now => Extended::Dead,
        Some(_) => {
            bytes[EXPIRES..EXPIRES + 8].copy_from_slice(&expires.to_le_bytes());
            Extended::Yes
        }
    }
}

fn open(bytes: &[u8]) -> Option<(Times, u8, &[u8])> {
    let (header, payload) = bytes.split_at_checked(HEADER)?;
    let rest = header.strip_prefix(&MAGIC)?;
    let (flags, rest) = rest.split_first()?;
    if flags & !COMPRESSED != 0 {
        return None;
    }
    let (created, rest) = rest.split_first_chunk()?;
    let (expires, rest) = rest.split_first_chunk()?;
    let (cost, _) = rest.split_first_chunk()?;
    let times = Times {
        created: u64::from_le_bytes(*created),
        expires: u64::from_le_bytes(*expires),
        cost: u32::from_le_bytes(*cost),
    };
    Some((times, *flags, payload))
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::codec::{Compression, Times};

    const TIMES: Times = Times {
        created: 1_700_000_000_000,
        expires: 1_700_000_600_000,
        cost: 1500,
    };

    #[test]
    fn version_1_is_pinned_byte_for_byte() {
        let bytes = encode(br#"{"id":1}"#, TIMES, Compression::None).unwrap();
        let golden = b"\xca\x01\x00\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\x05\x00\x00{\"id\":1}";
        assert_eq!(bytes, golden);
        let decoded = decode::<serde_json::Value>(golden, 1 << 20).unwrap();
        assert_eq!(decoded.times, Some(TIMES));
        assert_eq!(decoded.value["id"], 1);
    }

    #[test]
    fn every_truncation_is_an_error_and_never_a_panic() {
        let bytes = encode(b"[1,2,3]", TIMES, Compression::None).unwrap();
        for length in 0..bytes.len() {
            assert!(
                decode::<Vec<u8>>(&bytes[..length], 1 << 20).is_err(),
                "{length}"
            );
        }
    }

    #[cfg(feature = "zlib")]
    #[test]
    fn a_bomb_is_an_error() {
        let bytes = encode(&vec![b' '; 4 << 20], TIMES, Compression::Zlib).unwrap();
        assert!(bytes.len() < 10_000);
        let error = decode::<u8>(&bytes, 1 << 20).unwrap_err();
        assert!(
            error.to_string().contains("more than 1048576 bytes"),
            "{error}"
        );
    }
}
