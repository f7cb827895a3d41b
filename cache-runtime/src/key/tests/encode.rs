//! Which values have the same tree, and which must not.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::Ipv6Addr;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::key::error::Reason;
use crate::key::tree::MAX_DEPTH;
use crate::key::{Tree, call_text};

use super::{call, key_text, refused, tree};

#[test]
fn a_number_is_the_same_from_any_integer_type() {
    let five = tree(&5_u8);
    for other in [
        tree(&5_i8),
        tree(&5_u16),
        tree(&5_i16),
        tree(&5_u32),
        tree(&5_i32),
    ] {
        assert_eq!(five, other);
    }
    for other in [
        tree(&5_u64),
        tree(&5_i64),
        tree(&5_u128),
        tree(&5_i128),
        tree(&5_usize),
    ] {
        assert_eq!(five, other);
    }
    assert_eq!(tree(&-5_i8), tree(&-5_i128));
    assert_eq!(tree(&u64::MAX), tree(&u128::from(u64::MAX)));
    assert_eq!(tree(&i64::MIN), tree(&i128::from(i64::MIN)));
    assert_ne!(tree(&5), tree(&-5));
    assert_ne!(tree(&u128::MAX), tree(&-1_i128));
    assert_ne!(tree(&u64::MAX), tree(&-1_i64));
}

#[test]
fn what_python_tells_apart_differs() {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Any {
        Int(i64),
        Float(f64),
        Bool(bool),
        Text(&'static str),
        Unit,
        Many(Vec<Any>),
    }
    let all = [
        Any::Int(1),
        Any::Float(1.0),
        Any::Bool(true),
        Any::Text("1"),
        Any::Text("1.0"),
        Any::Text("true"),
        Any::Text("null"),
        Any::Unit,
        Any::Many(vec![]),
        Any::Many(vec![Any::Int(1)]),
        Any::Many(vec![Any::Many(vec![Any::Int(1)])]),
        Any::Int(0),
        Any::Float(0.0),
        Any::Float(-0.0),
        Any::Bool(false),
        Any::Text(""),
    ];
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            assert_eq!(tree(a) == tree(b), i == j, "{i} and {j}");
            assert_eq!(key_text(a) == key_text(b), i == j, "{i} and {j}");
        }
    }
    // Lengths keep neighbours apart.
    assert_ne!(tree(&("ab", "c")), tree(&("a", "bc")));
    assert_ne!(tree(&(vec![1], vec![2, 3])), tree(&(vec![1, 2], vec![3])));
}

#[test]
fn options_of_options_differ() {
    let all: [Option<Option<Option<u8>>>; 4] =
        [None, Some(None), Some(Some(None)), Some(Some(Some(3)))];
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            assert_eq!(tree(a) == tree(b), i == j);
        }
    }
}

#[test]
fn one_nan_and_two_zeros() {
    assert_eq!(tree(&f64::NAN), tree(&-f64::NAN));
    assert_eq!(tree(&f64::NAN), tree(&f32::NAN));
    assert_ne!(tree(&0.0), tree(&-0.0));
    assert_eq!(tree(&1.1_f32), tree(&f64::from(1.1_f32)));
    assert_ne!(tree(&1.1_f32), tree(&1.1_f64));
}

#[test]
fn the_order_of_a_hash_map_does_not_matter() {
    let pairs: Vec<(String, u64)> = (0..50).map(|i| (format!("key {i}"), i)).collect();
    let sorted: BTreeMap<_, _> = pairs.iter().cloned().collect();
    for _ in 0..20 {
        // Each map has its own random state.
        let map: HashMap<_, _> = pairs.iter().cloned().collect();
        assert_eq!(tree(&map), tree(&sorted));
        assert_eq!(tree(&vec![Some(map)]), tree(&vec![Some(sorted.clone())]));
    }
}

/// Pairs, as a map that gives them in this order.
struct Pairs<K, V>(Vec<(K, V)>);

impl<K: Serialize, V: Serialize> Serialize for Pairs<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnyKey {
    Text(&'static str),
    Int(i64),
    Float(f64),
    Bool(bool),
    Option(Option<u8>),
    Options(Option<Option<u8>>),
    Unit,
    Char(char),
    Seq(Vec<u8>),
    Named(Named),
}

#[derive(Serialize)]
enum Named {
    Plain,
    Data(u8),
    Struct { a: u8 },
}

#[test]
fn keys_of_maps() {
    let one = |key| key_text(&Pairs(vec![(key, 1)]));
    assert_eq!(one(AnyKey::Text("a")), r#"{"a": 1}"#);
    assert_eq!(one(AnyKey::Int(-3)), r#"{"-3": 1}"#);
    assert_eq!(one(AnyKey::Float(1e16)), r#"{"1e+16": 1}"#);
    assert_eq!(one(AnyKey::Bool(true)), r#"{"true": 1}"#);
    assert_eq!(one(AnyKey::Option(None)), r#"{"null": 1}"#);
    assert_eq!(one(AnyKey::Option(Some(3))), r#"{"3": 1}"#);
    assert_eq!(one(AnyKey::Unit), r#"{"null": 1}"#);
    assert_eq!(one(AnyKey::Char('é')), r#"{"\u00e9": 1}"#);
    assert_eq!(one(AnyKey::Named(Named::Plain)), r#"{"Plain": 1}"#);
    for key in [
        AnyKey::Seq(vec![1]),
        AnyKey::Named(Named::Data(1)),
        AnyKey::Named(Named::Struct { a: 1 }),
        AnyKey::Options(Some(None)),
    ] {
        let error = refused(&Pairs(vec![(key, 1)]));
        assert!(matches!(error.reason(), Reason::MapKey(_)), "{error}");
    }
    assert!(matches!(
        refused(&BTreeMap::from([((1, 2), 3)])).reason(),
        Reason::MapKey("a tuple")
    ));
}

#[test]
fn keys_of_different_types_are_refused_as_in_python() {
    let mixed = Pairs(vec![(AnyKey::Text("1"), 1), (AnyKey::Int(2), 2)]);
    assert_eq!(*refused(&mixed).reason(), Reason::MixedMapKeys);
    let mixed = Pairs(vec![(AnyKey::Option(None), 1), (AnyKey::Int(2), 2)]);
    assert_eq!(*refused(&mixed).reason(), Reason::MixedMapKeys);
    // Which is not to be sorted may be mixed.
    let mut values = Tree::default();
    values.push_unsorted(&mixed).expect("encodes");
}

#[test]
fn one_key_twice_is_refused() {
    let twice = Pairs(vec![("a", 1), ("b", 2), ("a", 3)]);
    assert_eq!(*refused(&twice).reason(), Reason::DuplicateMapKey);
    let twice = Pairs(vec![(AnyKey::Unit, 1), (AnyKey::Option(None), 2)]);
    assert_eq!(*refused(&twice).reason(), Reason::DuplicateMapKey);
}

/// `levels` sequences in one another.
struct Nested(usize);

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0 > 1).then(|| Self(self.0 - 1)))
    }
}

/// `levels` options in one another.
struct Options(usize);

impl Serialize for Options {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_none(),
            n => serializer.serialize_some(&Self(n - 1)),
        }
    }
}

/// `levels` maps in one another, or variants.
#[derive(Serialize)]
enum Deep {
    End,
    Map(BTreeMap<u8, Deep>),
    Tuple(Box<Deep>, u8),
    Struct { inner: Box<Deep> },
}

#[test]
fn too_deep_is_an_error_and_not_an_overflow() {
    assert_eq!(key_text(&Nested(MAX_DEPTH)).len(), 2 * MAX_DEPTH);
    assert_eq!(*refused(&Nested(MAX_DEPTH + 1)).reason(), Reason::TooDeep);
    key_text(&Options(MAX_DEPTH));
    assert_eq!(*refused(&Options(1_000_000)).reason(), Reason::TooDeep);
    let wraps: [fn(Deep) -> Deep; 3] = [
        |deep| Deep::Map(BTreeMap::from([(1, deep)])),
        |deep| Deep::Tuple(Box::new(deep), 1),
        |deep| Deep::Struct {
            inner: Box::new(deep),
        },
    ];
    for wrap in wraps {
        // Each is two levels: the variant, and what it holds.
        let deep = |levels| (0..levels).fold(Deep::End, |deep, _| wrap(deep));
        // What can be written can be read.
        key_text(&deep(MAX_DEPTH / 2));
        assert_eq!(*refused(&deep(MAX_DEPTH / 2 + 1)).reason(), Reason::TooDeep);
    }
}

#[test]
fn text_by_display_is_the_same_as_text() {
    struct Shown(String);
    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.chars().try_for_each(|c| write!(f, "{c}"))
        }
    }
    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    for len in 0..100 {
        let text = "é".repeat(len);
        for before in ["", "0123456789", &"x".repeat(45), &"x".repeat(70)] {
            assert_eq!(tree(&(before, Shown(text.clone()))), tree(&(before, &text)));
        }
    }
    assert_eq!(key_text(&Ipv6Addr::LOCALHOST), "\"::1\"");
    assert_eq!(tree(&Ipv6Addr::LOCALHOST).heap_bytes(), 0);
}

#[test]
fn usual_arguments_stay_on_the_stack() {
    let mut usual = Tree::default();
    usual.push(&u64::MAX).expect("encodes");
    usual.push(&Some("in progress")).expect("encodes");
    usual.push(&(1, 2.0, true)).expect("encodes");
    assert_eq!(usual.heap_bytes(), 0);
    assert!(tree(&"x".repeat(60)).heap_bytes() >= 65);
}

#[test]
fn bytes_are_a_sequence_of_numbers() {
    struct Bytes(&'static [u8]);
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    assert_eq!(tree(&Bytes(&[1, 255])), tree(&vec![1, 255]));
}

#[test]
fn a_serialize_that_refuses_is_an_error() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    assert_eq!(refused(&vec![Refuses]).to_string(), "not today");
}

#[test]
fn type_and_const_parameters_are_part_of_the_name() {
    let mut generic = Tree::default();
    generic.push_type(7);
    generic.push_const(&3).expect("encodes");
    generic.push_const(&'x').expect("encodes");
    generic.push_const(&true).expect("encodes");
    generic.push(&1).expect("encodes");
    let name = |id| format!("app::User{id}");
    assert_eq!(
        call_text("load", &generic, &name).expect("has a text"),
        r#"{"args": [1], "func": "load<app::User7, 3, x, true>", "kwargs": {}}"#
    );
    let mut other = Tree::default();
    other.push_type(8);
    assert_ne!(generic, other);
    assert_eq!(
        call("load", &Tree::default()),
        r#"{"args": [], "func": "load", "kwargs": {}}"#
    );
}
