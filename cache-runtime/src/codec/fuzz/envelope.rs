//! Entries in the library's own envelope, whatever their payload.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::world::{COMPRESSIONS, OWN_FORMATS, Sample, TIMES, allowed, codec, sample};
use crate::codec::{Codec, Compression, Extended, Format, Times};
use crate::error::ErrorKind;
use crate::fuzz::{Target, memory};
use crate::key::survey;
use crate::markers::stamp::Stamp;

pub(crate) const ENVELOPE: Target = Target {
    name: "envelope",
    run,
    seeds,
    words: &[
        b"\xca\x01",
        b"\xca\x01\x10",
        b"\xca\x01\x20",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
        b"\x78\x9c",
        b"\"id\":",
        b"\"text\":",
        b"\"list\":",
        b"\"large\":",
        b"\"by_number\":",
        b"null",
        b"\\ud83d",
        b"\xa2id",
        b"\xa4text",
        b"\xa4list",
        b"\xa5large",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xcb\x7f\xf8",
        b"\xc7",
        b"\xd9",
        b"\xc4\x10",
    ],
};

fn run(bytes: &[u8]) {
    read::<Value>(bytes);
    read::<Sample>(bytes);
    read::<Vec<Vec<u64>>>(bytes);
    read::<String>(bytes);
    read::<i128>(bytes);
    read::<Option<()>>(bytes);
    extend(bytes);
    label(bytes);
}

/// What is read as a `V` is read again after it was written, in every way.
fn read<V: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    let reader = codec(Format::Native, Compression::None);
    let decoded = match memory::within(allowed(bytes.len()), || reader.decode::<V>(bytes)) {
        Ok(decoded) => decoded,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Decode, "{error}"),
    };
    // Nobody stores what is not.
    if !survey(&decoded.value).lossless {
        return;
    }
    let (value, times) = (format!("{:?}", decoded.value), decoded.times);
    for codec in codecs() {
        let times = times.unwrap_or_default();
        let again = codec.encode(&decoded.value, times);
        let again = again.unwrap_or_else(|error| panic!("{codec:?} {value}: {error}"));
        let found = codec.decode::<V>(&again);
        let found = found.unwrap_or_else(|error| panic!("{codec:?} {value}: {error:?}"));
        assert_eq!(format!("{:?}", found.value), value, "{codec:?}");
        assert_eq!(found.times, Some(times), "{codec:?}");
        let again = codec.encode_plain(&decoded.value, times);
        let again = again.unwrap_or_else(|error| panic!("{codec:?} {value}: {error}"));
        let found = codec.decode::<V>(&again);
        let found = found.unwrap_or_else(|error| panic!("{codec:?} {value}: {error:?}"));
        assert_eq!(format!("{:?}", found.value), value, "{codec:?}");
    }
}

/// Tags that are written are read back, before those that were there, and change nothing else.
fn label(bytes: &[u8]) {
    let reader = codec(Format::Native, Compression::None);
    let (before, mut labelled) = (reader.tags(bytes), bytes.to_vec());
    if reader.stamp(bytes).is_none() {
        return assert!(before.is_empty());
    }
    if before.is_empty() {
        let tags = ["tag".to_owned(), "user:7".to_owned()];
        reader.label(&mut labelled, &tags);
        assert_eq!(reader.tags(&labelled), tags);
        assert_eq!(reader.stamp(&labelled), reader.stamp(bytes));
        let read = |bytes: &[u8]| {
            reader
                .decode::<Value>(bytes)
                .ok()
                .map(|decoded| decoded.value)
        };
        assert_eq!(read(&labelled), read(bytes));
    }
}

/// Another expiry changes nothing else.
fn extend(bytes: &[u8]) {
    let reader = codec(Format::Native, Compression::None);
    let mut extended = bytes.to_vec();
    match reader.extend(&mut extended, TIMES.created, 99) {
        Extended::Yes => {
            let [before, after] =
                [bytes, &extended].map(|bytes| reader.decode::<Value>(bytes).ok());
            if let (Some(before), Some(after)) = (&before, &after) {
                assert_eq!(after.value, before.value);
                assert_eq!(after.times.map(|times| times.expires), Some(99));
                let created = |times: Times| (times.created, times.cost);
                assert_eq!(after.times.map(created), before.times.map(created));
            }
            assert_eq!(before.is_some(), after.is_some());
        }
        Extended::Dead | Extended::NoTimes => assert_eq!(extended, bytes),
    }
}

fn codecs() -> impl Iterator<Item = Codec> {
    let every = |format: &'static Format| COMPRESSIONS.iter().map(|by| codec(*format, *by));
    OWN_FORMATS.iter().flat_map(every)
}

fn marked() -> Times {
    let stamp = Stamp {
        at: TIMES.created * 1000 + 1,
        machine: 7,
    };
    Times {
        stamp: Some(stamp),
        ..TIMES
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let number: Value = 42.into();
    codecs()
        .flat_map(|codec| {
            [
                codec.encode(&sample(), TIMES),
                codec.encode(&"a longer text, and the same again, and the same", TIMES),
                codec.encode(&[[1, 2, 3], [4, 5, 6]], TIMES),
                codec.encode(&Value::Null, TIMES),
                codec.encode(&Value::Null, marked()),
                codec.encode_plain(&number, TIMES),
            ]
        })
        .filter_map(Result::ok)
        .collect()
}
