//! Compressed bytes: they inflate to the bound and no further.

use super::super::compress::{unpack, unpack_by};
use super::world::{COMPRESSIONS, MOST, allowed};
use crate::error::ErrorKind;
use crate::fuzz::{Target, memory};

pub(crate) const COMPRESSED: Target = Target {
    name: "compressed",
    run,
    seeds,
    words: &[
        b"\x78\x01",
        b"\x78\x9c",
        b"\x78\xda",
        b"\x28\xb5\x2f\xfd",
        b"\x50\x2a\x4d\x18",
        b"\x04\x22\x4d\x18",
        b"\x02\x21\x4c\x18",
        b"\0\0\0\0",
        b"\x7d\xa0",
        b"\xff\xff\xff\xff",
    ],
};

/// The number of an algorithm, and what it inflates.
fn run(bytes: &[u8]) {
    let Some((number, packed)) = bytes.split_first() else {
        return;
    };
    let most = allowed(packed.len());
    match memory::within(most, || unpack_by(*number, packed, MOST)) {
        Ok(inflated) => {
            assert!(inflated.len() <= MOST, "{}", inflated.len());
            round_trip(&inflated);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
    }
    // Told by how they begin; whatever is not compressed stays as it is.
    match memory::within(most, || unpack(packed, MOST)) {
        Ok(unpacked) => assert!(unpacked.len() <= MOST || *unpacked == *packed),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
    }
    round_trip(packed);
}

fn round_trip(bytes: &[u8]) {
    for by in COMPRESSIONS {
        let deflated = by.deflate(bytes, MOST);
        let deflated = deflated.unwrap_or_else(|error| panic!("{by:?}: {error}"));
        let Some((algorithm, deflated)) = deflated else {
            continue;
        };
        let inflated = unpack_by(algorithm.number, &deflated, MOST);
        assert_eq!(inflated.ok().as_deref(), Some(bytes), "{by:?}");
        let unpacked = unpack(&deflated, MOST);
        assert_eq!(unpacked.ok().as_deref(), Some(bytes), "{by:?}");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let text = "a longer text, and the same again, and the same".as_bytes();
    let many = [b' '; 5000];
    let mixed: Vec<u8> = (0..300_u32).map(|at| (at * at % 251) as u8).collect();
    let mut seeds = vec![b"\0as it is".to_vec()];
    let one_too_many = [b' '; MOST + 1];
    for bytes in [text, &many, &mixed, &one_too_many] {
        for by in COMPRESSIONS {
            if let Ok(Some((algorithm, deflated))) = by.deflate(bytes, usize::MAX) {
                seeds.push([&[algorithm.number], &*deflated].concat());
            }
        }
    }
    seeds
}
