//! One function in two languages: the guide's decorator in Python and `#[cache_result]` in Rust
//! share their entries, hits counted on both sides.

use std::collections::BTreeMap;

use cache_runtime::{BlockingCache, Cache, Stats, cache_result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::World;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Task {
    id: u64,
    user_id: u64,
    title: String,
    status: Option<String>,
    hours: f64,
}

#[cache_result(timeout = 600, key_prefix = "user_tasks", skip(cache), cache = cache.awaiting())]
fn get_user_tasks(
    cache: &BlockingCache,
    user_id: u64,
    status: Option<&str>,
) -> Result<Vec<Task>, String> {
    Ok(tasks(user_id, status))
}

/// As Python calls it with `status=…`.
#[cache_result(
    timeout = 600, key_prefix = "user_tasks", name = "get_user_tasks", skip(cache), kwargs(status),
    cache = cache.awaiting()
)]
fn get_user_tasks_by_name(cache: &BlockingCache, user_id: u64, status: &str) -> Vec<Task> {
    tasks(user_id, Some(status))
}

/// As Python calls it with one argument.
#[cache_result(key_prefix = "count", cache = cache.clone(), skip(cache))]
async fn count_tasks(cache: &Cache, user_id: i64) -> i64 {
    user_id * 100
}

#[cache_result(key_prefix = "task", skip(cache), cache = cache.awaiting())]
fn find_task(cache: &BlockingCache, task_id: i64) -> Option<String> {
    (task_id >= 0).then(|| format!("task {task_id}, found by Rust"))
}

#[cache_result(
    timeout = 60, key_prefix = "task", name = "find_task", cache_none, skip(cache),
    cache = cache.awaiting()
)]
fn find_task_or_none(cache: &BlockingCache, task_id: i64) -> Option<String> {
    find_task::uncached(cache, task_id)
}

fn tasks(user_id: u64, status: Option<&str>) -> Vec<Task> {
    let title = "aufräumen ✓ (Rust)".to_owned();
    vec![Task {
        id: 1,
        user_id,
        title,
        status: status.map(str::to_owned),
        hours: 1e16,
    }]
}

/// The key that Python's decorator makes for a call.
fn key_of(world: &mut World, function: &str, arguments: Value) -> String {
    let order = json!({"cache": "plain", "key_of": function, "args": arguments});
    let answer = world.python.order(&order);
    answer["result"].as_str().unwrap().to_owned()
}

fn stats(cache: &BlockingCache) -> (u64, u64) {
    let Stats { hits, misses, .. } = get_user_tasks::stats_in(&cache.awaiting());
    (hits, misses)
}

pub(crate) fn python_computes_and_rust_hits(world: &mut World) {
    for (user_id, alias) in [(7, "plain"), (8, "zlib")] {
        let cache = world.twin(alias);
        let call = json!([user_id, "open"]);
        let (theirs, before) = world.python.call(alias, "get_user_tasks", call.clone());
        let ours = get_user_tasks(&cache, user_id, Some("open")).unwrap();
        assert_eq!(json!(ours), theirs, "the very result of Python");
        assert_eq!(ours[0].title, "aufräumen ✓ (Python)");
        assert_eq!(stats(&cache), (1, 0));
        // Other arguments are another entry.
        let ours = get_user_tasks(&cache, user_id, None).unwrap();
        assert_eq!(ours[0].title, "aufräumen ✓ (Rust)");
        assert_eq!(stats(&cache), (1, 1));
        let (_, after) = world.python.call(alias, "get_user_tasks", call);
        assert_eq!(after, before, "and Python still hits");
    }
}

pub(crate) fn rust_computes_and_python_hits(world: &mut World) {
    for (user_id, alias) in [(7, "plain"), (8, "zlib")] {
        let cache = world.twin(alias);
        let ours = get_user_tasks(&cache, user_id, None).unwrap();
        let call = json!([user_id, null]);
        let (theirs, runs) = world.python.call(alias, "get_user_tasks", call);
        assert_eq!(theirs, json!(ours), "the very result of Rust");
        assert_eq!(runs, 0, "its body has not run");
        assert_eq!(stats(&cache), (0, 1));
    }
}

pub(crate) fn what_rust_deletes_python_computes_again(world: &mut World) {
    let cache = world.twin("zlib");
    let call = |world: &mut World| {
        let arguments = json!([7, "open"]);
        world.python.call("zlib", "get_user_tasks", arguments)
    };
    let entry = get_user_tasks::entry(&cache, 7, Some("open"));
    assert_eq!(call(world).1, 1);
    assert!(entry.delete().unwrap());
    assert_eq!(call(world).1, 2);
    // Written through by Rust: Python gets the new one.
    let new = tasks(9, Some("new"));
    entry.set(&new).unwrap();
    assert_eq!(call(world), (json!(new), 2));
    // Refreshed by Rust.
    let new = get_user_tasks::refresh(&cache, 7, Some("open")).unwrap();
    assert_eq!(call(world), (json!(new), 2));
}

pub(crate) fn what_python_deletes_rust_computes_again(world: &mut World) {
    let cache = world.twin("zlib");
    get_user_tasks(&cache, 7, Some("open")).unwrap();
    get_user_tasks(&cache, 7, Some("open")).unwrap();
    assert_eq!(stats(&cache), (1, 1));
    let key = key_of(world, "get_user_tasks", json!([7, "open"]));
    assert_eq!(world.python.ask("zlib", "delete", json!([key])), true);
    assert_eq!(
        get_user_tasks::entry(&cache, 7, Some("open"))
            .get()
            .unwrap(),
        None
    );
    assert_eq!(stats(&cache), (1, 2), "looking is a miss too");
    get_user_tasks(&cache, 7, Some("open")).unwrap();
    assert_eq!(stats(&cache), (1, 3));
}

pub(crate) fn keyword_arguments_are_an_entry_of_their_own(world: &mut World) {
    let cache = world.twin("plain");
    let open = json!({"status": "open"});
    let (theirs, runs) =
        world
            .python
            .call_with("plain", "get_user_tasks", json!([7]), open.clone());
    assert_eq!(runs, 1);
    assert_eq!(json!(get_user_tasks_by_name(&cache, 7, "open")), theirs);
    assert_eq!(get_user_tasks_by_name::stats_in(&cache.awaiting()).hits, 1);
    // By position it is another call, in both languages.
    let (_, runs) = world
        .python
        .call("plain", "get_user_tasks", json!([7, "open"]));
    assert_eq!(runs, 2);

    get_user_tasks_by_name(&cache, 8, "open");
    let (_, runs) = world
        .python
        .call_with("plain", "get_user_tasks", json!([8]), open);
    assert_eq!(runs, 2);
}

pub(crate) fn async_functions_share_as_well(world: &mut World) {
    let cache = world.twin("plain").awaiting();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        // An integer is stored bare: the guide's decorator and `incr` share it too.
        assert_eq!(count_tasks(&cache, 5).await, 500);
        assert_eq!(
            world.python.call("plain", "count_tasks", json!([5])),
            (json!(500), 0)
        );
        let key = key_of(world, "count_tasks", json!([5]));
        assert_eq!(world.python.ask("plain", "incr", json!([key, 1])), 501);
        assert_eq!(count_tasks(&cache, 5).await, 501);
        assert_eq!(
            world.python.call("plain", "count_tasks", json!([6])),
            (json!(60), 1)
        );
        assert_eq!(count_tasks(&cache, 6).await, 60);
    });
}

/// The guide's decorator takes a stored `None` for a miss; so does ours unless it says `cache_none`.
pub(crate) fn none_is_a_miss_for_the_guides_decorator(world: &mut World) {
    let cache = world.twin("plain");
    let call = |world: &mut World| world.python.call("plain", "find_task", json!([-1]));
    assert_eq!(call(world), (json!(null), 1));
    assert_eq!(
        call(world),
        (json!(null), 2),
        "run again, although it is stored"
    );
    let key = key_of(world, "find_task", json!([-1]));
    assert_eq!(world.python.ask("plain", "has_key", json!([key])), true);
    let found = cache.get::<Value>(&key).unwrap();
    assert_eq!(found, Some(json!(null)), "stored it is");

    // Without `cache_none`: run again as well, and no error.
    assert_eq!(find_task(&cache, -1), None);
    assert_eq!(find_task(&cache, -1), None);
    let seen = find_task::stats_in(&cache.awaiting());
    assert_eq!((seen.hits, seen.misses, seen.errors), (0, 2, 0), "{seen:?}");
    // With it: Python's `None` is a hit, and Python may read ours.
    let cache = world.twin("plain");
    assert_eq!(find_task_or_none(&cache, -1), None);
    let seen = find_task_or_none::stats_in(&cache.awaiting());
    assert_eq!((seen.hits, seen.misses, seen.errors), (1, 0, 0), "{seen:?}");
    assert_eq!(find_task_or_none(&cache, -2), None);
    let key = key_of(world, "find_task", json!([-2]));
    assert_eq!(
        world.python.ask("plain", "get", json!([key, "nothing"])),
        json!(null)
    );

    // A `Some` is the bare value.
    let cache = world.twin("plain");
    assert_eq!(
        find_task(&cache, 1).as_deref(),
        Some("task 1, found by Rust")
    );
    let (theirs, runs) = world.python.call("plain", "find_task", json!([1]));
    assert_eq!((theirs, runs), (json!("task 1, found by Rust"), 2));
}

/// An error is not kept, so Python computes.
pub(crate) fn errors_are_not_shared(world: &mut World) {
    #[cache_result(key_prefix = "count", name = "count_tasks", skip(cache), cache = cache.awaiting())]
    fn failing(cache: &BlockingCache, user_id: i64) -> Result<i64, String> {
        Err("the database is away".to_owned())
    }
    let cache = world.twin("plain");
    assert!(failing(&cache, 1).is_err());
    assert_eq!(
        world.python.call("plain", "count_tasks", json!([1])),
        (json!(10), 1)
    );
    assert_eq!(failing(&cache, 1), Ok(10), "what Python computed is a hit");
}

/// Keys of arguments of every type are those that the Python function asks for.
pub(crate) fn every_type_of_argument_names_the_same_entry(world: &mut World) {
    // A function for each type: a type parameter would be a part of the key.
    macro_rules! shared {
        ($($type:ty: $value:expr,)*) => {$({
            #[cache_result(key_prefix = "anything", name = "anything", skip(cache), cache = cache.awaiting())]
            fn anything(cache: &BlockingCache, argument: $type) -> String {
                format!("Rust had {argument:?}")
            }
            // A cache for each: in one cache they would be found to claim the same entries.
            let cache = world.twin("plain");
            let value: $type = $value;
            let argument = json!([value]);
            let ours = anything(&cache, value);
            let answer = world.python.call("plain", "anything", argument.clone());
            assert_eq!(answer, (json!(ours), 0), "{argument}");
        })*};
    }
    let lists = BTreeMap::from([("é".to_owned(), vec![1.5, 1e-7]), ("a".to_owned(), vec![])]);
    shared! {
        u8: 1,
        i64: i64::MIN,
        u64: u64::MAX,
        bool: true,
        f64: 1.0,
        f64: 1e16,
        f64: 0.1 + 0.2,
        f64: 662_100_177_658_617.2,
        &str: "",
        &str: "é清😀\u{7f}\u{2028}\"\\\n",
        Option<u8>: None,
        Option<&str>: Some("x"),
        (u8, &str, Option<bool>): (1, "two", None),
        &[i32]: &[-1, 0, 1],
        Vec<Vec<String>>: vec![vec!["x".to_owned()], vec![]],
        BTreeMap<String, Vec<f64>>: lists,
        Task: tasks(1, None).remove(0),
        Value: json!({"b": [null, {"z": 1, "a": 2}], "a": 1.5}),
    }
}
