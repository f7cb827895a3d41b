//! Timeouts: set by one side, seen by the other.

use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{BlockingCache, Timeout, Ttl, cache_result};
use serde_json::{Value, json};

use crate::world::{Python, World};

fn set(python: &mut Python, timeout: Value) {
    python.order(&json!({
        "cache": "plain", "do": "set", "args": ["key", "value"], "kwargs": { "timeout": timeout },
    }));
}

/// Seconds, as Rust sees them; `None` for ever.
#[track_caller]
fn assert_lives(cache: &BlockingCache, wanted: Option<f64>) {
    match (cache.ttl("key").unwrap(), wanted) {
        (Ttl::Never, None) => {}
        // A busy machine may take its time between the two.
        (Ttl::After(left), Some(wanted)) => {
            let left = left.as_secs_f64();
            assert!(left <= wanted && left > wanted - 30.0, "{left} of {wanted}");
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn rust_sees_the_life_that_python_gave(world: &mut World) {
    let cache = world.cache("");
    set(&mut world.python, json!(100));
    assert_lives(&cache, Some(100.0));
    world.python.ask("plain", "set", json!(["key", "value"]));
    assert_lives(&cache, Some(300.0));
    // Memcached takes more than 30 days for a date.
    set(&mut world.python, json!(40 * 86_400));
    assert_lives(&cache, Some(40.0 * 86_400.0));
    set(&mut world.python, json!(null));
    assert_lives(&cache, None);
    world.python.ask("plain", "touch", json!(["key", 50]));
    assert_lives(&cache, Some(50.0));
    world.python.ask("plain", "touch", json!(["key", null]));
    assert_lives(&cache, None);
    set(&mut world.python, json!(0));
    assert_eq!(cache.ttl("key").unwrap(), Ttl::Missing);
}

/// Redis alone: `ttl` is a word of django-redis.
pub(crate) fn python_sees_the_life_that_rust_gave(world: &mut World) {
    let cache = world.cache("");
    let mut lives = |timeout: Timeout| {
        cache.set("key", &"value", timeout).unwrap();
        world.python.ask("plain", "ttl", json!(["key"]))
    };
    let near = |left: Value, wanted: i64| {
        let left = left.as_i64().unwrap();
        assert!(left <= wanted && left > wanted - 30, "{left} of {wanted}");
    };
    near(lives(100.into()), 100);
    near(lives(Timeout::Default), 300);
    near(lives((40 * 86_400).into()), 40 * 86_400);
    assert_eq!(lives(Timeout::Never), json!(null), "for ever");
    assert_eq!(lives(0.into()), 0, "not there");
    cache.set("key", &"value", 100).unwrap();
    assert!(cache.touch("key", 50).unwrap());
    near(world.python.ask("plain", "ttl", json!(["key"])), 50);
    cache.set("key", &"value", 60.5).unwrap();
    let left = world
        .python
        .ask("plain", "pttl", json!(["key"]))
        .as_i64()
        .unwrap();
    assert!(left <= 60_500 && left > 30_000, "{left}");
}

pub(crate) fn both_see_an_entry_end(world: &mut World) {
    let cache = world.cache("");
    // Python is there before anything lives: it takes its time to begin.
    world.python.ask("plain", "has_key", json!(["nothing"]));
    // Long enough to be seen on a busy machine.
    cache.set("from_rust", &1, 4).unwrap();
    world
        .python
        .ask("plain", "set", json!(["from_python", 1, 4]));
    assert!(cache.has_key("from_python").unwrap());
    assert_eq!(
        world.python.ask("plain", "has_key", json!(["from_rust"])),
        true
    );
    let started = Instant::now();
    while cache.has_key("from_python").unwrap()
        || world.python.ask("plain", "has_key", json!(["from_rust"])) == true
    {
        assert!(started.elapsed() < Duration::from_secs(60), "they live on");
        thread::sleep(Duration::from_millis(20));
    }
    // Whoever is first does it for both.
    assert!(cache.add("once", &"Rust", 60).unwrap());
    assert_eq!(
        world.python.ask("plain", "add", json!(["once", "Python"])),
        false
    );
    assert_eq!(
        world.python.ask("plain", "add", json!(["other", "Python"])),
        true
    );
    assert!(!cache.add("other", &"Rust", 60).unwrap());
    assert_eq!(
        cache.get::<String>("other").unwrap().as_deref(),
        Some("Python")
    );
}

/// Redis alone, for its `ttl`.
pub(crate) fn a_functions_timeout_is_seen_by_python(world: &mut World) {
    #[cache_result(timeout = "10m", key_prefix = "count", skip(cache), cache = cache.awaiting())]
    fn count_tasks(cache: &BlockingCache, user_id: i64) -> i64 {
        user_id * 100
    }
    let cache = world.cache("");
    assert_eq!(count_tasks(&cache, 1), 100);
    let order = json!({"cache": "plain", "key_of": "count_tasks", "args": [1]});
    let key = world.python.order(&order)["result"].take();
    let left = world
        .python
        .ask("plain", "ttl", json!([key]))
        .as_i64()
        .unwrap();
    assert!((570..=600).contains(&left), "{left}");
}
