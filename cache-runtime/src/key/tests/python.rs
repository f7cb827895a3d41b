//! The text of every kind of value; the expected ones were written by Python 3.11.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::key::error::Reason;
use crate::key::{Tree, call_text, value_text};

use super::{call, key_text};

/// Bits of a float, and its `repr`: the edges of the two layouts, ties, and random bits.
const FLOATS: &[(u64, &str)] = &[
    (0x0000_0000_0000_0000, "0.0"),
    (0x8000_0000_0000_0000, "-0.0"),
    (0x3ff0_0000_0000_0000, "1.0"),
    (0xbff8_0000_0000_0000, "-1.5"),
    (0x3fb9_9999_9999_999a, "0.1"),
    (0x3f1a_36e2_eb1c_432d, "0.0001"),
    (0x3f18_e757_928e_0c9e, "9.5e-05"),
    (0x3ee4_f8b5_88e3_68f1, "1e-05"),
    (0x3e84_21f5_f40d_8376, "1.5e-07"),
    (0x430c_6bf5_2634_0000, "1000000000000000.0"),
    (0x4341_c379_37e0_8000, "1e+16"),
    (0x437b_69b4_ba63_0f35, "1.2345678901234568e+17"),
    (0x4341_c379_37e0_7fff, "9999999999999998.0"),
    (0x4480_f0cf_064d_d592, "1e+22"),
    (0x54b2_49ad_2594_c37d, "1e+100"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0x0010_0000_0000_0000, "2.2250738585072014e-308"),
    (0x4302_d169_af29_17ca, "662100177658617.2"),
    (0xc269_2aad_5833_5500, "-864721486234.6562"),
    (0x4340_0000_0000_0001, "9007199254740994.0"),
    (0x3ff1_9999_a000_0000, "1.100000023841858"),
    (0x4093_4a00_0000_0000, "1234.5"),
    (0x4059_0000_0000_0000, "100.0"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0xbf47_4de4_52e6_b438, "-0.0007111897337402978"),
    (0xa6a3_a450_6513_270e, "-1.4856421131480423e-122"),
    (0x425b_2f33_0c5c_7fd0, "467023966577.9971"),
    (0x5d9d_c9f8_1818_e811, "9.081404891174467e+142"),
    (0x4219_0475_9531_985d, "26862249292.398792"),
    (0x0999_50d8_36f6_75cc, "2.0099045415523394e-262"),
    (0x4163_675a_1600_a35a, "10173136.687577892"),
    (0x3d9c_1724_11e2_0b8f, "6.387016158513563e-12"),
    (0xc171_6ece_1738_f7d9, "-18279649.45140824"),
    (0xd3ac_94af_0f21_ddb6, "-1.1923478542621992e+95"),
    (0x3fd1_7c23_90c1_92cf, "0.2732018388399355"),
    (0xa09f_76b5_a170_b338, "-1.5018691975450628e-151"),
    (0xbe8d_0da9_953f_48f1, "-2.1646446646137762e-07"),
    (0x95e6_0af5_93bd_04cf, "-3.51527970626667e-203"),
    (0x3fd1_e29c_658c_da14, "0.279456233186836"),
    (0x8e81_973e_0bec_d7b0, "-8.441872792105456e-239"),
    (0x4067_bead_dbc4_96cb, "189.95872295757576"),
    (0x24ed_e6a4_6b4c_b242, "8.425134221823577e-131"),
    (0x42a7_a1c0_8a6a_63ec, "12991743735089.96"),
    (0x8f6d_0558_4ef8_aa38, "-2.2818334634712625e-234"),
    (0xbf87_ba94_d0ed_a82f, "-0.011586344362246674"),
    (0x94e3_bf91_1a61_dbe2, "-4.805547711536507e-208"),
    (0xbf9f_d547_923a_7369, "-0.03108703451163156"),
    (0x18f1_35d2_5f55_7203, "1.5450754142984396e-188"),
    (0xbe9c_e422_8c38_fb29, "-4.3051171536364166e-07"),
];

#[test]
fn floats_as_python_writes_them() {
    for (bits, want) in FLOATS {
        let value = f64::from_bits(*bits);
        assert_eq!(key_text(&value), *want);
        assert_eq!(want.parse::<f64>().map(f64::to_bits), Ok(*bits));
    }
    assert_eq!(
        key_text(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        "[NaN, Infinity, -Infinity]"
    );
    assert_eq!(key_text(&1.1_f32), "1.100000023841858");
}

#[test]
fn integers_in_full() {
    assert_eq!(
        key_text(&u128::MAX),
        "340282366920938463463374607431768211455"
    );
    assert_eq!(
        key_text(&i128::MIN),
        "-170141183460469231731687303715884105728"
    );
    assert_eq!(
        key_text(&(u64::MAX, i64::MIN, 0, -1)),
        "[18446744073709551615, -9223372036854775808, 0, -1]"
    );
}

#[test]
fn text_in_ascii() {
    let text = "\"\\/\n\r\t\u{8}\u{c}\0\u{1f} ~\u{7f}\u{80}é清\u{2028}\u{feff}\u{ffff}😀<>&'";
    let want = r#""\"\\/\n\r\t\b\f\u0000\u001f ~\u007f\u0080\u00e9\u6e05\u2028\ufeff\uffff\ud83d\ude00<>&'""#;
    assert_eq!(key_text(text), want);
    assert_eq!(value_text(text).expect("has a text"), want);
    assert_eq!(key_text(&'😀'), r#""\ud83d\ude00""#);
}

#[derive(Serialize)]
enum Like {
    Some(Option<u8>),
}

#[test]
fn options_in_keys_and_in_values() {
    type Three = Option<Option<Option<u8>>>;
    let cases: [(Three, &str, &str); 4] = [
        (None, "null", "null"),
        (Some(None), r#"{"Some": null}"#, "null"),
        (Some(Some(None)), r#"{"Some": {"Some": null}}"#, "null"),
        (Some(Some(Some(3))), "3", "3"),
    ];
    for (value, key, plain) in cases {
        assert_eq!(key_text(&value), key);
        assert_eq!(value_text(&value).expect("has a text"), plain);
    }
    assert_eq!(key_text(&Some(())), r#"{"Some": null}"#);
    assert_eq!(
        key_text(&vec![Some(None), Some(Some("x"))]),
        r#"[{"Some": null}, "x"]"#
    );
    assert_eq!(
        key_text(&HashMap::from([("a", Some(None::<u8>))])),
        r#"{"a": {"Some": null}}"#
    );

    // A type of its own that looks like an option is what it looks like.
    assert_eq!(key_text(&Some(Like::Some(None))), r#"{"Some": null}"#);
    assert_eq!(
        key_text(&Some(Some(Like::Some(None)))),
        r#"{"Some": {"Some": null}}"#
    );
}

#[derive(Serialize)]
struct Filter {
    status: Option<&'static str>,
    limit: u32,
    after: (i64, bool),
}

#[test]
fn fields_are_sorted_in_keys_and_keep_their_order_in_values() {
    let filter = Filter {
        status: None,
        limit: 20,
        after: (-1, true),
    };
    assert_eq!(
        key_text(&filter),
        r#"{"after": [-1, true], "limit": 20, "status": null}"#
    );
    assert_eq!(
        value_text(&vec![filter]).expect("has a text"),
        r#"[{"status": null, "limit": 20, "after": [-1, true]}]"#
    );
}

#[test]
fn maps_are_sorted_as_python_sorts_them() {
    let texts = BTreeMap::from([
        ("é", 1),
        ("z", 2),
        ("清", 3),
        ("😀", 4),
        ("\u{ffff}", 5),
        ("A", 6),
    ]);
    assert_eq!(
        key_text(&texts),
        r#"{"A": 6, "z": 2, "\u00e9": 1, "\u6e05": 3, "\uffff": 5, "\ud83d\ude00": 4}"#
    );
    let ints = HashMap::from([
        (10, 0),
        (9, 0),
        (-1, 0),
        (i128::MIN, 0),
        (i128::MAX, 0),
        (-20, 0),
    ]);
    assert_eq!(
        key_text(&ints),
        "{\"-170141183460469231731687303715884105728\": 0, \"-20\": 0, \"-1\": 0, \"9\": 0, \
         \"10\": 0, \"170141183460469231731687303715884105727\": 0}"
    );
    let bools = HashMap::from([(true, 1), (false, 2)]);
    assert_eq!(key_text(&bools), r#"{"false": 2, "true": 1}"#);
    let inner = HashMap::from([
        ("b", HashMap::from([(2, 0), (1, 0)])),
        ("a", HashMap::new()),
    ]);
    assert_eq!(key_text(&inner), r#"{"a": {}, "b": {"1": 0, "2": 0}}"#);
}

#[test]
fn values_keep_the_order_of_a_map() {
    struct Ordered;
    impl Serialize for Ordered {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("b", 1), ("a", 2), ("c", 3)])
        }
    }
    assert_eq!(
        value_text(&Ordered).expect("has a text"),
        r#"{"b": 1, "a": 2, "c": 3}"#
    );
    assert_eq!(key_text(&Ordered), r#"{"a": 2, "b": 1, "c": 3}"#);
    let nested = vec![Some((Ordered, 1))];
    assert_eq!(
        value_text(&nested).expect("has a text"),
        r#"[[{"b": 1, "a": 2, "c": 3}, 1]]"#
    );
}

#[test]
fn enums_as_serde_json_writes_them() {
    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    struct New(u8);
    #[derive(Serialize)]
    struct Pair(u8, char);
    #[derive(Serialize)]
    enum Shape {
        Unit,
        New(u8),
        Tuple(u8, u8),
        Struct { b: u8, a: u8 },
    }
    assert_eq!(
        key_text(&(Unit, New(1), Pair(2, 'x'), ())),
        r#"[null, 1, [2, "x"], null]"#
    );
    assert_eq!(
        key_text(&[
            Shape::Unit,
            Shape::New(1),
            Shape::Tuple(1, 2),
            Shape::Struct { b: 1, a: 2 }
        ]),
        r#"["Unit", {"New": 1}, {"Tuple": [1, 2]}, {"Struct": {"a": 2, "b": 1}}]"#
    );
}

#[test]
fn keyword_arguments_are_sorted_by_name() {
    let mut tree = Tree::default();
    tree.push_kwarg("user", &1).expect("encodes");
    tree.push_kwarg("limit", &Some("a\"b")).expect("encodes");
    tree.push(&"first").expect("encodes");
    assert_eq!(
        call("f", &tree),
        r#"{"args": ["first"], "func": "f", "kwargs": {"limit": "a\"b", "user": 1}}"#
    );
    tree.push_kwarg("user", &1).expect("encodes");
    let error = call_text("f", &tree, &|_| String::new()).expect_err("twice");
    assert_eq!(*error.reason(), Reason::DuplicateKwarg);
}
