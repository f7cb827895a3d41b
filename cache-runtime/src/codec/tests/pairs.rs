//! A format or a compression changed in the URL makes old entries misses or finds them as they were:
//! never another value, never another error.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::{Codec, Format, is_integer};
use super::{TIMES, codecs};
use crate::error::ErrorKind;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nested {
    id: u64,
    title: String,
    state: State,
    parts: Vec<(i8, f64)>,
    by_number: BTreeMap<u32, Option<bool>>,
    inner: Option<Box<Nested>>,
    #[serde(flatten)]
    more: More,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct More {
    address: std::net::IpAddr,
    wide: Wide,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Wide {
    Address { address: std::net::IpAddr },
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum State {
    Open,
    Waiting(u8),
    Moved { to: String },
    Pair(u8, char),
}

fn nested(state: State, inner: Option<Box<Nested>>) -> Nested {
    Nested {
        id: u64::MAX,
        title: "é清😀".into(),
        state,
        parts: vec![(-1, 0.1), (i8::MIN, -1e300)],
        by_number: BTreeMap::from([(1, None), (70_000, Some(true))]),
        inner,
        more: More {
            address: [127, 0, 0, 1].into(),
            wide: Wide::Address {
                address: [0_u16; 8].into(),
            },
        },
    }
}

/// Writes the value with every codec and reads it with every other; how many readers found it.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) -> (usize, usize) {
    let (mut found, mut all) = (0, 0);
    for writer in codecs() {
        for by_hand in [true, false] {
            let bytes = if by_hand {
                writer.encode_plain(&value, TIMES)
            } else {
                writer.encode(&value, TIMES)
            };
            let bytes = bytes.unwrap();
            for reader in codecs() {
                all += 1;
                let what = || format!("{writer:?} to {reader:?}, by hand {by_hand}: {value:?}");
                match reader.decode::<T>(&bytes) {
                    Ok(decoded) => {
                        found += 1;
                        assert_eq!(decoded.value, value, "{}", what());
                        let is_dated = writer.format.is_own() && !is_integer(&bytes);
                        assert_eq!(decoded.times, is_dated.then_some(TIMES), "{}", what());
                        assert!(reads(&writer, &reader, &bytes), "{}", what());
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Decode, "{}", what());
                        let never_lost = !reads(&writer, &reader, &bytes);
                        assert!(never_lost, "{}: {error}", what());
                    }
                }
            }
        }
    }
    (found, all)
}

/// Who reads whom: the library's own formats each other, the others each other, and integers all.
fn reads(writer: &Codec, reader: &Codec, bytes: &[u8]) -> bool {
    is_integer(bytes) || writer.format.is_own() == reader.format.is_own()
}

#[test]
fn every_pair_of_formats_and_compressions() {
    // An integer by hand is read by all; a function's in an envelope only where there is one.
    let (found, all) = check(1_u64);
    assert!(found > all / 2 && found < all, "{found} of {all}");
    check(-5_i8);
    check(i64::MIN);
    check(u64::MAX);
    check(i128::MAX);
    check(u128::MAX);
    check(true);
    check(());
    check(None::<u8>);
    check(Some(3));
    check(1.0);
    // Its text begins as a zlib stream does.
    check(80.5);
    check(0.1_f32);
    check('x');
    check(String::new());
    check("text".to_owned());
    check("42".to_owned());
    check("CA 01 \u{1} \0 \" \\ é清😀".to_owned());
    check("x\u{9c}".to_owned());
    check("a longer text, ".repeat(100));
    check(Vec::<u8>::new());
    check(b"\x78\x9c\x4b\x4c\x04\x00".to_vec());
    check(b"\x28\xb5\x2f\xfd\x00".to_vec());
    check(b"\xca\x01\x00".to_vec());
    check(State::Open);
    check(State::Waiting(7));
    check(State::Moved { to: "x".into() });
    check(State::Pair(1, 'é'));
    let small = nested(State::Open, None);
    check(small.clone());
    check(nested(State::Pair(0, ' '), Some(Box::new(small.clone()))));
    check(vec![small; 300]);
    // Nothing gets smaller.
    let mut random = super::XorShift(7);
    check((0..5000).map(|_| random.next()).collect::<Vec<u64>>());
    check(serde_json::json!({"a": [1, null, "x", {"b": 1.5}], "c": false}));
}

#[test]
fn integers_by_hand_are_bare_in_every_format_unless_they_are_signed() {
    for codec in codecs() {
        for (bytes, text) in [
            (codec.encode_plain(&42_u8, TIMES), "42"),
            (codec.encode_plain(&-1_i64, TIMES), "-1"),
            (codec.encode_plain(&i64::MIN, TIMES), "-9223372036854775808"),
            (codec.encode_plain(&u64::MAX, TIMES), "18446744073709551615"),
            (
                codec.encode_plain(&i128::MIN, TIMES),
                "-170141183460469231731687303715884105728",
            ),
            (codec.encode_plain(&serde_json::json!(7), TIMES), "7"),
            (codec.encode_plain(&Some(7), TIMES), "7"),
        ] {
            assert_eq!(bytes.unwrap(), text.as_bytes(), "{codec:?}");
        }
        for no_integer in [
            codec.encode_plain(&[7; 16], TIMES),
            codec.encode_plain(&"7", TIMES),
            codec.encode_plain(&true, TIMES),
            codec.encode_plain(&7.0, TIMES),
        ] {
            assert!(!is_integer(&no_integer.unwrap()), "{codec:?}");
        }
        let signed = Codec {
            bare_integers: false,
            ..codec
        };
        if codec.format.is_own() {
            let bytes = signed.encode_plain(&42, TIMES).unwrap();
            assert_eq!(bytes[..2], [0xca, 0x01]);
            assert_eq!(signed.decode::<u8>(&bytes).unwrap().value, 42);
        }
    }
}

#[test]
fn an_envelope_is_compressed_only_if_that_makes_it_smaller() {
    for codec in codecs().filter(|codec| codec.format.is_own()) {
        let plain = Codec {
            compression: crate::Compression::None,
            ..codec
        };
        let mut random = super::XorShift(3);
        let noise: Vec<u64> = (0..3).map(|_| random.next()).collect();
        let text = "a longer text, ".repeat(100);
        let is_none = codec.compression == crate::Compression::None;
        let length = |bytes: Result<Vec<u8>, _>| bytes.map(|bytes: Vec<u8>| bytes.len()).unwrap();
        let (small, large) = (
            length(codec.encode(&text, TIMES)),
            length(plain.encode(&text, TIMES)),
        );
        assert_eq!(small < large / 5, !is_none, "{codec:?} {small} {large}");
        for value in [Vec::new(), noise] {
            let bytes = codec.encode(&value, TIMES).unwrap();
            let as_large = length(plain.encode(&value, TIMES));
            assert!(bytes.len() <= as_large, "{codec:?}");
            assert_eq!(bytes[2] & 3 == 0, bytes.len() == as_large, "{codec:?}");
        }
    }
}

#[test]
fn an_own_entry_gets_another_expiry_and_a_dead_one_does_not() {
    use super::super::Extended;
    for codec in codecs() {
        let mut bytes = codec
            .encode(&"a longer text, twice a longer text", TIMES)
            .unwrap();
        let (now, later) = (TIMES.expires - 1, TIMES.expires + 5000);
        let extended = codec.extend(&mut bytes, now, later);
        if matches!(codec.format, Format::Json | Format::Django) {
            assert_eq!(extended, Extended::NoTimes);
            continue;
        }
        assert_eq!(extended, Extended::Yes);
        let decoded = codec.decode::<String>(&bytes).unwrap();
        assert_eq!(decoded.times.unwrap().expires, later);
        assert_eq!(codec.extend(&mut bytes, later, later + 1), Extended::Dead);
    }
}
