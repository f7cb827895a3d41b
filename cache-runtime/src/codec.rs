//! How values become bytes in a shared store, and are read back.
//!
//! - `native`: a small versioned envelope with the entry's times, then JSON.
//! - `compact`: the same envelope, then MessagePack.
//! - `json`: the JSON text alone; other programs can read it.
//! - `django`: exactly what django-redis writes with its `JSONSerializer`, and with one of its
//!   compressors.
//!
//! The first two may be signed.

#[cfg_attr(not(feature = "compact"), path = "codec/no_compact.rs")]
mod compact;
mod compress;
mod django;
#[cfg(any(test, cache_fuzz))]
pub(crate) mod fuzz;
#[cfg(feature = "lz4")]
mod lz4;
mod native;
#[cfg_attr(not(feature = "signing"), path = "codec/unsigned.rs")]
mod signature;
#[cfg(test)]
mod tests;
#[cfg(feature = "zlib")]
mod zlib;
#[cfg(feature = "zstd")]
mod zstd;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{CacheError, ErrorKind};
use crate::markers::stamp::Stamp;

pub(crate) use crate::key::survey;
pub use compress::Compression;
use native::{Envelope, Payload};
pub(crate) use signature::Signer;

/// How values are written to a shared store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// The library's own format: a small envelope with the entry's times, then JSON.
    #[default]
    Native,
    /// The same envelope, then MessagePack with named fields. It reads what `Native` wrote, and vice
    /// versa.
    #[cfg(feature = "compact")]
    Compact,
    /// The JSON text alone.
    Json,
    /// What django-redis writes with its `JSONSerializer`.
    Django,
}

impl Format {
    /// Returns whether entries are in the library's own envelope.
    pub(crate) fn is_own(self) -> bool {
        !matches!(self, Self::Json | Self::Django)
    }
}

/// A format with its settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codec {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    /// The size at which inflating stops.
    pub(crate) max_inflated: usize,
    /// Whether integers set by hand are written as text alone, so that the store can do arithmetic on them.
    pub(crate) bare_integers: bool,
}

/// The times of an entry, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Times {
    /// A moment before the function started.
    pub(crate) created: u64,
    /// The same to the microsecond, and on which machine, if markers may end the entry.
    pub(crate) stamp: Option<Stamp>,
    /// The end of its logical life; 0 means never.
    pub(crate) expires: u64,
    /// How long the computation took, in microseconds.
    pub(crate) cost: u32,
}

/// A value read back, with its times if the format carries them.
#[derive(Debug)]
pub(crate) struct Decoded<V> {
    pub(crate) value: V,
    pub(crate) times: Option<Times>,
}

/// The result of giving stored bytes another expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extended {
    Yes,
    /// They have expired.
    Dead,
    /// They carry no times.
    NoTimes,
}

impl Codec {
    /// Encodes a function's result, in an envelope if the format has one.
    pub(crate) fn encode<V: Serialize>(
        &self,
        value: &V,
        times: Times,
    ) -> Result<Vec<u8>, CacheError> {
        match self.format {
            Format::Native => self.close(json_envelope(value, times)?),
            #[cfg(feature = "compact")]
            Format::Compact => self.close(compact_envelope(value, times)?),
            Format::Json => self.compression.pack(to_json(value)?, self.max_inflated),
            Format::Django => django::encode(value, self),
        }
    }

    /// Encodes a value set by hand: integers stay bare, so that the store can do arithmetic on them.
    pub(crate) fn encode_plain<V: Serialize + ?Sized>(
        &self,
        value: &V,
        times: Times,
    ) -> Result<Vec<u8>, CacheError> {
        match self.format {
            Format::Native => {
                let envelope = json_envelope(value, times)?;
                if self.bare_integers && is_integer(envelope.payload()) {
                    return Ok(envelope.into_payload());
                }
                self.close(envelope)
            }
            #[cfg(feature = "compact")]
            Format::Compact => {
                let envelope = compact_envelope(value, times)?;
                if self.bare_integers && compact::may_be_integer(envelope.payload()) {
                    let json = to_json(value)?;
                    if is_integer(&json) {
                        return Ok(json);
                    }
                }
                self.close(envelope)
            }
            Format::Json => {
                let json = to_json(value)?;
                if is_integer(&json) {
                    return Ok(json);
                }
                self.compression.pack(json, self.max_inflated)
            }
            Format::Django => django::encode(value, self),
        }
    }

    fn close(&self, envelope: Envelope) -> Result<Vec<u8>, CacheError> {
        envelope.close(self.compression, self.max_inflated)
    }

    /// Gives stored bytes another logical expiry, if the format carries one.
    pub(crate) fn extend(&self, bytes: &mut [u8], now: u64, expires: u64) -> Extended {
        if self.format.is_own() {
            native::extend(bytes, now, expires)
        } else {
            Extended::NoTimes
        }
    }

    /// Writes the tags of a function's result into its envelope, if the format has one.
    pub(crate) fn label(&self, bytes: &mut Vec<u8>, tags: &[String]) {
        if self.format.is_own() && !tags.is_empty() {
            native::label(bytes, tags);
        }
    }

    /// Returns the tags of stored bytes.
    pub(crate) fn tags(&self, bytes: &[u8]) -> Vec<String> {
        if self.format.is_own() {
            native::tags(bytes)
        } else {
            Vec::new()
        }
    }

    /// Returns when the computation of stored bytes began, if markers may end them.
    pub(crate) fn stamp(&self, bytes: &[u8]) -> Option<Stamp> {
        self.format.is_own().then(|| native::stamp(bytes))?
    }

    /// Returns the logical expiry of stored bytes, if the format carries one; 0 means never.
    pub(crate) fn expires(&self, bytes: &[u8]) -> Option<u64> {
        self.format.is_own().then(|| native::expires(bytes))?
    }

    /// When stored bytes were made, in milliseconds since 1970, where the format says so.
    pub(crate) fn created(&self, bytes: &[u8]) -> Option<u64> {
        self.format.is_own().then(|| native::created(bytes))?
    }

    /// Decodes either. An error of kind [`ErrorKind::Decode`] is counted as a miss.
    pub(crate) fn decode<V: DeserializeOwned>(
        &self,
        bytes: &[u8],
    ) -> Result<Decoded<V>, CacheError> {
        match self.format {
            Format::Json => plain(&compress::unpack(bytes, self.max_inflated)?),
            Format::Django => django::decode(bytes, self.max_inflated),
            _ if is_integer(bytes) => plain(bytes),
            _ => native::decode(bytes, self.max_inflated),
        }
    }
}

fn json_envelope<V: Serialize + ?Sized>(value: &V, times: Times) -> Result<Envelope, CacheError> {
    Envelope::new(Payload::Json, times, |bytes| write_json(bytes, value))
}

#[cfg(feature = "compact")]
fn compact_envelope<V: Serialize + ?Sized>(
    value: &V,
    times: Times,
) -> Result<Envelope, CacheError> {
    Envelope::new(Payload::MessagePack, times, |bytes| {
        compact::write(bytes, value)
    })
}

fn plain<V: DeserializeOwned>(json: &[u8]) -> Result<Decoded<V>, CacheError> {
    Ok(Decoded {
        value: from_json(json)?,
        times: None,
    })
}

pub(crate) fn to_json<V: Serialize + ?Sized>(value: &V) -> Result<Vec<u8>, CacheError> {
    serde_json::to_vec(value).map_err(no_json)
}

fn write_json<V: Serialize + ?Sized>(bytes: &mut Vec<u8>, value: &V) -> Result<(), CacheError> {
    serde_json::to_writer(bytes, value).map_err(no_json)
}

fn no_json(error: serde_json::Error) -> CacheError {
    CacheError::new(ErrorKind::Encode, "the value cannot be written as JSON").with_source(error)
}

pub(crate) fn from_json<V: DeserializeOwned>(json: &[u8]) -> Result<V, CacheError> {
    serde_json::from_slice(json).map_err(|error| {
        CacheError::new(
            ErrorKind::Decode,
            "what is stored is not a value of this type",
        )
        .with_source(error)
    })
}

pub(crate) fn local_only() -> CacheError {
    CacheError::new(
        ErrorKind::Unsupported,
        "a `local` value stays in this process",
    )
}

/// Returns whether these bytes are the text of an integer, as `INCRBY` accepts it.
fn is_integer(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
