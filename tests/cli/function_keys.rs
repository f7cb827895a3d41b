//! `key`: the keys of real functions, found by their names and arguments.

use cache_runtime::{Cache, cache_result, caches};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::world::{on_all, run_all};

#[cache_result(key_prefix = "user_tasks")]
fn get_user_tasks(user_id: u64, status: Option<&str>) -> Vec<u64> {
    let _ = status;
    vec![user_id]
}

#[cache_result(key_prefix = "named", name = "find", kwargs(status, limit))]
fn by_name(user_id: i64, status: &str, limit: f64) -> Vec<i64> {
    let _ = (status, limit);
    vec![user_id]
}

#[cache_result]
fn without_prefix(n: u128) -> u128 {
    n
}

#[derive(Debug, Clone)]
struct Page {
    number: u32,
    sort: Option<Vec<String>>,
}

/// As a derive writes it.
impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_struct("Page", 2)?;
        page.serialize_field("number", &self.number)?;
        page.serialize_field("sort", &self.sort)?;
        page.end()
    }
}

#[cache_result(key_prefix = "pages")]
fn page(page: Page, deep: Option<Option<u8>>) -> u32 {
    let _ = deep;
    page.number
}

#[cache_result(key_prefix = "generic")]
fn parsed<T>(text: &str) -> usize {
    text.len()
}

const URL: &str = "dummy://?key_prefix=task_api&version=3";

fn key(arguments: &[&str]) -> String {
    let ran = on_all(URL, &[&["key"], arguments].concat());
    ran.expect(0).trim_end().to_owned()
}

#[test]
fn the_keys_of_real_functions() {
    caches()
        .set("default", Cache::from_url(URL).unwrap())
        .unwrap();
    let tasks = ["get_user_tasks", "--key-prefix", "user_tasks"];
    for (status, text) in [
        (None, "null"),
        (Some("done"), "done"),
        (Some("7"), "\"7\""),
        (Some(""), "\"\""),
    ] {
        let expected = get_user_tasks::entry(7, status).key();
        assert!(expected.starts_with("task_api:3:user_tasks:"), "{expected}");
        assert_eq!(
            key(&[&tasks[..], &["7", text]].concat()),
            expected,
            "{text}"
        );
    }
    let found = key(&[
        "find",
        "-5",
        "--key-prefix",
        "named",
        "--kwarg",
        "status=done",
        "--kwarg",
        "limit=2.0",
    ]);
    assert_eq!(found, by_name::entry(-5, "done", 2.0).key());
    let huge = u128::MAX.to_string();
    let path = "cli::function_keys::without_prefix";
    assert_eq!(key(&[path, &huge]), without_prefix::entry(u128::MAX).key());
    let json = r#"{"sort": ["a", "ü"], "number": 2}"#;
    let pages = Page {
        number: 2,
        sort: Some(vec!["a".to_owned(), "ü".to_owned()]),
    };
    for (deep, text) in [
        (None, "null"),
        (Some(None), r#"{"Some": null}"#),
        (Some(Some(1)), "1"),
    ] {
        let expected = page::entry(pages.clone(), deep).key();
        assert_eq!(
            key(&["page", json, text, "--key-prefix", "pages"]),
            expected,
            "{text}"
        );
    }
    let expected = parsed::entry::<u64>("12").key();
    assert_eq!(
        key(&["parsed<u64>", "\"12\"", "--key-prefix", "generic"]),
        expected
    );
}

/// The guide's own example, whose key Python made.
#[test]
fn the_keys_of_python() {
    let file = include_str!("../data/seed_keys.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let mut tried = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let text = vector["json"].as_str().unwrap();
        let call: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut arguments = vec![
            "key".to_owned(),
            vector["func"].as_str().unwrap().to_owned(),
        ];
        let args = call["args"].as_array().unwrap().iter();
        arguments.extend(args.map(ToString::to_string));
        for (name, value) in call["kwargs"].as_object().unwrap() {
            arguments.extend(["--kwarg".to_owned(), format!("{name}={value}")]);
        }
        let prefix = vector["key_prefix"].as_str().unwrap();
        arguments.extend([
            "--key-prefix".to_owned(),
            prefix.to_owned(),
            "--json".to_owned(),
        ]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = run_all(&arguments).json(0);
        if ran["text"] != vector["json"] {
            // A float that JSON in Rust writes in another way.
            continue;
        }
        assert_eq!(ran["key"], vector["key"], "vector {}", vector["id"]);
        assert!(ran["stored"].is_null());
        tried += 1;
    }
    assert!(tried >= 8, "{tried}");
}

#[test]
fn what_cannot_be_a_call_is_said() {
    for (arguments, part) in [
        (&["key", "find", "1"][..], "--key-prefix"),
        (
            &["key", "find", "--key-prefix", "a", "--kwarg", "status"],
            "no value",
        ),
        (&["key", "find", "[1", "--key-prefix", "a"], "not JSON"),
        (
            &["key", "find", "[18446744073709551616]", "--key-prefix", "a"],
            "64 bits",
        ),
        (
            &[
                "key",
                "find",
                "--key-prefix",
                "a",
                "--kwarg",
                "a=1",
                "--kwarg",
                "a=2",
            ],
            "keyword",
        ),
    ] {
        let ran = run_all(arguments);
        ran.expect(2);
        ran.says(&[part]);
    }
}
