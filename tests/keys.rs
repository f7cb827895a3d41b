//! The keys of cached functions are those of Python's `cache_result`, byte for byte.
//!
//! `cargo test -p cache-tests --test keys --features serde-extras` runs the same with what other
//! crates of a build may switch on in `serde_json`.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::collections::{BTreeMap, HashMap};

use cache_runtime::{Cache, cache_result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
struct Seeds {
    vectors: Vec<Vector>,
    extra: Vec<Extra>,
    positional_vs_keyword_differ: [String; 2],
}

#[derive(Deserialize)]
struct Vector {
    id: u32,
    key_prefix: String,
    func: String,
    args: Typed,
    key: String,
}

#[derive(Deserialize)]
struct Extra {
    args_python: String,
    key: String,
}

/// A Python value, its type spelt out.
#[derive(Deserialize)]
struct Typed {
    t: String,
    #[serde(default)]
    v: Value,
    #[serde(default)]
    bits: String,
}

impl Typed {
    fn items(&self) -> Vec<Typed> {
        serde_json::from_value(self.v.clone()).unwrap()
    }

    fn text(&self) -> String {
        assert_eq!(self.t, "str");
        self.v.as_str().unwrap().to_owned()
    }

    fn int<T: std::str::FromStr<Err: std::fmt::Debug>>(&self) -> T {
        assert_eq!(self.t, "int");
        self.v.as_str().unwrap().parse().unwrap()
    }

    fn float(&self) -> f64 {
        assert_eq!(self.t, "float");
        f64::from_bits(u64::from_str_radix(&self.bits, 16).unwrap())
    }

    fn dict(&self) -> Vec<(String, i64)> {
        assert_eq!(self.t, "dict");
        let pairs: Vec<(String, Typed)> = serde_json::from_value(self.v.clone()).unwrap();
        pairs
            .into_iter()
            .map(|(key, value)| (key, value.int()))
            .collect()
    }
}

fn seeds() -> Seeds {
    serde_json::from_str(include_str!("data/seed_keys.json")).unwrap()
}

/// Cached functions of these prefixes and names; each call has a cache of its own, since several
/// claim the same keys.
macro_rules! functions {
    ($($name:ident($($argument:ident: $ty:ty),*) is $prefix:literal, $func:literal;)*) => {$(
        #[cache_result(cache = Cache::isolated(), key_prefix = $prefix, name = $func)]
        fn $name($($argument: $ty),*) -> u32 {
            $(let _ = $argument;)*
            0
        }
    )*};
}

functions! {
    get_all() is "user", "get_all";
    get_user(id: i64) is "user", "get_user";
    big(n: i128) is "p", "big";
    two_floats(a: f64, b: f64) is "p", "flt";
    four_floats(a: f64, b: f64, c: f64, d: f64) is "p", "flt";
    find(text: &str) is "order", "find";
    agg(map: &HashMap<String, i64>) is "mix", "agg";
    agg_sorted(map: BTreeMap<&str, i64>) is "mix", "agg";
    agg_value(value: &Value) is "mix", "agg";
    without_prefix(n: u8) is "", "вычислить";
    floats(a: f64, b: f64, c: f64) is "x", "f";
    single_floats(a: f32, b: f32, c: f32) is "x", "f";
    int_keys(map: &HashMap<i32, &str>) is "x", "f";
    text_keys(map: &HashMap<String, &str>) is "x", "f";
    pair(a: u64, b: u64) is "x", "f";
    of_value(value: Value) is "x", "f";
    of_record(value: &Record) is "x", "f";
    of_table(value: HashMap<&str, Option<f64>>) is "x", "f";
}

#[cache_result(cache = Cache::isolated(), key_prefix = "x", name = "f", kwargs(b))]
fn keyword(a: u64, b: u64) -> u64 {
    a + b
}

#[cache_result(cache = Cache::isolated(), key_prefix = "user", name = "get_user")]
async fn get_user_async(id: i64) -> i64 {
    id
}

/// The key of an entry without Django's empty prefix and version 1.
fn plain(key: &str) -> &str {
    key.strip_prefix(":1:").unwrap()
}

#[test]
fn every_vector_is_exact() {
    let Seeds { vectors, .. } = seeds();
    assert_eq!(vectors.len(), 10);
    for vector in vectors {
        let args = vector.args.items();
        let key = match (&*vector.key_prefix, &*vector.func, &*args) {
            ("user", "get_all", []) => get_all::entry().key(),
            ("user", "get_user", [id]) => {
                assert_eq!(
                    get_user_async::entry(id.int()).key(),
                    get_user::entry(id.int()).key()
                );
                get_user::entry(id.int()).key()
            }
            ("p", "big", [n]) => big::entry(n.int()).key(),
            ("p", "flt", [a, b]) => two_floats::entry(a.float(), b.float()).key(),
            ("p", "flt", [a, b, c, d]) => {
                four_floats::entry(a.float(), b.float(), c.float(), d.float()).key()
            }
            ("order", "find", [text]) => find::entry(&text.text()).key(),
            ("mix", "agg", [map]) => agg::entry(&map.dict().into_iter().collect()).key(),
            ("", "вычислить", [n]) => without_prefix::entry(n.int()).key(),
            (prefix, func, _) => panic!("vector {}: no function {prefix:?} {func:?}", vector.id),
        };
        assert_eq!(plain(&key), vector.key, "vector {}", vector.id);
    }
}

#[test]
fn what_json_cannot_say_is_written_as_python_writes_it() {
    let Seeds { extra, .. } = seeds();
    assert_eq!(extra.len(), 3);
    for extra in extra {
        let keys = match &*extra.args_python {
            "[nan, inf, -inf]" => vec![
                floats::entry(f64::NAN, f64::INFINITY, f64::NEG_INFINITY).key(),
                floats::entry(-f64::NAN, f64::INFINITY, f64::NEG_INFINITY).key(),
                single_floats::entry(f32::NAN, f32::INFINITY, f32::NEG_INFINITY).key(),
            ],
            "[{10: 'a', 9: 'b', -1: 'c'}]" => {
                vec![int_keys::entry(&HashMap::from([(10, "a"), (9, "b"), (-1, "c")])).key()]
            }
            "[{'10': 'a', '9': 'b', '-1': 'c'}]" => {
                let map = [("10", "a"), ("9", "b"), ("-1", "c")];
                vec![text_keys::entry(&map.map(|(k, v)| (k.to_owned(), v)).into()).key()]
            }
            other => panic!("no function for {other}"),
        };
        for key in keys {
            assert_eq!(plain(&key), extra.key, "{}", extra.args_python);
        }
    }
}

#[test]
fn keyword_arguments_are_pythons() {
    let [positional, by_name] = seeds().positional_vs_keyword_differ;
    assert_eq!(plain(&pair::entry(1, 2).key()), positional);
    assert_eq!(plain(&keyword::entry(1, 2).key()), by_name);
}

#[test]
fn the_order_of_a_map_makes_no_difference() {
    let vector = seeds()
        .vectors
        .into_iter()
        .find(|vector| vector.func == "agg")
        .unwrap();
    let mut pairs = vector.args.items()[0].dict();
    for _ in 0..pairs.len() {
        pairs.rotate_left(1);
        // Each has a seed, and so an order, of its own.
        for _ in 0..10 {
            let map: HashMap<String, i64> = pairs.iter().cloned().collect();
            assert_eq!(plain(&agg::entry(&map).key()), vector.key);
        }
        let sorted = pairs.iter().map(|(key, value)| (&**key, *value)).collect();
        assert_eq!(plain(&agg_sorted::entry(sorted).key()), vector.key);
        // `preserve_order` keeps the order of insertion.
        let object = pairs
            .iter()
            .map(|(key, value)| (key.clone(), Value::from(*value)));
        let value = Value::Object(object.collect());
        assert_eq!(plain(&agg_value::entry(&value).key()), vector.key);
    }
}

#[derive(Serialize)]
struct Record {
    zeta: f64,
    alpha: Option<i64>,
    mid: (u8, &'static str, bool),
    huge: u64,
}

#[test]
fn a_json_value_has_the_key_of_what_it_says() {
    let record = Record {
        zeta: 0.1,
        alpha: None,
        mid: (1, "é", true),
        huge: u64::MAX,
    };
    let key = of_record::entry(&record).key();
    // With `arbitrary_precision` a number of a `Value` is text inside.
    let parsed: Value = serde_json::from_str(
        r#"{"zeta": 0.1, "mid": [1, "\u00e9", true], "huge": 18446744073709551615, "alpha": null}"#,
    )
    .unwrap();
    assert_eq!(of_value::entry(parsed).key(), key);
    assert_eq!(
        of_value::entry(serde_json::to_value(&record).unwrap()).key(),
        key
    );
}

#[test]
fn floats_of_a_json_value_are_floats() {
    for (text, float) in [
        ("1.0", 1.0),
        ("1e16", 1e16),
        ("-0.0", -0.0),
        ("1.5E-7", 1.5e-7),
    ] {
        let value: Value = serde_json::from_str(&format!(r#"{{"x": {text}}}"#)).unwrap();
        let table = HashMap::from([("x", Some(float))]);
        assert_eq!(
            of_value::entry(value).key(),
            of_table::entry(table).key(),
            "{text}"
        );
    }
}

#[test]
fn this_run_has_the_features_that_it_says() {
    let keys = serde_json::json!({"b": 1, "a": 2}).to_string();
    let expected = if cfg!(feature = "serde-extras") {
        r#"{"b":1,"a":2}"#
    } else {
        r#"{"a":2,"b":1}"#
    };
    assert_eq!(keys, expected);
}
