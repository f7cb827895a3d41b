//! What survives JSON does come back the same; what does not is found.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::key::{survey, value_text};

fn survives_json<T: serde::Serialize + ?Sized>(value: &T) -> bool {
    survey(value).lossless
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Wrap<T>(T);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Kind<T> {
    Unit,
    New(T),
    Pair(T, u8),
    Struct { inner: T },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Unit;

/// It survives, and that is true.
#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    assert!(survives_json(&value), "{value:?}");
    let text = value_text(&value).expect("has a text");
    let back: T = serde_json::from_str(&text).expect("reads back");
    assert_eq!(back, value, "{text}");
}

/// It does not survive, wherever it stands.
#[track_caller]
fn is_lost<T: Serialize + Clone>(value: T) {
    assert!(!survives_json(&value));
    assert!(!survives_json(&vec![value.clone()]));
    assert!(!survives_json(&Wrap((1, value.clone()))));
    assert!(!survives_json(&HashMap::from([("k", value.clone())])));
    assert!(!survives_json(&Kind::New(value.clone())));
    assert!(!survives_json(&Kind::Pair(value.clone(), 1)));
    assert!(!survives_json(&Kind::Struct {
        inner: value.clone()
    }));
    assert!(!survives_json(&Some(value)));
}

#[test]
fn plain_values_survive() {
    survives((1_u8, -1_i64, 1.5_f64, 1.1_f32, true, 'x', "text".to_owned()));
    survives((
        u64::MAX,
        i64::MIN,
        u128::MAX,
        i128::MIN,
        -0.0_f64,
        5e-324,
        f64::MAX,
        1e16,
        1e-5,
    ));
    survives((None::<u8>, Some(1), Some(Some(2)), (), vec![None, Some(3)]));
    survives((
        "\u{7f}é清😀\0\u{2028}".to_owned(),
        Unit,
        Wrap(None::<u8>),
        Some(Wrap(4)),
    ));
    survives([
        Kind::Unit,
        Kind::New(None),
        Kind::Pair(Some(1), 1),
        Kind::Struct { inner: None },
    ]);
    survives(Some(Kind::<u8>::Unit));
    survives(Some(vec![None::<u8>]));
}

#[test]
fn keys_that_survive() {
    survives(BTreeMap::from([("a".to_owned(), 1), (String::new(), 2)]));
    survives(BTreeMap::from([(-3_i64, Some(1)), (i64::MAX, None)]));
    survives(BTreeMap::from([(u128::MAX, 1)]));
    survives(BTreeMap::from([(true, 1), (false, 2)]));
    survives(BTreeMap::from([('é', 1)]));
    survives(BTreeMap::from([(Some(3), 1)]));
}

#[test]
fn what_json_has_not_is_lost() {
    is_lost(f64::NAN);
    is_lost(f64::INFINITY);
    is_lost(f32::NEG_INFINITY);
    is_lost(Some(None::<u8>));
    is_lost(Some(Some(None::<u8>)));
    is_lost(Some(()));
    is_lost(BTreeMap::from([(None::<u8>, 1)]));
    is_lost(BTreeMap::from([((), 1)]));
    is_lost(BTreeMap::from([((1, 2), 1)]));
    is_lost(BTreeMap::from([(vec![1], 1)]));
    assert!(!survives_json(&Some(Wrap(None::<u8>))));
    assert!(!survives_json(&Some(Unit)));
}

#[test]
fn what_serde_json_will_not_read_is_lost() {
    /// `levels` sequences in one another.
    struct Nested(usize);
    impl Serialize for Nested {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((self.0 > 1).then(|| Self(self.0 - 1)))
        }
    }
    for levels in [1, 100, 126, 127, 128, 129, 100_000] {
        let reads = value_text(&Nested(levels))
            .is_ok_and(|text| serde_json::from_str::<serde_json::Value>(&text).is_ok());
        assert_eq!(survives_json(&Nested(levels)), reads, "{levels} levels");
    }
}
