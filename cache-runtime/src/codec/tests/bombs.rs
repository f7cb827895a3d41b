//! A few bytes that would become very many are an error of kind `Decode`, for every compression and
//! in every format; and what nobody would inflate is not compressed.

use super::super::compress::{unpack, unpack_by};
use super::super::{Codec, Compression};
use super::{COMPRESSIONS, TIMES, codecs};
use crate::error::ErrorKind;

/// 4 MiB of white space and a number: valid JSON, if anybody were to inflate it.
fn bomb(compression: Compression) -> Option<(u8, Vec<u8>)> {
    let mut text = vec![b' '; 4 << 20];
    text.push(b'1');
    let (algorithm, bytes) = compression.deflate(&text, usize::MAX).unwrap()?;
    assert!(bytes.len() < 20_000, "{}", bytes.len());
    Some((algorithm.number, bytes))
}

#[test]
fn a_bomb_is_an_error_in_every_format() {
    for (number, bytes) in COMPRESSIONS.iter().filter_map(|by| bomb(*by)) {
        let mut envelope = vec![0xca, 0x01, number];
        envelope.extend([0; 20]);
        envelope.extend(&bytes);
        for codec in codecs() {
            let codec = Codec {
                max_inflated: 1 << 20,
                ..codec
            };
            for bytes in [&bytes, &envelope] {
                let error = codec.decode::<u8>(bytes).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Decode, "{number} {codec:?}");
            }
        }
        let by_number = unpack_by(number, &bytes, 1 << 20).unwrap_err();
        assert_eq!(by_number.kind(), ErrorKind::Decode);
        // It is one for nobody who has the room.
        assert_eq!(unpack(&bytes, 5 << 20).unwrap().len(), (4 << 20) + 1);
    }
}

#[test]
fn the_bound_is_exact() {
    for by in COMPRESSIONS {
        let Some((algorithm, bytes)) = by.deflate(&[b' '; 4096], usize::MAX).unwrap() else {
            continue;
        };
        for max in [4096, 4097, usize::MAX] {
            assert_eq!(
                unpack_by(algorithm.number, &bytes, max).unwrap().len(),
                4096
            );
        }
        for max in [0, 1, 15, 4095] {
            let error = unpack_by(algorithm.number, &bytes, max).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{by:?} {max}");
            // Without an envelope it may be something else; what comes out is never longer.
            if let Ok(bytes_again) = unpack(&bytes, max) {
                assert_eq!(*bytes_again, *bytes, "{by:?} {max}");
            }
        }
    }
}

#[test]
fn what_nobody_would_inflate_is_not_compressed() {
    let text = "a longer text, ".repeat(1000);
    for codec in codecs() {
        let tight = Codec {
            max_inflated: 1000,
            ..codec
        };
        let bytes = tight.encode(&text, TIMES).unwrap();
        assert!(bytes.len() > text.len(), "{codec:?}");
        assert_eq!(tight.decode::<String>(&bytes).unwrap().value, text);
    }
}

#[cfg(feature = "zstd")]
#[test]
fn a_zstd_window_larger_than_the_bound_is_not_allocated() {
    use std::io::Write;
    let with_window = |log| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(log).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(b"[1, 2, 3]").unwrap();
        encoder.flush().unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(
        unpack_by(2, &with_window(20), 16 << 20).unwrap(),
        b"[1, 2, 3]"
    );
    assert!(unpack_by(2, &with_window(27), 16 << 20).is_err());
    // Two frames are no value of ours, whatever the first one says.
    let frame = zstd::bulk::compress(b"[1, 2, 3]", 3).unwrap();
    assert_eq!(unpack_by(2, &frame, 16 << 20).unwrap(), b"[1, 2, 3]");
    assert!(unpack_by(2, &[&frame[..], &frame].concat(), 16 << 20).is_err());
}
