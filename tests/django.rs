//! `format=django`: the stored bytes are django-redis's, with and without zlib, in both directions.
//!
//! `data/django_interop.json` is what django-redis 7.0 with `JSONSerializer` and `ZlibCompressor`
//! wrote. Compressed bytes depend on the implementation of deflate, so they are compared inflated.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::Instant;

use cache_runtime::{BlockingCache, Cache, CacheValue, ErrorKind, cache_result};
use cache_tests::redis_server::RedisServer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A server, and a connection that sees raw bytes.
struct Raw {
    server: RedisServer,
    connection: redis::Connection,
}

impl Raw {
    fn start() -> Self {
        let server = RedisServer::start();
        let client = redis::Client::open(server.url(0)).unwrap();
        let connection = client.get_connection().unwrap();
        Self { server, connection }
    }

    fn cache(&self, options: &str) -> BlockingCache {
        let url = self.server.url(0);
        let url = format!("{url}?key_prefix=myapp&op_timeout=20&connect_timeout=20&{options}");
        Cache::from_url(&url).unwrap().blocking()
    }

    fn get(&mut self, key: &str) -> Vec<u8> {
        let mut get = redis::cmd("GET");
        get.arg(key).query(&mut self.connection).unwrap()
    }

    fn set(&mut self, key: &str, bytes: &[u8]) {
        let mut set = redis::cmd("SET");
        let () = set.arg(key).arg(bytes).query(&mut self.connection).unwrap();
    }
}

#[derive(Deserialize)]
struct Vectors {
    django_redis_json_zlib: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    redis_key: String,
    py: String,
    /// Python's JSON text; none for integers.
    json: Option<String>,
    stored_hex: String,
    compressed: bool,
}

impl Vector {
    /// What is stored, inflated.
    fn text(&self) -> &str {
        self.json.as_deref().unwrap_or(&self.py)
    }

    fn value(&self) -> Value {
        serde_json::from_str(self.text()).unwrap()
    }

    fn stored(&self) -> Vec<u8> {
        let digits = self.stored_hex.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.map(byte).collect()
    }
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("data/django_interop.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    assert!(vectors.django_redis_json_zlib.len() > 10);
    vectors.django_redis_json_zlib
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    flate2::read::ZlibDecoder::new(bytes)
        .read_to_end(&mut inflated)
        .unwrap();
    inflated
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes the value of a vector in its own Rust type: a `Value` sorts its maps, Django does not.
fn write(cache: &BlockingCache, name: &str, value: &Value) {
    #[derive(Clone, Serialize)]
    struct Unsorted {
        b: u8,
        a: u8,
    }
    if name == "dict_order" {
        cache.set(name, &Unsorted { b: 1, a: 2 }, 300).unwrap();
    } else {
        cache.set(name, value, 300).unwrap();
    }
}

#[test]
fn what_is_written_is_what_django_redis_writes_with_zlib() {
    let mut raw = Raw::start();
    let cache = raw.cache("format=django&compress=zlib");
    for vector in vectors() {
        write(&cache, &vector.name, &vector.value());
        let stored = raw.get(&vector.redis_key);
        if vector.compressed {
            assert_eq!(stored[..2], [0x78, 0x9c], "{}", vector.name);
            let text = String::from_utf8(inflate(&stored)).unwrap();
            assert_eq!(text, vector.text(), "{}", vector.name);
            assert_eq!(
                inflate(&vector.stored()),
                inflate(&stored),
                "{}",
                vector.name
            );
        } else {
            assert_eq!(stored, vector.stored(), "{}", vector.name);
        }
    }
}

#[test]
fn what_is_written_is_pythons_json_without_zlib() {
    let mut raw = Raw::start();
    let cache = raw.cache("format=django");
    for vector in vectors() {
        write(&cache, &vector.name, &vector.value());
        let stored = String::from_utf8(raw.get(&vector.redis_key)).unwrap();
        assert_eq!(stored, vector.text(), "{}", vector.name);
    }
}

#[test]
fn what_django_redis_wrote_is_read_with_and_without_zlib() {
    let mut raw = Raw::start();
    for vector in vectors() {
        raw.set(&vector.redis_key, &vector.stored());
    }
    for options in ["format=django&compress=zlib", "format=django"] {
        let cache = raw.cache(options);
        for vector in vectors() {
            let found = cache.get::<Value>(&vector.name).unwrap();
            assert_eq!(found, Some(vector.value()), "{} {options}", vector.name);
        }
        // Dates and ids are text; so a type that reads text reads them.
        assert_eq!(cache.get("date").unwrap(), Some("2024-01-02".to_owned()));
        let id = cache.get::<String>("uuid").unwrap();
        assert_eq!(id.as_deref(), Some("00000000-0000-0000-0000-000000000001"));
        assert_eq!(cache.incr("int", 1).unwrap(), 43);
        assert_eq!(cache.decr("int", 1).unwrap(), 42);
        assert_eq!(cache.stats().undecodable, 0);
    }
}

#[test]
fn zlib_starts_above_fifteen_bytes_and_never_for_integers() {
    let mut raw = Raw::start();
    let cache = raw.cache("format=django&compress=zlib");
    let is_compressed = |bytes: &[u8]| bytes.starts_with(&[0x78, 0x9c]);
    for length in 0..40_usize {
        // Two quotes and so many letters.
        cache.set("text", &"x".repeat(length), 60).unwrap();
        let stored = raw.get("myapp:1:text");
        assert_eq!(is_compressed(&stored), length + 2 > 15, "{length}");
    }
    cache.set("large", &i128::MAX, 60).unwrap();
    assert_eq!(raw.get("myapp:1:large"), i128::MAX.to_string().as_bytes());
    cache.set("negative", &i64::MIN, 60).unwrap();
    assert_eq!(raw.get("myapp:1:negative"), i64::MIN.to_string().as_bytes());
    // True is no integer, and 1.0 is none.
    cache.set("true", &true, 60).unwrap();
    assert_eq!(raw.get("myapp:1:true"), b"true");
    cache.set("float", &1.0, 60).unwrap();
    assert_eq!(raw.get("myapp:1:float"), b"1.0");
}

#[test]
fn reading_tries_an_integer_then_zlib_then_json() {
    let mut raw = Raw::start();
    let cache = raw.cache("format=django&compress=zlib");
    for (bytes, expected) in [
        (b"42".to_vec(), json!(42)),
        (b" 42 ".to_vec(), json!(42)),
        (b"+1_000".to_vec(), json!(1000)),
        (b"-0".to_vec(), json!(0)),
        (b"1.5".to_vec(), json!(1.5)),
        (b"null".to_vec(), json!(null)),
        (b" {\"a\": 1} ".to_vec(), json!({"a": 1})),
        (deflate(b"42"), json!(42)),
        (deflate(b"[1, 2]"), json!([1, 2])),
        ("\"é清\"".as_bytes().to_vec(), json!("é清")),
        (b"\"\\u00e9\\ud83d\\ude00\"".to_vec(), json!("é😀")),
    ] {
        raw.set("myapp:1:key", &bytes);
        let found = cache.get::<Value>("key").unwrap();
        assert_eq!(found, Some(expected), "{bytes:?}");
    }
    // What a pickle serializer or anybody else left there is a counted miss.
    let before = cache.stats().undecodable;
    let foreign: [&[u8]; 6] = [
        b"\x80\x05\x88.",
        b"",
        b"x",
        b"\x78\x9c",
        b"{\"a\": ",
        b"NaN",
    ];
    for bytes in foreign {
        raw.set("myapp:1:key", bytes);
        assert_eq!(cache.get::<Value>("key").unwrap(), None, "{bytes:?}");
    }
    assert_eq!(cache.stats().undecodable, before + foreign.len() as u64);
}

#[test]
fn a_zlib_bomb_is_a_counted_miss_in_every_format() {
    let mut raw = Raw::start();
    // 64 MiB of spaces and a number: valid JSON, if anybody were to inflate it.
    let mut text = vec![b' '; 64 << 20];
    text.push(b'1');
    let bomb = deflate(&text);
    assert!(bomb.len() < 100_000);
    raw.set("myapp:1:bomb", &bomb);
    for format in ["django", "json"] {
        let cache = raw.cache(&format!("format={format}&compress=zlib"));
        assert_eq!(cache.get::<u8>("bomb").unwrap(), None);
        assert_eq!(cache.stats().undecodable, 1, "{format}");
        assert_eq!(cache.stats().errors, 0, "{format}");
    }
    // In the envelope: a compressed value of our own, its payload exchanged.
    let native = raw.cache("format=native&compress=zlib");
    native.set("bomb", &"x".repeat(1000), 60).unwrap();
    let mut bytes = raw.get("myapp:1:bomb");
    bytes.truncate(23);
    bytes.extend(bomb);
    raw.set("myapp:1:bomb", &bytes);
    assert_eq!(native.get::<u8>("bomb").unwrap(), None);
    assert_eq!(native.stats().undecodable, 1);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Task {
    id: u64,
    title: String,
    tags: BTreeMap<String, bool>,
}

fn task(id: u64) -> Task {
    Task {
        id,
        title: "tidy up, more than fifteen bytes".to_owned(),
        tags: BTreeMap::from([("home".to_owned(), true)]),
    }
}

#[cache_result(timeout = 60, key(id), key_prefix = "changing", cache = cache.awaiting())]
fn changing(cache: &BlockingCache, id: u64) -> Task {
    task(id)
}

#[cache_result(timeout = 60, key(id), key_prefix = "counting", cache = cache.awaiting())]
fn counting(cache: &BlockingCache, id: u64) -> u64 {
    id
}

/// Reads what another format left: the right value or a counted miss, and never an error.
fn survives<T: CacheValue + PartialEq + std::fmt::Debug>(
    old: &BlockingCache,
    new: &BlockingCache,
    value: T,
) -> bool {
    old.set("by_hand", &value, 60).unwrap();
    let before = new.stats();
    let found = new.get::<T>("by_hand").unwrap();
    let after = new.stats();
    assert_eq!(after.errors, before.errors);
    if let Some(found) = &found {
        assert_eq!(found, &value);
    }
    let missed = u64::from(found.is_none());
    assert_eq!(after.undecodable - before.undecodable, missed, "counted");
    assert_eq!(after.misses - before.misses, missed);
    found.is_some()
}

#[test]
fn a_changed_format_makes_old_entries_misses_and_never_errors() {
    let raw = Raw::start();
    let formats = ["native", "json", "django"];
    for compress in ["none", "zlib"] {
        for from in formats {
            for to in formats.into_iter().filter(|to| *to != from) {
                let old = raw.cache(&format!("format={from}&compress={compress}"));
                let new = raw.cache(&format!("format={to}&compress={compress}"));
                let what = format!("{from} to {to}, {compress}");
                // Both other formats are JSON, so they may read each other; the envelope not.
                let may_hit = from != "native" && to != "native";
                let is_hit = survives(&old, &new, task(7));
                assert_eq!(is_hit, may_hit, "{what}");
                survives(&old, &new, "text".to_owned());
                survives(&old, &new, None::<u8>);
                survives(&old, &new, 1.5);
                assert!(survives(&old, &new, 42), "integers are bare: {what}");

                // A function runs again, and its result is kept in the new format.
                assert_eq!(changing(&old, 7), task(7));
                assert_eq!(changing(&new, 7), task(7));
                let stats = changing::stats_in(&new.awaiting());
                assert_eq!(stats.undecodable, u64::from(!may_hit), "{what}");
                assert_eq!(stats.errors, 0, "{what}");
                assert_eq!(changing(&new, 7), task(7));
                let again = changing::stats_in(&new.awaiting());
                assert_eq!(again.hits, stats.hits + 1, "{what}");
                assert_eq!(counting(&old, 7), 7);
                assert_eq!(counting(&new, 7), 7);
                new.clear().unwrap();
            }
        }
    }
}

#[test]
fn keys_are_djangos() {
    let mut raw = Raw::start();
    let cache = raw.cache("format=django");
    cache.set("name", "value", 60).unwrap();
    assert_eq!(raw.get("myapp:1:name"), b"\"value\"");
    let third = raw.cache("format=django&version=3");
    third.set("name", "third", 60).unwrap();
    assert_eq!(raw.get("myapp:3:name"), b"\"third\"");
    // The other way round, and as django-redis writes timeouts.
    raw.set("myapp:1:from_django", b"[1, 2, 3]");
    let found = cache.get::<Vec<u8>>("from_django").unwrap();
    assert_eq!(found, Some(vec![1, 2, 3]));
    let start = Instant::now();
    assert!(cache.touch("from_django", 60.5).unwrap());
    let left = raw.server.command(&["PTTL", "myapp:1:from_django"]);
    let left: u128 = left.parse().unwrap();
    let life = left + start.elapsed().as_millis();
    assert!(left <= 60_500 && life >= 60_400, "{left} of {life}");
    assert!(cache.touch("from_django", None).unwrap());
    let left = raw.server.command(&["PTTL", "myapp:1:from_django"]);
    assert_eq!(left, "-1");
}

#[test]
fn what_python_cannot_write_is_an_error() {
    let raw = Raw::start();
    let cache = raw.cache("format=django");
    let error = cache.set("key", &f64::NAN, 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    let map = BTreeMap::from([(vec![1], 1)]);
    let error = cache.set("key", &map, 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(!cache.has_key("key").unwrap());
}
