//! What a target is, and the list of them.

use crate::codec::fuzz as codec;
#[cfg(feature = "files")]
use crate::stores::files;
#[cfg(feature = "memcached")]
use crate::stores::memcached;
#[cfg(feature = "redis")]
use crate::stores::redis;

/// A function that reads bytes, and how to find bytes that take it further than others.
#[derive(Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Reads the bytes; panics where a promise is not kept.
    pub run: fn(&[u8]),
    /// Inputs to begin with, made by what writes such bytes.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What means something where it stands.
    pub words: &'static [&'static [u8]],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    codec::ENVELOPE,
    #[cfg(any(feature = "zlib", feature = "zstd", feature = "lz4"))]
    codec::COMPRESSED,
    codec::DJANGO,
    #[cfg(feature = "signing")]
    codec::SIGNED,
    #[cfg(feature = "files")]
    files::fuzz::FILE,
    super::glob::GLOB,
    crate::key::fuzz::KEY,
    #[cfg(feature = "memcached")]
    memcached::fuzz::MEMCACHED,
    #[cfg(feature = "memcached")]
    memcached::fuzz::NAMES,
    #[cfg(feature = "redis")]
    redis::fuzz::REDIS,
    super::url::URL,
];
