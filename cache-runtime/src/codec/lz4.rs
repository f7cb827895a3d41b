//! LZ4, as Python's `lz4.frame.compress` writes it: a frame that says how long its content is.

use std::io::{self, Read, Write};

use lz4_flex::frame::{FrameDecoder, FrameEncoder, FrameInfo};

use super::compress::{Algorithm, read_up_to};

pub(super) const ALGORITHM: Algorithm = Algorithm {
    number: 3,
    begins: |bytes| bytes.starts_with(&[0x04, 0x22, 0x4d, 0x18]),
    deflate,
    inflate,
};

// The end of a frame: a block of no bytes.
const END: [u8; 4] = [0; 4];

fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let size = u64::try_from(bytes.len()).ok();
    let mut encoder =
        FrameEncoder::with_frame_info(FrameInfo::new().content_size(size), Vec::new());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Inflates a frame. The decoder takes the end of its input for the end of the frame wherever a block could begin.
/// So it gets one end more than there should be, which only a truncated frame needs.
fn inflate(bytes: &[u8], max: usize) -> io::Result<Vec<u8>> {
    let mut decoder = FrameDecoder::new(bytes.chain(&END[..]));
    let inflated = read_up_to(max, &mut decoder)?;
    let (rest, end) = decoder.get_ref().get_ref();
    let is_whole = rest.is_empty() && end.len() == END.len();
    if is_whole || inflated.len() > max {
        Ok(inflated)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
