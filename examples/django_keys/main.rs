//! Keys compared with what Python hashes, and an entry as a Django service reads it.
//!
//! `cargo run --example django_keys`;
//! `CACHE_URL='redis://127.0.0.1/1?key_prefix=task_api&format=django'` shares it with a Django service whose
//! `KEY_PREFIX` is `task_api` and whose serializer is django-redis's `JSONSerializer`.

use std::error::Error;

use cache_runtime::{cache_result, caches};

/// `@cache_result(key_prefix="user_tasks")` above `def get_user_tasks(user_id, status=None)`.
#[cache_result(timeout = 600, key_prefix = "user_tasks")]
fn get_user_tasks(user_id: u64, status: Option<&str>) -> Vec<String> {
    vec![format!("task of {user_id}, {}", status.unwrap_or("any"))]
}

/// The same function, called in Python as `get_user_tasks(7, status="open")`.
#[cache_result(
    timeout = 600,
    key_prefix = "user_tasks_by_name",
    name = "get_user_tasks",
    kwargs(status)
)]
fn by_name(user_id: u64, status: &str) -> Vec<String> {
    get_user_tasks(user_id, Some(status))
}

/// Returns the part of a key after `KEY_PREFIX:VERSION:`, which is the function's own.
fn own_part(key: &str) -> String {
    let parts: Vec<_> = key.split(':').collect();
    parts[parts.len() - 2..].join(":")
}

fn main() -> Result<(), Box<dyn Error>> {
    let cache = caches().get("default")?.blocking();
    cache.clear()?;

    let told = |python: &str, json: &str, key: String| {
        println!("{python}\n  hashes {json}\n  {}", own_part(&key));
    };
    told(
        "get_user_tasks(7, None)",
        r#"{"args": [7, null], "func": "get_user_tasks", "kwargs": {}}"#,
        get_user_tasks::entry(7, None).key(),
    );
    told(
        r#"get_user_tasks(7, "open")"#,
        r#"{"args": [7, "open"], "func": "get_user_tasks", "kwargs": {}}"#,
        get_user_tasks::entry(7, Some("open")).key(),
    );
    told(
        r#"get_user_tasks(7, status="open")"#,
        r#"{"args": [7], "func": "get_user_tasks", "kwargs": {"status": "open"}}"#,
        by_name::entry(7, "open").key(),
    );

    // What the function keeps is found by hand under that key, as Python's `cache.get(..)` finds it.
    get_user_tasks(7, Some("open"));
    let key = own_part(&get_user_tasks::entry(7, Some("open")).key());
    let found: Option<Vec<String>> = cache.get(&key)?;
    println!("cache.get(\"{key}\")\n  {found:?}");
    assert!(found.is_some());
    Ok(())
}
