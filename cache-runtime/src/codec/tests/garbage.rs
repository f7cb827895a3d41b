//! Bytes that nobody wrote, and bytes that were cut or changed on their way: no panic, no inflating
//! past the bound, no error but `Decode`.

use serde::{Deserialize, Serialize};

use super::super::Codec;
use super::super::compress::unpack;
use super::{TIMES, XorShift, codecs};
use crate::error::ErrorKind;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sample {
    id: u64,
    text: String,
    list: Vec<Option<f64>>,
}

fn sample() -> Sample {
    Sample {
        id: 7,
        text: "a longer text, a longer text, é清😀".into(),
        list: vec![Some(1.5), None, Some(-2e10)],
    }
}

/// All that reads, on these bytes; whether the sample came out.
fn read(codec: &Codec, bytes: &[u8]) -> bool {
    let small = Codec {
        max_inflated: 4096,
        ..*codec
    };
    if let Ok(unpacked) = unpack(bytes, 4096) {
        assert!(unpacked.len() <= bytes.len().max(4096));
    }
    let _ = small.decode::<serde_json::Value>(bytes);
    let _ = small.decode::<Vec<u8>>(bytes);
    let _ = small.decode::<i128>(bytes);
    let _ = small.decode::<()>(bytes);
    let _ = small.extend(&mut bytes.to_vec(), 1, 2);
    match codec.decode::<Sample>(bytes) {
        Ok(decoded) => decoded.value == sample(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Decode, "{bytes:?}");
            false
        }
    }
}

#[test]
fn every_cut_is_an_error() {
    for codec in codecs() {
        let bytes = codec.encode(&sample(), TIMES).unwrap();
        assert!(read(&codec, &bytes));
        for end in 0..bytes.len() {
            let what = || format!("{codec:?}, {end} of {}", bytes.len());
            assert!(codec.decode::<Sample>(&bytes[..end]).is_err(), "{}", what());
            read(&codec, &bytes[..end]);
        }
    }
}

#[test]
fn every_changed_bit() {
    for codec in codecs() {
        let bytes = codec.encode(&sample(), TIMES).unwrap();
        for at in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[at / 8] ^= 1 << (at % 8);
            read(&codec, &changed);
        }
    }
}

#[test]
fn random_changes_and_random_bytes() {
    let rounds = 100;
    let mut random = XorShift(0x5eed);
    // How a reader compresses what it writes makes no difference.
    let readers = super::FORMATS
        .iter()
        .map(|format| super::codec(*format, super::COMPRESSIONS[0]));
    let readers: Vec<Codec> = readers.collect();
    for writer in codecs() {
        let bytes = writer.encode(&sample(), TIMES).unwrap();
        for _ in 0..rounds {
            let mut changed = bytes.clone();
            for _ in 0..=random.below(6) {
                let at = random.below(changed.len());
                match random.below(4) {
                    0 => changed[at] = random.byte(),
                    1 => changed.insert(at, random.byte()),
                    2 => drop(changed.remove(at)),
                    _ => {
                        let piece = changed[at..].to_vec();
                        changed.extend_from_slice(&piece);
                    }
                }
            }
            for reader in &readers {
                read(reader, &changed);
            }
        }
    }
    // What begins as something known and goes on as nothing does.
    let begins: [&[u8]; 9] = [
        b"",
        b"\xca\x01",
        b"\xca\x01\x01",
        b"\xca\x01\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x28\xb5\x2f\xfd",
        b"\xca\x01\x13\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\x22\x4d\x18",
        b"\xca\x01\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x78\x9c",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18\x40\x40",
    ];
    for begin in begins {
        for _ in 0..rounds {
            let mut bytes = begin.to_vec();
            bytes.extend((0..random.below(80)).map(|_| random.byte()));
            for reader in &readers {
                read(reader, &bytes);
            }
        }
    }
}

/// A frame of LZ4 ends with a block of no bytes; its decoder takes any end between blocks for it.
#[cfg(feature = "lz4")]
#[test]
fn an_lz4_frame_cut_between_its_blocks_is_an_error() {
    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
    use std::io::Write;

    use super::super::compress::unpack_by;
    let mut random = XorShift(9);
    // Numbers with white space between them: a valid text wherever it is cut behind one.
    let text: String = (0..40_000)
        .map(|_| format!("{} ", random.below(10)))
        .collect();
    let info = FrameInfo::new()
        .block_size(BlockSize::Max64KB)
        .content_size(Some(text.len() as u64));
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(text.as_bytes()).unwrap();
    let bytes = encoder.finish().unwrap();
    let mut at = 15; // the header, with the length of the content
    let mut blocks = 0;
    loop {
        assert!(unpack_by(3, &bytes[..at], 1 << 20).is_err());
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        if length == 0 {
            break;
        }
        at += 4 + usize::try_from(length).unwrap();
        blocks += 1;
    }
    assert!(blocks > 1, "{blocks}");
    assert_eq!(at + 4, bytes.len());
    let whole = unpack_by(3, &bytes, 1 << 20).unwrap();
    assert_eq!(whole, text.as_bytes());
}
