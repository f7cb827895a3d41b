//! What is written is a format: pinned byte for byte, and read back.
//!
//! The golden bytes were put together by Python (`struct`, `json`, `msgpack`, `zlib`, `pyzstd`,
//! `lz4.frame`). What two versions of a compressor write may differ, so there the payload is compared
//! inflated.

use serde::{Deserialize, Serialize};

use super::super::compress::unpack_by;
use super::super::{Compression, Format};
use super::{TIMES, Times, codec, codecs};
use crate::error::ErrorKind;
use crate::markers::stamp::Stamp;

const HEADER: usize = 23;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Value {
    id: u64,
    text: String,
}

fn value() -> Value {
    Value {
        id: 1,
        text: "a longer text, ".repeat(8),
    }
}

const GOLDEN: &[(Format, Compression, &[u8])] = &[
    (
        Format::Native,
        Compression::None,
        b"\xca\x01\x00\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x7b\x22\x69\x64\x22\x3a\x31\x2c\x22\x74\x65\x78\x74\x22\x3a\x22\x61\
          \x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\
          \x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\
          \x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\
          \x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\
          \x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\
          \x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\x22\
          \x7d",
    ),
    #[cfg(feature = "zlib")]
    (
        Format::Native,
        Compression::Zlib,
        b"\xca\x01\x01\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x78\x9c\xab\x56\xca\x4c\x51\xb2\x32\xd4\x51\x2a\x49\xad\x28\x51\xb2\
          \x52\x4a\x54\xc8\xc9\xcf\x4b\x4f\x2d\x52\x00\xf1\x75\x14\xe8\xc6\x55\xaa\x05\x00\
          \x91\xb5\x2e\xf0",
    ),
    #[cfg(feature = "zstd")]
    (
        Format::Native,
        Compression::Zstd,
        b"\xca\x01\x02\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x28\xb5\x2f\xfd\x20\x8a\x35\x01\x00\xe8\x7b\x22\x69\x64\x22\x3a\x31\
          \x2c\x22\x74\x65\x78\x74\x22\x3a\x22\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x2c\x20\
          \x22\x7d\x02\x00\x46\x66\xe2\x66\x9d\x63",
    ),
    #[cfg(feature = "lz4")]
    (
        Format::Native,
        Compression::Lz4,
        b"\xca\x01\x03\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x04\x22\x4d\x18\x68\x40\x8a\x00\x00\x00\x00\x00\x00\x00\xe8\x29\x00\
          \x00\x00\xf0\x0a\x7b\x22\x69\x64\x22\x3a\x31\x2c\x22\x74\x65\x78\x74\x22\x3a\x22\
          \x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x10\x00\x2f\x2c\x20\x0f\x00\x53\x50\x74\x2c\
          \x20\x22\x7d\x00\x00\x00\x00",
    ),
    #[cfg(feature = "compact")]
    (
        Format::Compact,
        Compression::None,
        b"\xca\x01\x10\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x82\xa2\x69\x64\x01\xa4\x74\x65\x78\x74\xd9\x78\x61\x20\x6c\x6f\x6e\
          \x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\
          \x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\
          \x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\
          \x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\
          \x65\x78\x74\x2c\x20\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\
          \x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20",
    ),
    #[cfg(all(feature = "compact", feature = "zlib"))]
    (
        Format::Compact,
        Compression::Zlib,
        b"\xca\x01\x11\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x78\x9c\x6b\x5a\x94\x99\xc2\xb8\xa4\x24\xb5\xa2\xe4\x66\x45\xa2\x42\
          \x4e\x7e\x5e\x7a\x6a\x91\x02\x88\xab\xa3\x40\x37\x2e\x00\xb8\xab\x2f\x75",
    ),
    #[cfg(all(feature = "compact", feature = "zstd"))]
    (
        Format::Compact,
        Compression::Zstd,
        b"\xca\x01\x12\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x28\xb5\x2f\xfd\x20\x84\x15\x01\x00\xd8\x82\xa2\x69\x64\x01\xa4\x74\
          \x65\x78\x74\xd9\x78\x61\x20\x6c\x6f\x6e\x67\x65\x72\x20\x74\x65\x78\x74\x2c\x20\
          \x01\x00\x1b\x49\xe7\x18",
    ),
    #[cfg(all(feature = "compact", feature = "lz4"))]
    (
        Format::Compact,
        Compression::Lz4,
        b"\xca\x01\x13\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\
          \x05\x00\x00\x04\x22\x4d\x18\x68\x40\x84\x00\x00\x00\x00\x00\x00\x00\xab\x25\x00\
          \x00\x00\xf0\x06\x82\xa2\x69\x64\x01\xa4\x74\x65\x78\x74\xd9\x78\x61\x20\x6c\x6f\
          \x6e\x67\x65\x72\x20\x0f\x00\x2f\x2c\x20\x0f\x00\x51\x50\x65\x78\x74\x2c\x20\x00\
          \x00\x00\x00",
    ),
];

#[test]
fn every_envelope_is_pinned() {
    for (format, compression, golden) in GOLDEN {
        let codec = codec(*format, *compression);
        let bytes = codec.encode(&value(), TIMES).unwrap();
        let what = format!("{format:?} {compression:?}");
        assert_eq!(bytes[..HEADER], golden[..HEADER], "{what}");
        match bytes[2] & 3 {
            0 => assert_eq!(bytes, *golden, "{what}"),
            number => {
                let inflated = |bytes: &[u8]| unpack_by(number, &bytes[HEADER..], 1 << 20).unwrap();
                assert_eq!(inflated(&bytes), inflated(golden), "{what}");
            }
        }
        for reader in codecs().filter(|codec| codec.format.is_own()) {
            let decoded = reader.decode::<Value>(golden).unwrap();
            assert_eq!(decoded.value, value(), "{what}");
            assert_eq!(decoded.times, Some(TIMES), "{what}");
        }
    }
}

#[test]
fn version_1_is_pinned_byte_for_byte() {
    let golden = b"\xca\x01\x00\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\xdc\x05\x00\x00{\"id\":1}";
    let codec = codec(Format::Native, Compression::None);
    let value = serde_json::json!({"id": 1});
    assert_eq!(codec.encode(&value, TIMES).unwrap(), golden);
    assert_eq!(codec.encode_plain(&value, TIMES).unwrap(), golden);
    let decoded = codec.decode::<serde_json::Value>(golden).unwrap();
    assert_eq!((decoded.times, decoded.value), (Some(TIMES), value));
}

#[test]
fn flags_that_nobody_knows_yet_are_a_miss() {
    let known = GOLDEN.iter().map(|(.., golden)| golden[2]);
    let known: Vec<u8> = known.collect();
    let mut bytes = GOLDEN[0].2.to_vec();
    for flags in (0..=u8::MAX).filter(|flags| !known.contains(flags)) {
        bytes[2] = flags;
        for reader in codecs() {
            let error = reader.decode::<Value>(&bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{flags:#x} {reader:?}");
        }
    }
    // Another version of the envelope, and a signed one.
    for magic in [[0xca, 0x00], [0xca, 0x02], [0xca, 0x53], [0xcb, 0x01]] {
        bytes[2] = 0;
        bytes[..2].copy_from_slice(&magic);
        for reader in codecs() {
            let error = reader.decode::<Value>(&bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{magic:x?} {reader:?}");
        }
    }
}

#[test]
fn what_markers_may_end_is_pinned_byte_for_byte() {
    let golden = b"\xca\x01\x20\x00\x68\xe5\xcf\x8b\x01\x00\x00\xc0\x8f\xee\xcf\x8b\x01\x00\x00\
                   \xdc\x05\x00\x00\x7b\x00\x04\x03\x02\x01\x02\x01a\x06user:7{\"id\":1}";
    let times = Times {
        stamp: Some(Stamp {
            at: TIMES.created * 1000 + 123,
            machine: 0x0102_0304,
        }),
        ..TIMES
    };
    let codec = codec(Format::Native, Compression::None);
    let value = serde_json::json!({"id": 1});
    let mut bytes = codec.encode(&value, times).unwrap();
    assert!(codec.tags(&bytes).is_empty());
    let tags = ["a", "user:7"].map(str::to_owned);
    codec.label(&mut bytes, &tags);
    assert_eq!(bytes, golden);
    assert_eq!(codec.tags(golden), tags);
    assert_eq!(codec.stamp(golden), times.stamp);
    let decoded = codec.decode::<serde_json::Value>(golden).unwrap();
    assert_eq!((decoded.times, decoded.value), (Some(times), value));
    for end in 0..golden.len() - 1 {
        let error = codec
            .decode::<serde_json::Value>(&golden[..end])
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{end} bytes of it");
    }
}
