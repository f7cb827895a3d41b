//! Every kind of value, from Python to Rust and from Rust to Python, with zlib and without.

use std::collections::BTreeMap;

use cache_runtime::ErrorKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::World;

const ALIASES: [&str; 2] = ["plain", "zlib"];

/// Python's expression, and the JSON text that stands for it.
pub(crate) fn cases() -> Vec<(String, String)> {
    let mut cases: Vec<(String, String)> = [
        ("0", "0"),
        ("-1", "-1"),
        ("2 ** 63 - 1", "9223372036854775807"),
        ("-2 ** 63", "-9223372036854775808"),
        ("2 ** 64 - 1", "18446744073709551615"),
        ("True", "true"),
        ("False", "false"),
        ("None", "null"),
        ("0.0", "0.0"),
        ("-0.0", "-0.0"),
        ("1.0", "1.0"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1e16", "1e+16"),
        ("123456789012345680.0", "1.2345678901234568e+17"),
        ("1e-5", "1e-05"),
        ("662100177658617.25", "662100177658617.2"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("''", r#""""#),
        (
            r#"'"\\ \n\t\r\x08\x0c\x00\x1f\x7f/'"#,
            r#""\"\\ \n\t\r\b\f\u0000\u001f\u007f/""#,
        ),
        ("'é清😀\\u2028\\ufeff'", "\"é清😀\u{2028}\u{feff}\""),
        ("'42'", r#""42""#),
        ("' 42 '", r#"" 42 ""#),
        ("[]", "[]"),
        ("{}", "{}"),
        ("[[], {}, [[None]]]", "[[], {}, [[null]]]"),
        ("(1, 2.0, True)", "[1, 2.0, true]"),
        (
            "{'': {'deep': ['x']}, 'a': [1.5, None], 'é': 1}",
            r#"{"": {"deep": ["x"]}, "a": [1.5, null], "é": 1}"#,
        ),
        (
            "datetime.datetime(2024, 1, 2, 3, 4, 5, 678901)",
            r#""2024-01-02T03:04:05.678""#,
        ),
        ("datetime.timedelta(seconds=2)", r#""P0DT00H00M02S""#),
        ("Decimal('1.10')", r#""1.10""#),
    ]
    .map(|(python, json)| (python.to_owned(), json.to_owned()))
    .into();
    // JSON of 14 to 17 bytes, around where zlib begins; and long ones.
    for length in [12, 13, 14, 15, 1000, 300_000] {
        cases.push((
            format!("'x' * {length}"),
            format!("{:?}", "x".repeat(length)),
        ));
    }
    cases.push((
        "list(range(10_000))".to_owned(),
        serde_json::to_string(&(0..10_000).collect::<Vec<_>>()).unwrap(),
    ));
    // What django-redis was seen to write.
    #[derive(Deserialize)]
    struct Vectors {
        django_redis_json_zlib: Vec<Vector>,
    }
    #[derive(Deserialize)]
    struct Vector {
        py: String,
        json: Option<String>,
    }
    let vectors = include_str!("../data/django_interop.json");
    let vectors: Vectors = serde_json::from_str(vectors).unwrap();
    for vector in vectors.django_redis_json_zlib {
        let json = vector.json.unwrap_or_else(|| vector.py.clone());
        cases.push((vector.py, json));
    }
    cases
}

pub(crate) fn python_writes_and_rust_reads(world: &mut World) {
    for alias in ALIASES {
        let cache = world.twin(alias);
        for (python, json) in cases() {
            world
                .python
                .ask(alias, "set", json!(["key", { "py": python }]));
            let found = cache.get::<Value>("key").unwrap();
            let wanted: Value = serde_json::from_str(&json).unwrap();
            // A `Value` tells 1 from 1.0, and -0.0 is looked at by its text.
            assert_eq!(found, Some(wanted.clone()), "{alias}: {python}");
            assert_eq!(found.unwrap().to_string(), wanted.to_string(), "{python}");
        }
        assert_eq!(cache.stats().undecodable, 0);
        assert_eq!(cache.stats().errors, 0);
    }
}

pub(crate) fn rust_writes_and_python_reads(world: &mut World) {
    for alias in ALIASES {
        let cache = world.twin(alias);
        for (python, json) in cases() {
            let value: Value = serde_json::from_str(&json).unwrap();
            cache.set("key", &value, 60).unwrap();
            // Ours writes the keys of a `Value` in their order.
            let wanted = world.python.repr_of(&value.to_string());
            let found = world.python.repr(alias, "get", json!(["key"]));
            assert_eq!(found, wanted, "{alias}: {python}");
        }
        assert_eq!(cache.stats().errors, 0);
    }
}

/// Either side reads the other's values whichever of them compresses.
pub(crate) fn who_compresses_does_not_matter(world: &mut World) {
    let value = json!({"text": "long enough to be compressed", "numbers": [1, 2.5]});
    for (writer, reader) in [("plain", "zlib"), ("zlib", "plain")] {
        let (ours_writing, ours_reading) = (world.twin(writer), world.twin(reader));
        world
            .python
            .ask(writer, "set", json!(["from_python", value]));
        assert_eq!(
            ours_reading.get("from_python").unwrap(),
            Some(value.clone())
        );
        ours_writing.set("from_rust", &value, 60).unwrap();
        // Django's plain one looks for no compression: it has no compressor.
        if reader == "zlib" {
            assert_eq!(world.python.ask(reader, "get", json!(["from_rust"])), value);
        }
    }
}

pub(crate) fn typed_values_come_over(world: &mut World) {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Task {
        id: u64,
        title: String,
        state: State,
        hours: Option<f64>,
        tags: BTreeMap<String, bool>,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Open,
        Done { by: String },
    }
    let cache = world.twin("zlib");
    let task = Task {
        id: 7,
        title: "aufräumen".to_owned(),
        state: State::Done {
            by: "清".to_owned(),
        },
        hours: None,
        tags: BTreeMap::from([("home".to_owned(), true)]),
    };
    cache.set("task", &task, 60).unwrap();
    let repr = world.python.repr("zlib", "get", json!(["task"]));
    let wanted = "{'id': 7, 'title': 'aufräumen', 'state': {'done': {'by': '清'}}, 'hours': None, \
                  'tags': {'home': True}}";
    assert_eq!(repr, wanted);
    // And back, written by Python.
    world
        .python
        .ask("zlib", "set", json!(["back", { "py": wanted }]));
    assert_eq!(cache.get("back").unwrap(), Some(task.clone()));
    let open = wanted.replace("{'done': {'by': '清'}}", "'open'");
    world
        .python
        .ask("zlib", "set", json!(["open", { "py": open }]));
    let open = cache.get::<Task>("open").unwrap().unwrap();
    assert_eq!(open.state, State::Open);
    // A field too few: a counted miss, and no error.
    world.python.ask(
        "zlib",
        "set",
        json!(["older", { "py": "{'id': 7, 'title': 'a'}" }]),
    );
    assert_eq!(cache.get::<Task>("older").unwrap(), None);
    assert_eq!(cache.stats().undecodable, 1);
}

pub(crate) fn integers_have_no_largest(world: &mut World) {
    let cache = world.twin("zlib");
    cache.set("largest", &i128::MAX, 60).unwrap();
    let largest = world.python.repr("zlib", "get", json!(["largest"]));
    assert_eq!(largest, i128::MAX.to_string());
    cache.set("nested", &[u128::MAX, 0], 60).unwrap();
    let nested = world.python.repr("zlib", "get", json!(["nested"]));
    assert_eq!(nested, format!("[{}, 0]", u128::MAX));

    world
        .python
        .ask("zlib", "set", json!(["power", { "py": "-2 ** 100" }]));
    assert_eq!(cache.get("power").unwrap(), Some(-(1_i128 << 100)));
    // Larger than any integer of ours: a counted miss, and no wrong number.
    world
        .python
        .ask("zlib", "set", json!(["huge", { "py": "2 ** 200" }]));
    assert_eq!(cache.get::<i128>("huge").unwrap(), None);
    assert_eq!(cache.get::<u64>("power").unwrap(), None);
    assert_eq!(cache.stats().undecodable, 2);
}

pub(crate) fn what_json_cannot_say(world: &mut World) {
    let cache = world.twin("plain");
    // Python writes `NaN`, which no JSON has: for us a counted miss.
    world
        .python
        .ask("plain", "set", json!(["nan", { "py": "float('nan')" }]));
    assert_eq!(cache.get::<f64>("nan").unwrap(), None);
    assert_eq!(cache.stats().undecodable, 1);
    let error = cache.set("nan", &f64::NAN, 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    // Integer keys become text in both languages.
    world.python.ask(
        "plain",
        "set",
        json!(["map", { "py": "{10: 'a', 9: 'b'}" }]),
    );
    let map = cache.get::<BTreeMap<u8, String>>("map").unwrap().unwrap();
    assert_eq!(map[&10], "a");
    cache.set("map", &map, 60).unwrap();
    let repr = world.python.repr("plain", "get", json!(["map"]));
    assert_eq!(repr, "{'9': 'b', '10': 'a'}");
}

pub(crate) fn many_at_once(world: &mut World) {
    for alias in ALIASES {
        let cache = world.twin(alias);
        let ours: BTreeMap<String, Value> = (0..300)
            .map(|n| (format!("rust_{n}"), json!({ "n": n, "text": "from Rust" })))
            .collect();
        let failed = cache.set_many(ours.clone(), 60).unwrap();
        assert_eq!(failed, Vec::<String>::new());
        let mut names: Vec<&str> = ours.keys().map(String::as_str).collect();
        names.push("missing");
        let found = world.python.ask(alias, "get_many", json!([names]));
        assert_eq!(found, json!(ours));

        let theirs = json!({"python_a": [1, 2.5], "python_b": null, "python_c": 7});
        world.python.ask(alias, "set_many", json!([theirs]));
        let found = cache
            .get_many::<Value>(["python_a", "python_b", "missing", "python_c"])
            .unwrap();
        assert_eq!(json!(found), theirs);

        assert_eq!(
            cache
                .delete_many(["python_a", "python_c", "missing"])
                .unwrap(),
            2
        );
        assert_eq!(
            world.python.ask(alias, "has_key", json!(["python_a"])),
            false
        );
        world.python.ask(alias, "delete_many", json!([names]));
        assert!(cache.get_many::<Value>(names).unwrap().is_empty());
    }
}
