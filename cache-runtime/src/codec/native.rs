//! The library's own envelope, version 1:
//!
//! | bytes | what |
//! | --- | --- |
//! | 2 | `CA 01`: the magic number and the version |
//! | 1 | flags: bits 0 and 1, how the payload is compressed (0 not at all, 1 zlib, 2 zstd, 3 an LZ4 frame); bit 4, it is MessagePack instead of JSON; bit 5, markers may end the entry |
//! | 8 | created, ms since 1970, little endian |
//! | 8 | expires, ms since 1970; 0 is never |
//! | 4 | what the computation took, in microseconds |
//! | with bit 5: 2 | the microseconds of `created` within its millisecond |
//! | with bit 5: 4 | the machine whose clock that was |
//! | with bit 5: 1 | how many tags there are; for each its length (one byte) and its text |
//! | … | the payload |
//!
//! `format=native` and `format=compact` differ in the payload they write and read each other's; a reader
//! that meets unknown flags (an older version, a program without the cargo feature) has a
//! miss. No JSON text, integer or compressed stream starts with `CA`, so that changing the format in the
//! URL makes old entries misses.

use serde::de::DeserializeOwned;

use super::compress::{Compression, unpack_by};
use super::{Decoded, Extended, Times, compact, from_json};
use crate::error::{CacheError, ErrorKind};
use crate::markers::stamp::Stamp;

const MAGIC: [u8; 2] = [0xCA, 0x01];
const HEADER: usize = 23;
const FLAGS: usize = 2;
const CREATED: usize = 3;
const EXPIRES: usize = 11;
const COST: usize = 19;
const COMPRESSED: u8 = 0b0000_0011;
const MESSAGE_PACK: u8 = 0b0001_0000;
const MARKED: u8 = 0b0010_0000;
/// Microseconds, machine and the number of tags.
const MARKS: usize = 7;
const COUNT: usize = HEADER + MARKS - 1;

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

/// An envelope being written, with its payload after its header.
pub(super) struct Envelope {
    bytes: Vec<u8>,
    /// Where the payload begins.
    start: usize,
}

impl Envelope {
    /// Returns one whose payload `write` appends.
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
        if let Some(stamp) = times.stamp {
            bytes[FLAGS] |= MARKED;
            let micros = (stamp.at % 1000) as u16;
            bytes.extend_from_slice(&micros.to_le_bytes());
            bytes.extend_from_slice(&stamp.machine.to_le_bytes());
            bytes.push(0);
        }
        let start = bytes.len();
        write(&mut bytes)?;
        Ok(Self { bytes, start })
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Returns only the payload.
    pub(super) fn into_payload(mut self) -> Vec<u8> {
        self.bytes.drain(..self.start);
        self.bytes
    }

    /// Returns the whole, compressed if that is asked for and makes it smaller.
    pub(super) fn close(self, compression: Compression, max: usize) -> Result<Vec<u8>, CacheError> {
        let deflated = compression.deflate(self.payload(), max)?;
        let Self { mut bytes, start } = self;
        if let Some((algorithm, deflated)) = deflated
            && deflated.len() < bytes.len() - start
        {
            bytes.truncate(start);
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

pub(super) fn created(bytes: &[u8]) -> Option<u64> {
    open(bytes).map(|(times, ..)| times.created)
}

pub(super) fn stamp(bytes: &[u8]) -> Option<Stamp> {
    open(bytes)?.0.stamp
}

fn open(bytes: &[u8]) -> Option<(Times, u8, &[u8])> {
    let (header, payload) = bytes.split_at_checked(HEADER)?;
    let rest = header.strip_prefix(&MAGIC)?;
    let (flags, rest) = rest.split_first()?;
    if flags & !(COMPRESSED | MESSAGE_PACK | MARKED) != 0 {
        return None;
    }
    let (created, rest) = rest.split_first_chunk()?;
    let (expires, rest) = rest.split_first_chunk()?;
    let (cost, _) = rest.split_first_chunk()?;
    let mut times = Times {
        created: u64::from_le_bytes(*created),
        stamp: None,
        expires: u64::from_le_bytes(*expires),
        cost: u32::from_le_bytes(*cost),
    };
    if flags & MARKED == 0 {
        return Some((times, *flags, payload));
    }
    let (micros, rest) = payload.split_first_chunk()?;
    let (machine, rest) = rest.split_first_chunk()?;
    let micros = u64::from(u16::from_le_bytes(*micros));
    if micros >= 1000 {
        return None;
    }
    times.stamp = Some(Stamp {
        at: times.created.saturating_mul(1000).saturating_add(micros),
        machine: u32::from_le_bytes(*machine),
    });
    let (count, mut payload) = rest.split_first()?;
    for _ in 0..*count {
        let (len, rest) = payload.split_first()?;
        payload = rest.split_at_checked(usize::from(*len))?.1;
    }
    Some((times, *flags, payload))
}

/// Writes tags into an envelope that has room for them: as many as fit, which is 255 tags of 255
/// bytes.
pub(super) fn label(bytes: &mut Vec<u8>, tags: &[String]) {
    if bytes.get(FLAGS).is_none_or(|flags| flags & MARKED == 0) {
        return;
    }
    let mut section = Vec::new();
    let mut count = 0;
    for tag in tags {
        if let Ok(len) = u8::try_from(tag.len())
            && count < u8::MAX
        {
            count += 1;
            section.push(len);
            section.extend_from_slice(tag.as_bytes());
        }
    }
    bytes[COUNT] = count;
    bytes.splice(HEADER + MARKS..HEADER + MARKS, section);
}

/// Returns the tags of an envelope.
pub(super) fn tags(bytes: &[u8]) -> Vec<String> {
    let mut tags = Vec::new();
    if open(bytes).is_none_or(|(_, flags, _)| flags & MARKED == 0) {
        return tags;
    }
    let mut rest = &bytes[HEADER + MARKS..];
    for _ in 0..bytes[COUNT] {
        let Some((len, behind)) = rest.split_first() else {
            break;
        };
        let (tag, behind) = behind.split_at(usize::from(*len).min(behind.len()));
        tags.push(String::from_utf8_lossy(tag).into_owned());
        rest = behind;
    }
    tags
}
