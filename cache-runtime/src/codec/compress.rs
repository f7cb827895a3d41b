//! Compression of stored bytes, and inflating with a limit.
//!
//! Compressed bytes are recognized by how they begin, and no JSON text begins like that; so whoever
//! reads bytes without an envelope needs no setting for it, and changing the setting does no harm.

use std::borrow::Cow;
use std::io;

#[cfg(feature = "lz4")]
use super::lz4;
#[cfg(feature = "zlib")]
use super::zlib;
#[cfg(feature = "zstd")]
use super::zstd;
use crate::error::{CacheError, ErrorKind};

/// How stored bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// zlib at level 6, for values longer than 15 bytes, as Django does.
    #[cfg(feature = "zlib")]
    Zlib,
    /// zstd at its usual level (3), for values longer than 15 bytes.
    #[cfg(feature = "zstd")]
    Zstd,
    /// An LZ4 frame, for values longer than 15 bytes: fast, and larger than the others.
    #[cfg(feature = "lz4")]
    Lz4,
}

/// One way to compress.
#[derive(Debug)]
pub(super) struct Algorithm {
    /// Its number in the flags of an envelope.
    pub(super) number: u8,
    /// Returns whether bytes begin the way its output does.
    pub(super) begins: fn(&[u8]) -> bool,
    pub(super) deflate: fn(&[u8]) -> io::Result<Vec<u8>>,
    /// Gives up one byte past the limit.
    pub(super) inflate: fn(&[u8], usize) -> io::Result<Vec<u8>>,
}

const ALGORITHMS: &[Algorithm] = &[
    #[cfg(feature = "zlib")]
    zlib::ALGORITHM,
    #[cfg(feature = "zstd")]
    zstd::ALGORITHM,
    #[cfg(feature = "lz4")]
    lz4::ALGORITHM,
];

// Shorter bytes would only grow; django-redis draws the line here for all three.
const MIN_LENGTH: usize = 15;

impl Compression {
    fn algorithm(self) -> Option<Algorithm> {
        match self {
            Self::None => None,
            #[cfg(feature = "zlib")]
            Self::Zlib => Some(zlib::ALGORITHM),
            #[cfg(feature = "zstd")]
            Self::Zstd => Some(zstd::ALGORITHM),
            #[cfg(feature = "lz4")]
            Self::Lz4 => Some(lz4::ALGORITHM),
        }
    }

    /// Returns the bytes compressed, and by which algorithm; `None` if compression is off, if they are so
    /// short that it is not worth it, or so long (over `max`) that nobody would inflate them.
    pub(super) fn deflate(
        self,
        bytes: &[u8],
        max: usize,
    ) -> Result<Option<(Algorithm, Vec<u8>)>, CacheError> {
        let worth_it = bytes.len() > MIN_LENGTH && bytes.len() <= max;
        let Some(algorithm) = self.algorithm().filter(|_| worth_it) else {
            return Ok(None);
        };
        let deflated = (algorithm.deflate)(bytes).map_err(|error| {
            CacheError::new(ErrorKind::Encode, "the value cannot be compressed").with_source(error)
        })?;
        Ok(Some((algorithm, deflated)))
    }

    /// Returns the bytes as Django keeps them: compressed if that is asked for and they are long enough.
    pub(super) fn pack(self, bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, CacheError> {
        let deflated = self.deflate(&bytes, max)?;
        Ok(deflated.map_or(bytes, |(_, deflated)| deflated))
    }
}

/// Returns the original bytes, however they were compressed, if at all.
pub(super) fn unpack(bytes: &[u8], max: usize) -> Result<Cow<'_, [u8]>, CacheError> {
    for algorithm in ALGORITHMS {
        if (algorithm.begins)(bytes)
            && let Some(inflated) = inflate(algorithm, bytes, max)?
        {
            return Ok(Cow::Owned(inflated));
        }
    }
    Ok(Cow::Borrowed(bytes))
}

/// Inflates these bytes with the algorithm of this number.
pub(super) fn unpack_by(number: u8, bytes: &[u8], max: usize) -> Result<Vec<u8>, CacheError> {
    let broken = |what: &str| CacheError::new(ErrorKind::Decode, what);
    let algorithm = ALGORITHMS.iter().find(|known| known.number == number);
    let algorithm = algorithm.ok_or_else(|| {
        broken("what is stored is compressed in a way that this program does not read")
    })?;
    inflate(algorithm, bytes, max)?
        .ok_or_else(|| broken("what is stored is broken: it cannot be inflated"))
}

/// Inflates `bytes`. An error for a decompression bomb; `None` for bytes that the algorithm did not compress.
fn inflate(algorithm: &Algorithm, bytes: &[u8], max: usize) -> Result<Option<Vec<u8>>, CacheError> {
    match (algorithm.inflate)(bytes, max) {
        Ok(inflated) if inflated.len() > max => Err(CacheError::new(
            ErrorKind::Decode,
            format!("what is stored inflates to more than {max} bytes"),
        )),
        Ok(inflated) => Ok(Some(inflated)),
        Err(_) => Ok(None),
    }
}

/// Reads all that `inflating` yields, but no more than one byte past the limit.
#[cfg(any(feature = "zlib", feature = "zstd", feature = "lz4"))]
pub(super) fn read_up_to(max: usize, inflating: impl io::Read) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut inflated = Vec::new();
    io::Read::read_to_end(&mut inflating.take(limit), &mut inflated)?;
    Ok(inflated)
}
