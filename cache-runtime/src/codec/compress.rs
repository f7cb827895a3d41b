//! Compression of stored bytes, and inflating with a bound.

use std::borrow::Cow;

use crate::error::{CacheError, ErrorKind};

/// How stored bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// zlib at level 6, for what is longer than 15 bytes, as Django does.
    #[cfg(feature = "zlib")]
    Zlib,
}

// Shorter bytes would only grow.
#[cfg(feature = "zlib")]
const MIN_LENGTH: usize = 15;

impl Compression {
    /// The bytes, compressed if that is asked for and they are long enough.
    pub(super) fn pack(self, bytes: Vec<u8>) -> Result<Vec<u8>, CacheError> {
        match self {
            Compression::None => Ok(bytes),
            #[cfg(feature = "zlib")]
            Compression::Zlib if bytes.len() <= MIN_LENGTH => Ok(bytes),
            #[cfg(feature = "zlib")]
            Compression::Zlib => deflate(&bytes),
        }
    }

    /// The bytes again. What was written without compression is read as it is.
    pub(super) fn unpack(self, bytes: &[u8], max: usize) -> Result<Cow<'_, [u8]>, CacheError> {
        match self {
            Compression::None => Ok(Cow::Borrowed(bytes)),
            #[cfg(feature = "zlib")]
            Compression::Zlib => inflate_or_raw(bytes, max),
        }
        .and_then(|bytes| within(bytes, max))
    }
}

fn within(bytes: Cow<'_, [u8]>, max: usize) -> Result<Cow<'_, [u8]>, CacheError> {
    if bytes.len() > max {
        return Err(too_long(max));
    }
    Ok(bytes)
}

fn too_long(max: usize) -> CacheError {
    CacheError::new(
        ErrorKind::Decode,
        format!("what is stored inflates to more than {max} bytes"),
    )
}

#[cfg(feature = "zlib")]
fn deflate(bytes: &[u8]) -> Result<Vec<u8>, CacheError> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .map_err(|error| {
            CacheError::new(ErrorKind::Encode, "the value cannot be compressed").with_source(error)
        })
}

/// The inflated bytes, or the bytes themselves if they are not zlib's.
#[cfg(feature = "zlib")]
pub(super) fn inflate_or_raw(bytes: &[u8], max: usize) -> Result<Cow<'_, [u8]>, CacheError> {
    use std::io::Read;
    let mut inflated = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    match flate2::read::ZlibDecoder::new(bytes)
        .take(limit)
        .read_to_end(&mut inflated)
    {
        Ok(_) if inflated.len() > max => Err(too_long(max)),
        Ok(_) => Ok(Cow::Owned(inflated)),
        Err(_) => Ok(Cow::Borrowed(bytes)),
    }
}

#[cfg(not(feature = "zlib"))]
pub(super) fn inflate_or_raw(bytes: &[u8], max: usize) -> Result<Cow<'_, [u8]>, CacheError> {
    within(Cow::Borrowed(bytes), max)
}
