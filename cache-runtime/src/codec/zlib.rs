//! zlib, as Django's and Python's `zlib.compress(value, 6)` write it.

use std::io::{self, Write};

use super::compress::{Algorithm, read_up_to};

pub(super) const ALGORITHM: Algorithm = Algorithm {
    number: 1,
    begins,
    deflate,
    inflate,
};

/// Returns whether the method is deflate, and the first two bytes are a multiple of 31. Text may begin like that by
/// chance (`80.5` does), and is then not a stream.
fn begins(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => {
            method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
        }
        _ => false,
    }
}

fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn inflate(bytes: &[u8], max: usize) -> io::Result<Vec<u8>> {
    read_up_to(max, flate2::read::ZlibDecoder::new(bytes))
}
