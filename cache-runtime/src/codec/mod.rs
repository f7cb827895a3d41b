//! How values become bytes in a shared store, and are read back.
//!
//! - `native`: a small versioned envelope with the entry's times, then JSON.
//! - `json`: the JSON text alone; other programs can read it.
//! - `django`: exactly what django-redis writes with its `JSONSerializer`, with or without zlib.

mod compress;
mod django;
mod native;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{CacheError, ErrorKind};

pub(crate) use crate::key::survey;
pub use compress::Compression;

/// How values are written to a shared store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// The library's own: a small envelope with the entry's times, then JSON.
    #[default]
    Native,
    /// JSON text alone.
    Json,
    /// What django-redis writes with its `JSONSerializer`.
    Django,
}

/// A format with its settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codec {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    /// Inflating stops here.
    pub(crate) max_inflated: usize,
}

/// The times of an entry, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Times {
    /// Before the function started.
    pub(crate) created: u64,
    /// The end of its logical life; 0 is never.
    pub(crate) expires: u64,
    /// What the computation took, in microseconds.
    pub(crate) cost: u32,
}

/// A value read back, with its times where the format carries them.
#[derive(Debug)]
pub(crate) struct Decoded<V> {
    pub(crate) value: V,
    pub(crate) times: Option<Times>,
}

/// What came of giving stored bytes another expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extended {
    Yes,
    /// Their life is over.
    Dead,
    /// They carry no times.
    NoTimes,
}

impl Codec {
    /// A function's result, in an envelope where the format has one.
    pub(crate) fn encode<V: Serialize>(
        &self,
        value: &V,
        times: Times,
    ) -> Result<Vec<u8>, CacheError> {
        match self.format {
            Format::Native => native::encode(&to_json(value)?, times, self.compression),
            Format::Json => self.compression.pack(to_json(value)?),
            Format::Django => django::encode(value, self.compression),
        }
    }

    /// A value set by hand: integers stay bare, so that the store can count with them.
    pub(crate) fn encode_plain<V: Serialize + ?Sized>(
        &self,
        value: &V,
        times: Times,
    ) -> Result<Vec<u8>, CacheError> {
        match self.format {
            Format::Django => django::encode(value, self.compression),
            Format::Native | Format::Json => {
                let json = to_json(value)?;
                if is_integer(&json) {
                    Ok(json)
                } else if self.format == Format::Native {
                    native::encode(&json, times, self.compression)
                } else {
                    self.compression.pack(json)
                }
            }
        }
    }

    /// Gives stored bytes another logical expiry, where the format carries one.
    pub(crate) fn extend(&self, bytes: &mut [u8], now: u64, expires: u64) -> Extended {
        match self.format {
            Format::Native => native::extend(bytes, now, expires),
            Format::Json | Format::Django => Extended::NoTimes,
        }
    }

    /// Reads either back. An error of kind [`ErrorKind::Decode`] is a counted miss.
    pub(crate) fn decode<V: DeserializeOwned>(
        &self,
        bytes: &[u8],
    ) -> Result<Decoded<V>, CacheError> {
        match self.format {
            Format::Native if !is_integer(bytes) => native::decode(bytes, self.max_inflated),
            Format::Native => plain(bytes),
            Format::Json => plain(&self.compression.unpack(bytes, self.max_inflated)?),
            Format::Django => django::decode(bytes, self.max_inflated),
        }
    }
}

fn plain<V: DeserializeOwned>(json: &[u8]) -> Result<Decoded<V>, CacheError> {
    Ok(Decoded {
        value: from_json(json)?,
        times: None,
    })
}

pub(crate) fn to_json<V: Serialize + ?Sized>(value: &V) -> Result<Vec<u8>, CacheError> {
    serde_json::to_vec(value).map_err(|error| {
        CacheError::new(ErrorKind::Encode, "the value cannot be written as JSON").with_source(error)
    })
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

/// Whether these bytes are the text of an integer, as `INCRBY` takes it.
fn is_integer(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
