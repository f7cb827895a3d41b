//! The library's own envelope, version 1:
//!
//! | bytes | what |
//! | --- | --- |
//! | 2 | `CA 01`: the magic number and the version |
//! | 1 | flags: bits 0 and 1, how the payload is compressed (0 not at all, 1 zlib, 2 zstd, 3 an LZ4 frame); bit 4, it is MessagePack instead of JSON |
//! | 8 | created, ms since 1970, little endian |
//! | 8 | expires, ms since 1970; 0 is never |
//! | 4 | what the computation took, in microseconds |
//! | … | the payload |
//!
//! `format=native` and `format=compact` differ in the payload they write and read each other's; who
//! meets flags that he does not know (an older version, a program without the cargo feature) has a
//! miss. No JSON text, integer or compressed stream starts with `CA`, so that a format changed in the
//! URL makes old entries misses.

use serde::de::DeserializeOwned;

use super::compress::{Compression, unpack_by};
use super::{Decoded, Extended, Times, compact, from_json};
use crate::error::{CacheError, ErrorKind};

const MAGIC: [u8; 2] = [0xCA, 0x01];
const HEADER: usize = 23;
const FLAGS: usize = 2;
const CREATED: usize = 3;
const EXPIRES: usize = 11;
const COST: usize = 19;
const COMPRESSED: u8 = 0b0000_0011;
const MESSAGE_PACK: u8 = 0b0001_0000;

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payload {
    Json,
    #[cfg_attr(
        not(feature = "compact"),
        expect(dead_code, reason = "nobody writes it then")
    )]
    MessagePack,
}

/// An envelope being written, its payload behind its header.
pub(super) struct Envelope(Vec<u8>);

impl Envelope {
    /// One whose payload `write` appends.
    pub(super) fn new(
        kind: Payload,
        times: Times,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), CacheError>,
    ) -> Result<Self, CacheError> {
        let mut bytes = Vec::with_capacity(HEADER + 128);
        let mut header = [0; HEADER];
        header[..FLAGS].copy_from_slice(&MAGIC);
        header[FLAGS] = match kind {
            Payload::Json => 0,
            Payload::MessagePack => MESSAGE_PACK,
        };
        header[CREATED..EXPIRES].copy_from_slice(&times.created.to_le_bytes());
        header[EXPIRES..COST].copy_from_slice(&times.expires.to_le_bytes());
        header[COST..].copy_from_slice(&times.cost.to_le_bytes());
        bytes.extend_from_slice(&header);
        write(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.0[HEADER..]
    }

    /// The payload alone.
    pub(super) fn into_payload(mut self) -> Vec<u8> {
        self.0.copy_within(HEADER.., 0);
        self.0.truncate(self.0.len() - HEADER);
        self.0
    }

    /// The whole, compressed if that is asked for and makes it smaller.
    pub(super) fn close(self, compression: Compression, max: usize) -> Result<Vec<u8>, CacheError> {
        let deflated = compression.deflate(self.payload(), max)?;
        let Self(mut bytes) = self;
        if let Some((algorithm, deflated)) = deflated
            && deflated.len() < bytes.len() - HEADER
        {
            bytes.truncate(HEADER);
            bytes[FLAGS] |= algorithm.number;
            bytes.extend_from_slice(&deflated);
        }
        Ok(bytes)
    }
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
    let read = if flags & MESSAGE_PACK == 0 {
        from_json
    } else {
        compact::read
    };
    let value = match flags & COMPRESSED {
        0 => read(payload)?,
        number => read(&unpack_by(number, payload, max_inflated)?)?,
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
            bytes[EXPIRES..COST].copy_from_slice(&expires.to_le_bytes());
            Extended::Yes
        }
    }
}

pub(super) fn expires(bytes: &[u8]) -> Option<u64> {
    open(bytes).map(|(times, ..)| times.expires)
}

fn open(bytes: &[u8]) -> Option<(Times, u8, &[u8])> {
    let (header, payload) = bytes.split_at_checked(HEADER)?;
    let rest = header.strip_prefix(&MAGIC)?;
    let (flags, rest) = rest.split_first()?;
    if flags & !(COMPRESSED | MESSAGE_PACK) != 0 {
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
