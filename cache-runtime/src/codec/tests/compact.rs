//! MessagePack: what changes in a struct between two releases, depth, and bytes behind the value.
#![cfg(feature = "compact")]

use serde::{Deserialize, Serialize};

use super::super::{Compression, Format, compact};
use super::{TIMES, codec};
use crate::error::ErrorKind;

#[derive(Serialize, Deserialize)]
struct Old {
    id: u64,
    gone: String,
    name: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct New {
    name: String,
    #[serde(default)]
    added: Vec<u8>,
    id: u64,
}

#[derive(Debug, Deserialize)]
struct Stricter {
    #[expect(dead_code, reason = "it is only read")]
    without_default: u8,
}

#[test]
fn fields_may_come_and_go() {
    let codec = codec(Format::Compact, Compression::None);
    let old = Old {
        id: 7,
        gone: "x".into(),
        name: "é".into(),
    };
    let bytes = codec.encode(&old, TIMES).unwrap();
    let new = codec.decode::<New>(&bytes).unwrap().value;
    let expected = New {
        name: "é".into(),
        added: Vec::new(),
        id: 7,
    };
    assert_eq!(new, expected);
    let error = codec.decode::<Stricter>(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[test]
fn it_is_smaller_than_json() {
    let old: Vec<Old> = (0..50)
        .map(|id| Old {
            id: id * 1000,
            gone: String::new(),
            name: "name".into(),
        })
        .collect();
    let length = |format| {
        let codec = codec(format, Compression::None);
        codec.encode(&old, TIMES).unwrap().len()
    };
    let (compact, json) = (length(Format::Compact), length(Format::Native));
    assert!(compact * 4 < json * 3, "{compact} to {json}");
}

#[test]
fn bytes_behind_the_value_are_an_error() {
    let mut bytes = Vec::new();
    compact::write(&mut bytes, &["a", "b"]).unwrap();
    assert_eq!(compact::read::<Vec<String>>(&bytes).unwrap(), ["a", "b"]);
    for behind in [0x00, 0xc0, 0xc1, 0xcd, 0xff] {
        bytes.push(behind);
        let error = compact::read::<Vec<String>>(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{behind:x}");
        bytes.pop();
    }
}

#[test]
fn what_is_nested_deeper_than_json_may_be_is_an_error_and_no_overflow() {
    for (depth, is_value) in [(100, true), (128, false), (100_000, false)] {
        // Arrays of one, around a zero; maps from zero to a map.
        for outer in [&[0x91_u8][..], &[0x81, 0x00]] {
            let mut bytes = outer.repeat(depth);
            bytes.push(0x00);
            let read = compact::read::<serde::de::IgnoredAny>(&bytes);
            assert_eq!(read.is_ok(), is_value, "{depth}");
        }
        let mut bytes = vec![0x91; depth];
        bytes.push(0x00);
        let read = compact::read::<serde_json::Value>(&bytes);
        assert_eq!(read.is_ok(), is_value, "{depth}");
    }
}

#[test]
fn lengths_that_are_not_there_allocate_nothing() {
    // An array, a map, a text and bytes of four thousand million, and nothing in them.
    for marker in [0xdd_u8, 0xdf, 0xdb, 0xc6] {
        let bytes = [marker, 0xff, 0xff, 0xff, 0xff];
        assert!(compact::read::<serde_json::Value>(&bytes).is_err());
        assert!(compact::read::<Vec<()>>(&bytes).is_err());
        assert!(compact::read::<String>(&bytes).is_err());
    }
}
