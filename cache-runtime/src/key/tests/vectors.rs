//! The keys that Python made, from `tests/data/seed_keys.json`: text, hash and key, letter by letter.

use std::collections::{BTreeMap, HashMap};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::key::{KeyHash, Tree, function_key};

use super::call;

const SEED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/data/seed_keys.json"
));

/// A value as the file describes it, exact where JSON is not.
struct Typed<'a>(&'a Value);

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect(name)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().expect(name)
}

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match text(self.0, "t") {
            "null" => serializer.serialize_none(),
            "bool" => serializer.serialize_bool(self.0["v"].as_bool().expect("bool")),
            "int" => match text(self.0, "v").parse::<i128>() {
                Ok(number) => serializer.serialize_i128(number),
                Err(_) => serializer.serialize_u128(text(self.0, "v").parse().expect("int")),
            },
            "float" => {
                let bits = u64::from_str_radix(text(self.0, "bits"), 16).expect("bits");
                serializer.serialize_f64(f64::from_bits(bits))
            }
            "str" => {
                let hex = text(self.0, "utf8_hex");
                let bytes: Vec<u8> = (0..hex.len() / 2)
                    .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex"))
                    .collect();
                serializer.serialize_str(str::from_utf8(&bytes).expect("utf-8"))
            }
            "list" => serializer.collect_seq(list(self.0, "v").iter().map(Typed)),
            "dict" => {
                let pairs = list(self.0, "v");
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for pair in pairs {
                    let key = pair[0].as_str().expect("key");
                    map.serialize_entry(key, &Typed(&pair[1]))?;
                }
                map.end()
            }
            other => panic!("unknown type {other}"),
        }
    }
}

fn file() -> Value {
    serde_json::from_str(SEED).expect("the file is JSON")
}

#[test]
fn every_vector() {
    let file = file();
    for vector in list(&file, "vectors") {
        let mut tree = Tree::default();
        for arg in list(&vector["args"], "v") {
            tree.push(&Typed(arg)).expect("encodes");
        }
        for pair in list(&vector["kwargs"], "v") {
            let name = pair[0].as_str().expect("name");
            tree.push_kwarg(name, &Typed(&pair[1])).expect("encodes");
        }
        let json = call(text(vector, "func"), &tree);
        assert_eq!(json, text(vector, "json"), "vector {}", vector["id"]);
        assert_eq!(
            json.len() as u64,
            vector["json_len"].as_u64().expect("length")
        );
        let key = function_key(text(vector, "key_prefix"), &json, KeyHash::Md5);
        assert_eq!(key, text(vector, "key"), "vector {}", vector["id"]);
        assert!(key.ends_with(text(vector, "md5")));
    }
    assert_eq!(list(&file, "vectors").len(), 10);
}

#[test]
fn every_extra() {
    let mut floats = Tree::default();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        floats.push(&value).expect("encodes");
    }
    let mut ints = Tree::default();
    ints.push(&HashMap::from([(10, "a"), (9, "b"), (-1, "c")]))
        .expect("encodes");
    let mut texts = Tree::default();
    texts
        .push(&BTreeMap::from([("10", "a"), ("9", "b"), ("-1", "c")]))
        .expect("encodes");

    let file = file();
    let extras = list(&file, "extra");
    assert_eq!(extras.len(), 3);
    for (extra, tree) in extras.iter().zip([floats, ints, texts]) {
        let json = call("f", &tree);
        assert_eq!(json, text(extra, "json"), "{}", extra["note"]);
        assert_eq!(function_key("x", &json, KeyHash::Md5), text(extra, "key"));
    }
}

#[test]
fn positional_and_keyword_arguments_differ() {
    let mut positional = Tree::default();
    positional.push(&1).expect("encodes");
    positional.push(&2).expect("encodes");
    let mut keyword = Tree::default();
    keyword.push(&1).expect("encodes");
    keyword.push_kwarg("b", &2).expect("encodes");
    assert_ne!(positional, keyword);

    let keys = [&positional, &keyword].map(|t| function_key("x", &call("f", t), KeyHash::Md5));
    let file = file();
    let want: Vec<_> = list(&file, "positional_vs_keyword_differ")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(keys.to_vec(), want);
}
