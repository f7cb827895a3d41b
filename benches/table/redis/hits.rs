//! Async hits: one caller, many callers with a key each, many callers with the same key.

use std::time::Duration;

use cache_benches::race::Race;
use cache_benches::report::Row;

use super::page::LARGE;
use super::raw::Raw;
use super::{hitbox_pages, ours, with_cached};
use crate::callers::{self, sound};

/// How many callers are many.
const MANY: u64 = 64;

/// Who calls with which keys.
struct Scene {
    what: &'static str,
    callers: u64,
    is_shared: bool,
}

const SCENES: [Scene; 3] = [
    Scene {
        what: "1 async caller",
        callers: 1,
        is_shared: true,
    },
    Scene {
        what: "64 async callers with a key each",
        callers: MANY,
        is_shared: false,
    },
    // Ours reads once for those who ask at the same time; the others ask the server each.
    Scene {
        what: "64 async callers with one key",
        callers: MANY,
        is_shared: true,
    },
];

pub(crate) fn all() -> Vec<Row> {
    let raw = [Raw::new(), Raw::nodelay()];
    let sizes = [("100 B", 0), ("10 KiB", LARGE)];
    let mut rows = Vec::new();
    for (size, first) in sizes {
        for caller in 0..MANY {
            callers::wait(raw[0].clone().set(first + caller));
        }
        for scene in &SCENES {
            rows.extend(race(size, first, scene, &raw));
        }
    }
    rows
}

fn race(size: &str, first: u64, scene: &Scene, [raw, nodelay]: &[Raw; 2]) -> Vec<Row> {
    let callers = scene.callers;
    let stride = if scene.is_shared { 0 } else { 1 };
    let id = move |caller| first + stride * caller;
    let race = Race::new("redis", format!("hit of {size}, {}", scene.what));
    let race = match callers {
        1 => race.rounds(61, Duration::from_millis(10)).awake(),
        _ => race.rounds(31, Duration::from_millis(20)),
    };
    race.ours_timed("cache_result", |n| {
        callers::time(callers, n, move |caller| sound(ours::page(id(caller))))
    })
    .limit_timed("redis-rs GET", |n| {
        let raw = raw.clone();
        callers::time(callers, n, move |caller| raw.clone().get(id(caller)))
    })
    .limit_timed("redis-rs GET, nodelay", |n| {
        let raw = nodelay.clone();
        callers::time(callers, n, move |caller| raw.clone().get(id(caller)))
    })
    .timed("redis-rs GET, serde_json", |n| {
        let raw = raw.clone();
        callers::time(callers, n, move |caller| raw.clone().page(id(caller)))
    })
    .timed("cached, redis", |n| {
        callers::time(callers, n, move |caller| {
            sound(with_cached::page(id(caller)))
        })
    })
    .timed("cached, redis, client-side caching", |n| {
        callers::time(callers, n, move |caller| {
            sound(with_cached::tracked_page(id(caller)))
        })
    })
    .timed("hitbox-redis", |n| {
        callers::time(callers, n, move |caller| {
            sound(hitbox_pages::page(id(caller)))
        })
    })
    .run()
}
