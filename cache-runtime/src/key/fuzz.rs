//! Trees and the text that is made of them.

use std::collections::HashMap as Map;

use serde_json::Value;

use super::tree::Reader;
use super::{Tree, call_text, python, value_text};
use crate::fuzz::{Target, memory};

pub(crate) const KEY: Target = Target {
    name: "key",
    run,
    seeds,
    words: &[
        b"\x01",
        b"\x02",
        b"\x03",
        b"\x0a",
        b"\x0b\x01\0\0\0",
        b"\x0c",
        b"\x0d",
        b"\x0e",
        b"\x0f",
        b"\x10\x01\0\0\0",
        b"\x11\x01\0\0\0",
        b"\x12",
        b"null",
        b"\\u0000",
        b"1e-7",
        b"-0.0",
        b"{\"",
    ],
};

/// As a tree, and as JSON that becomes one.
fn run(bytes: &[u8]) {
    as_tree(bytes);
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        as_value(&value);
    }
}

fn as_tree(bytes: &[u8]) {
    let mut tree = Tree::default();
    tree.put_bytes(bytes);
    assert_eq!(tree.as_bytes(), bytes);
    let (len, head) = tree.head();
    assert_eq!(Tree::from_parts(len, head, tree.tail()), tree);
    // An entry of a map that is being sorted is two bytes there, and sixty here.
    let most = 128 * bytes.len() + (16 << 10);
    let text = memory::within(most, || python::to_python_key(bytes));
    if let Ok(text) = text
        && !text.contains("NaN")
        && !text.contains("Infinity")
    {
        let read = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        assert!(read.is_ok(), "{text}: {read:?}");
    }
    let call = memory::within(most, || call_text("f", &tree, &|id| id.to_string()));
    if let Ok(call) = call {
        assert!(
            call.starts_with("{\"args\": [") && call.ends_with("}}"),
            "{call}"
        );
    }
    let _ = Reader::new(bytes).skip_value();
    written_again(bytes);
}

/// The tokens that were read, written, are the same bytes.
fn written_again(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let mut tree = Tree::default();
    while !reader.is_empty() {
        match reader.token() {
            Ok(token) => tree
                .any_token(token)
                .unwrap_or_else(|error| panic!("{error}")),
            Err(_) => return,
        }
    }
    assert_eq!(tree.as_bytes(), bytes);
}

fn as_value(value: &Value) {
    let mut tree = Tree::default();
    if tree.push(value).is_err() {
        return;
    }
    let text = python::to_python_key(tree.as_bytes());
    let text = text.unwrap_or_else(|error| panic!("{value}: {error}"));
    let stored = value_text(value).unwrap_or_else(|error| panic!("{value}: {error}"));
    for text in [text, stored] {
        assert!(text.is_ascii(), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read, *value, "{text}");
    }
    // Its name and its value, in a call.
    let mut call = Tree::default();
    let _ = call.push_kwarg("name", value);
    let text = call_text("f", &call, &|id| id.to_string());
    let text = text.unwrap_or_else(|error| panic!("{value}: {error}"));
    match serde_json::from_str::<Value>(&text) {
        Ok(read) => assert_eq!(read["kwargs"]["name"], *value),
        // As deep as serde_json reads, and two deeper.
        Err(error) => assert!(
            error.to_string().contains("recursion limit"),
            "{text}: {error}"
        ),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut tree = Tree::default();
    let mut trees = Vec::new();
    let mut push = |value: &dyn Fn(&mut Tree)| {
        value(&mut tree);
        trees.push(tree.as_bytes().to_vec());
    };
    // Each is the one before and one argument more.
    push(&|tree| drop(tree.push(&(7_u64, -7, u128::MAX, i128::MIN))));
    push(&|tree| drop(tree.push(&[Some(1.5), None, Some(f64::NAN)])));
    push(&|tree| drop(tree.push(&[Some(Some(true)), Some(None), None])));
    push(&|tree| drop(tree.push("a text of more than eight bytes, é")));
    push(&|tree| drop(tree.push(&Map::from([("b", 1), ("a", 2)]))));
    push(&|tree| drop(tree.push(&Map::from([(-1, ()), (10, ())]))));
    push(&|tree| drop(tree.push_kwarg("status", &Some("open"))));
    push(&|tree| tree.push_type(3));
    push(&|tree| drop(tree.push_const(&"x")));
    let texts = [
        r#"{"id": 1, "list": [1.5, null, -0.0, 1e300, 5e-324], "text": "\u00e9\n\ud83d\ude00"}"#,
        "[[[[[[18446744073709551615, -9223372036854775808]]]]]]",
    ];
    trees.extend(texts.map(|text| text.as_bytes().to_vec()));
    trees
}
