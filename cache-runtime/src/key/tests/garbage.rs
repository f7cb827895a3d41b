//! Bytes that are no tree are an error: no panic, no overflow, no endless loop.

use serde::Serialize;

use crate::key::error::Reason;
use crate::key::tree::{MAX_DEPTH, Reader};
use crate::key::{Tree, call_text, to_python_key};

use super::{Numbers, tree};

/// All that reads trees, on these bytes.
fn read(bytes: &[u8]) {
    let _ = to_python_key(bytes);
    let _ = Reader::new(bytes).skip_value();
    let mut garbage = Tree::default();
    garbage.put_bytes(bytes);
    let _ = call_text("f", &garbage, &|id| id.to_string());
}

#[derive(Serialize)]
struct Sample {
    text: &'static str,
    numbers: (u8, i64, f64, u128, i128),
    map: std::collections::BTreeMap<i32, Option<Option<bool>>>,
}

fn sample() -> Tree {
    let mut tree = Tree::default();
    tree.push_type(3);
    tree.push_const(&"x").expect("encodes");
    tree.push(&Sample {
        text: "é text",
        numbers: (1, -1, 1.5, u128::MAX, i128::MIN),
        map: [(1, None), (2, Some(None)), (3, Some(Some(true)))].into(),
    })
    .expect("encodes");
    tree.push_kwarg("name", &[1, 2]).expect("encodes");
    tree
}

#[test]
fn every_cut_is_an_error_or_a_shorter_tree() {
    let sample = sample();
    let bytes = sample.as_bytes();
    for end in 0..bytes.len() {
        read(&bytes[..end]);
    }
    let value = tree(&("text", 1, 1.5, [Some(true)], u128::MAX));
    for end in 0..value.len() {
        assert!(
            to_python_key(&value.as_bytes()[..end]).is_err(),
            "cut at {end}"
        );
    }
}

#[test]
fn every_changed_byte_and_random_bytes() {
    let sample = sample();
    let mut bytes = sample.as_bytes().to_vec();
    for at in 0..bytes.len() {
        let was = bytes[at];
        for now in 0..=255 {
            bytes[at] = now;
            read(&bytes);
        }
        bytes[at] = was;
    }
    let mut numbers = Numbers(9);
    for _ in 0..50_000 {
        let len = numbers.next() % 40;
        // Mostly tags, so that some way is gone before the end.
        let bytes: Vec<u8> = (0..len)
            .map(|_| numbers.next().to_le_bytes()[0] % 20)
            .collect();
        read(&bytes);
    }
}

#[test]
fn deep_garbage_is_an_error() {
    for begin in [3_u8, 12, 14] {
        let bytes = vec![begin; 1_000_000];
        read(&bytes);
        assert!(to_python_key(&bytes).is_err());
    }
    let mut deep = vec![12; MAX_DEPTH + 1];
    deep.extend(vec![13; MAX_DEPTH + 1]);
    let error = to_python_key(&deep).expect_err("too deep");
    assert_eq!(*error.reason(), Reason::TooDeep);
}

#[test]
fn what_is_wrong_is_said() {
    for (bytes, want) in [
        (&[][..], "not an argument tree: cut short"),
        (&[0], "not an argument tree: unknown tag"),
        (&[6, 1, 2], "not an argument tree: cut short"),
        (
            &[11, 255, 255, 255, 255, 65],
            "not an argument tree: cut short",
        ),
        (
            &[11, 1, 0, 0, 0, 255],
            "not an argument tree: text is not UTF-8",
        ),
        (&[13], "not an argument tree: end without begin"),
        (&[12, 15], "not an argument tree: end without begin"),
        (&[1, 1], "not an argument tree: more than one value"),
        (&[18, 1], "not an argument tree: parameter inside a value"),
        (&[14, 2, 1, 15], "not an argument tree: not a map key"),
    ] {
        let error = to_python_key(bytes).expect_err("is garbage");
        assert_eq!(error.to_string(), want, "{bytes:?}");
    }
}
