//! zstd, as Python's `pyzstd.compress` writes it: one frame that says how long its content is.

use std::io;
use std::sync::Mutex;

use zstd::bulk::{Compressor, Decompressor};

use super::compress::{Algorithm, read_up_to};
use crate::sync::lock;

pub(super) const ALGORITHM: Algorithm = Algorithm {
    number: 2,
    begins: |bytes| bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
    deflate,
    inflate,
};

// Creating one takes three times as long as compressing two kilobytes with it.
static COMPRESSORS: Kept<Compressor<'static>> = Kept(Mutex::new(Vec::new()));
static DECOMPRESSORS: Kept<Decompressor<'static>> = Kept(Mutex::new(Vec::new()));

fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let make = || Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL);
    COMPRESSORS.with(make, |compressor| compressor.compress(bytes))
}

fn inflate(bytes: &[u8], max: usize) -> io::Result<Vec<u8>> {
    let size = zstd::decompressed_size(bytes).and_then(|size| usize::try_from(size).ok());
    match size.filter(|size| *size <= max) {
        Some(size) => DECOMPRESSORS.with(Decompressor::new, |decompressor| {
            decompressor.decompress(bytes, size)
        }),
        None => inflate_unsized(bytes, max),
    }
}

/// Inflates a frame that does not say how long its content is, or says that it is too long.
fn inflate_unsized(bytes: &[u8], max: usize) -> io::Result<Vec<u8>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
    // A few bytes can ask for a window of 128 MiB, which would be allocated before anything is read.
    let window = max.checked_next_power_of_two().map_or(27, usize::ilog2);
    decoder.window_log_max(window.clamp(10, 27))?;
    read_up_to(max, decoder)
}

/// A few contexts that are reused.
struct Kept<T>(Mutex<Vec<T>>);

impl<T> Kept<T> {
    // One may hold a megabyte.
    const MOST: usize = 8;

    fn with<R>(
        &self,
        make: impl FnOnce() -> io::Result<T>,
        run: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let kept = lock(&self.0).pop();
        let mut context = match kept {
            Some(context) => context,
            None => make()?,
        };
        let result = run(&mut context)?;
        let mut kept = lock(&self.0);
        if kept.len() < Self::MOST {
            kept.push(context);
        }
        Ok(result)
    }
}
