//! What the idea came from: Python's `lru_cache`, and Django with the decorator that its guides give.
//!
//! A Python process waits beside this one and is given its turns; it says itself how long a turn
//! took.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

mod process;

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cache_benches::race::Race;
use cache_benches::report::{Figure, Row};
use cache_runtime::{Cache, cache_result, caches};
use cache_tests::redis_server::RedisServer;
use serde::{Deserialize, Serialize};

use process::Python;

/// What the functions of both languages return three of.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    id: u64,
    user_id: u64,
    title: String,
    status: String,
}

fn make(user_id: u64, status: Option<&str>) -> Vec<Task> {
    let task = |id| Task {
        id,
        user_id,
        title: format!("Task {id}"),
        status: status.unwrap_or("open").to_owned(),
    };
    (0..3).map(task).collect()
}

#[cache_result(timeout = 600, key_prefix = "shared_tasks")]
fn shared_tasks(user_id: u64, status: Option<&str>) -> Arc<Vec<Task>> {
    Arc::new(make(user_id, status))
}

#[cache_result(timeout = 600, key_prefix = "user_tasks")]
fn user_tasks(user_id: u64, status: Option<&str>) -> Vec<Task> {
    make(user_id, status)
}

#[cache_result(timeout = 600, key_prefix = "stored_tasks", cache = "bench_python")]
fn stored_tasks(user_id: u64, status: Option<&str>) -> Vec<Task> {
    make(user_id, status)
}

/// All of them.
pub(crate) fn all() -> Vec<Row> {
    let server = RedisServer::start_or_skip();
    let url = server.as_ref().map(|server| server.url(0));
    match Python::start(url.as_deref()) {
        Ok(python) => races(&RefCell::new(python), url.as_deref()),
        Err(reason) => vec![not_measured(&reason)],
    }
}

fn races(python: &RefCell<Python>, redis: Option<&str>) -> Vec<Row> {
    let turn = |lane| move |calls| python.borrow_mut().turn(lane, calls);
    // Nothing of `lru_cache` ends with time, and it hands out the one object that all share.
    let shared = race("the one object that all share")
        .ours("cache_result, Arc", || {
            shared_tasks(black_box(7), black_box(Some("open")))
        })
        .limit_timed("functools.lru_cache", turn("lru_cache"))
        // Which copies, as it always does; a Rust program need not.
        .timed("Django, locmem", turn("locmem"));
    let copied = race("a copy of three rows")
        .ours("cache_result", || {
            user_tasks(black_box(7), black_box(Some("open")))
        })
        .timed("Django, locmem", turn("locmem"));
    let mut rows = shared.run();
    rows.extend(copied.run());
    if let Some(url) = redis {
        let cache = Cache::from_url(&format!("{url}?key_prefix=rust")).unwrap();
        caches().set("bench_python", cache).unwrap();
        let stored = race("three rows through Redis, sync")
            .ours("cache_result, redis://", || {
                stored_tasks(black_box(7), black_box(Some("open")))
            })
            .timed("Django, django-redis", turn("django_redis"));
        rows.extend(stored.run());
    }
    for row in rows.iter_mut().filter(|row| !row.is_ours) {
        // Those of the other process are not counted.
        row.allocations = None;
    }
    rows
}

fn race(what: &str) -> Race<'_> {
    let work = format!("hit of f(user_id, status), {what}");
    Race::new("python", work).rounds(15, Duration::from_millis(40))
}

fn not_measured(reason: &str) -> Row {
    Row {
        section: "python".to_owned(),
        work: "hit of f(user_id, status)".to_owned(),
        lane: "Python".to_owned(),
        is_ours: false,
        is_limit: false,
        figure: Figure::nanos(f64::NAN),
        spread: None,
        ratio: None,
        allocations: None,
        note: Some(format!("not measured: {reason}")),
    }
}
