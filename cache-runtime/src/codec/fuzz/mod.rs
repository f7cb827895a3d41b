//! What was stored, as a target.

#[cfg(any(feature = "zlib", feature = "zstd", feature = "lz4"))]
mod compressed;
mod django;
mod envelope;
#[cfg(feature = "signing")]
mod signed;
mod world;

#[cfg(any(feature = "zlib", feature = "zstd", feature = "lz4"))]
pub(crate) use compressed::COMPRESSED;
pub(crate) use django::DJANGO;
pub(crate) use envelope::ENVELOPE;
#[cfg(feature = "signing")]
pub(crate) use signed::SIGNED;
