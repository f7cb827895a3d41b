//! Whose entry it is: prefixes, versions, keys of all kinds, and clearing one's own alone.

use cache_runtime::{BlockingCache, cache_result};
use serde_json::json;

use crate::world::{PREFIX, World};

pub(crate) fn prefix_and_version_are_those_of_the_settings(world: &mut World) {
    let first = world.cache("");
    let third = world.cache("&version=3");
    let other = world.cache_of("other_api", "");
    for (alias, cache) in [("plain", &first), ("third", &third), ("other", &other)] {
        world
            .python
            .ask(alias, "set", json!(["from_python", alias]));
        cache.set("from_rust", &alias, 60).unwrap();
    }
    for (alias, cache) in [("plain", &first), ("third", &third), ("other", &other)] {
        let found = cache.get::<String>("from_python").unwrap();
        assert_eq!(found.as_deref(), Some(alias));
        assert_eq!(world.python.ask(alias, "get", json!(["from_rust"])), alias);
    }
    // A version for one call, in both languages.
    let order =
        json!({"cache": "plain", "do": "get", "args": ["from_rust"], "kwargs": {"version": 3}});
    assert_eq!(world.python.order(&order)["result"], "third");
    let found = first.awaiting().with_version(3).blocking();
    assert_eq!(
        found.get::<String>("from_python").unwrap().as_deref(),
        Some("third")
    );
}

pub(crate) fn an_entry_moves_to_another_version(world: &mut World) {
    let (first, third) = (world.cache(""), world.cache("&version=3"));
    first.set("moving", &"here", 60).unwrap();
    assert_eq!(first.incr_version("moving", 2).unwrap(), 3);
    assert_eq!(
        world.python.ask("plain", "get", json!(["moving"])),
        json!(null)
    );
    assert_eq!(world.python.ask("third", "get", json!(["moving"])), "here");
    assert_eq!(
        world
            .python
            .ask("third", "incr_version", json!(["moving", -2])),
        1
    );
    assert_eq!(third.get::<String>("moving").unwrap(), None);
    assert_eq!(
        first.get::<String>("moving").unwrap().as_deref(),
        Some("here")
    );
}

pub(crate) fn a_functions_version_is_djangos(world: &mut World) {
    #[cache_result(key_prefix = "count", version = 3, skip(cache), cache = cache.awaiting())]
    fn count_tasks(cache: &BlockingCache, user_id: i64) -> i64 {
        user_id * 100
    }
    let cache = world.cache("");
    assert_eq!(
        world.python.call("third", "count_tasks", json!([1])),
        (json!(10), 1)
    );
    assert_eq!(count_tasks(&cache, 1), 10);
    assert_eq!(count_tasks(&cache, 2), 200);
    assert_eq!(
        world.python.call("third", "count_tasks", json!([2])),
        (json!(200), 1)
    );
    assert_eq!(
        world.python.call("plain", "count_tasks", json!([2])),
        (json!(20), 2)
    );
}

pub(crate) fn keys_of_all_kinds(world: &mut World) {
    let cache = world.cache("");
    for key in ["a", "é清😀", "with:colons:1:", "*?[a]", &"k".repeat(200)] {
        cache.set(key, &"from Rust", 60).unwrap();
        assert_eq!(
            world.python.ask("plain", "get", json!([key])),
            "from Rust",
            "{key}"
        );
        world
            .python
            .ask("plain", "set", json!([key, "from Python"]));
        let found = cache.get::<String>(key).unwrap();
        assert_eq!(found.as_deref(), Some("from Python"), "{key}");
        assert!(cache.delete(key).unwrap());
        assert_eq!(world.python.ask("plain", "has_key", json!([key])), false);
    }
}

pub(crate) fn clearing_leaves_djangos_others_alone(world: &mut World) {
    let cache = world.cache("");
    for alias in ["plain", "zlib", "third", "other"] {
        world
            .python
            .ask(alias, "set", json!([format!("of_{alias}"), alias]));
    }
    cache.set("ours", &1, 60).unwrap();
    cache.clear().unwrap();
    assert!(!cache.has_key("ours").unwrap());
    for (alias, is_left) in [
        ("plain", false),
        ("zlib", false),
        ("third", true),
        ("other", true),
    ] {
        let found = world
            .python
            .ask(alias, "has_key", json!([format!("of_{alias}")]));
        assert_eq!(found, is_left, "{alias}");
    }
    // Django's own empties the database, whatever its prefix.
    cache.set("ours", &1, 60).unwrap();
    world.python.ask("other", "clear", json!([]));
    assert!(!cache.has_key("ours").unwrap());
    assert_eq!(
        world.python.ask("third", "has_key", json!(["of_third"])),
        false
    );
}

/// Redis alone: Memcached cannot list.
pub(crate) fn either_lists_what_the_other_wrote(world: &mut World) {
    let cache = world.cache("");
    cache.set("task:rust", &1, 60).unwrap();
    world.python.ask("plain", "set", json!(["task:python", 1]));
    world.python.ask("third", "set", json!(["task:third", 1]));
    let mut ours = cache.keys("task:*").unwrap();
    ours.sort();
    assert_eq!(ours, ["task:python", "task:rust"], "prefix {PREFIX}");
    let found = world.python.ask("plain", "keys", json!(["task:*"]));
    let mut theirs: Vec<String> = serde_json::from_value(found).unwrap();
    theirs.sort();
    assert_eq!(theirs, ours);
}
