//! Every format with every compression, on a real Redis, and what Python's compressors wrote.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::world::{Raw, Task, task, use_it};

const FORMATS: [&str; 4] = ["native", "compact", "json", "django"];
const COMPRESSIONS: [&str; 4] = ["none", "zlib", "zstd", "lz4"];

#[test]
fn every_format_with_every_compression() {
    let mut raw = Raw::start();
    let mut lengths = HashMap::new();
    for format in FORMATS {
        for compress in COMPRESSIONS {
            let what = format!("format={format}&compress={compress}");
            let cache = raw.cache(&what);
            use_it(&cache, &what);
            cache.set("count", &41, 60).unwrap();
            assert_eq!(cache.incr("count", 1).unwrap(), 42, "{what}");
            assert_eq!(cache.decr("count", 2).unwrap(), 40, "{what}");
            assert_eq!(cache.get::<u8>("count").unwrap(), Some(40), "{what}");
            assert_eq!(raw.get("app:1:count"), b"40", "{what}");
            lengths.insert((format, compress), raw.get("app:1:task").len());
        }
        // The text is twenty times the same.
        for compress in &COMPRESSIONS[1..] {
            let (small, large) = (lengths[&(format, *compress)], lengths[&(format, "none")]);
            assert!(small * 2 < large, "{format} {compress}: {small} of {large}");
        }
    }
    assert!(lengths[&("compact", "none")] < lengths[&("native", "none")]);
}

#[test]
fn a_setting_changed_in_the_url_loses_an_entry_or_finds_it() {
    let raw = Raw::start();
    let urls: Vec<String> = FORMATS
        .iter()
        .flat_map(|format| COMPRESSIONS.map(|by| format!("format={format}&compress={by}")))
        .chain(["signed".to_owned()])
        .collect();
    let open = |url: &str| match url {
        "signed" => raw.signed("format=native", &["0123456789abcdef"]),
        _ => raw.cache(url),
    };
    let kind = |url: &str| match url {
        "signed" => 2,
        _ => u8::from(url.contains("json") || url.contains("django")),
    };
    for old in &urls {
        let writer = open(old);
        writer.set("task", &task(1), 60).unwrap();
        for new in &urls {
            let reader = open(new);
            let found = reader.get::<Task>("task").unwrap();
            let is_hit = kind(old) == kind(new);
            assert_eq!(found, is_hit.then(|| task(1)), "{old} to {new}");
            let stats = reader.stats();
            assert_eq!(stats.undecodable, u64::from(!is_hit), "{old} to {new}");
            assert_eq!(stats.errors, 0, "{old} to {new}");
        }
    }
}

#[derive(Deserialize)]
struct Vectors {
    stored: Vec<Vector>,
}

/// What django-redis 7.0 with `JSONSerializer` and one of its compressors stored.
#[derive(Deserialize)]
struct Vector {
    compress: String,
    name: String,
    value: Value,
    stored_hex: String,
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../data/django_compressors.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    assert!(vectors.stored.len() > 20);
    vectors.stored
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

#[test]
fn what_djangos_zstd_and_lz4_wrote_is_read() {
    let mut raw = Raw::start();
    for vector in vectors() {
        raw.set("app:1:key", &unhex(&vector.stored_hex));
        let what = format!("{} {}", vector.compress, vector.name);
        for format in ["django", "json"] {
            for compress in COMPRESSIONS {
                let cache = raw.cache(&format!("format={format}&compress={compress}"));
                if vector.name == "large_int" {
                    let number = cache.get::<i128>("key").unwrap();
                    assert_eq!(
                        number,
                        Some(123_456_789_012_345_678_901_234_567_890),
                        "{what}"
                    );
                } else {
                    let found = cache.get::<Value>("key").unwrap();
                    assert_eq!(found.as_ref(), Some(&vector.value), "{what}");
                }
            }
        }
    }
}

#[test]
fn what_is_written_is_compressed_where_djangos_is() {
    let mut raw = Raw::start();
    for vector in vectors() {
        let what = format!("{} {}", vector.compress, vector.name);
        let cache = raw.cache(&format!("format=django&compress={}", vector.compress));
        match &*vector.name {
            "large_int" => cache.set("key", &123_456_789_012_345_678_901_234_567_890_i128, 60),
            // A `Value` sorts its fields.
            "dict" => continue,
            _ => cache.set("key", &vector.value, 60),
        }
        .unwrap();
        let (stored, expected) = (raw.get("app:1:key"), unhex(&vector.stored_hex));
        let is_frame =
            expected.starts_with(b"\x28\xb5\x2f\xfd") || expected.starts_with(b"\x04\x22\x4d\x18");
        // Short values and integers are not compressed; of the others, how well is not the format.
        if is_frame {
            assert_eq!(stored[..4], expected[..4], "{what}");
        } else {
            assert_eq!(stored, expected, "{what}");
        }
    }
}
