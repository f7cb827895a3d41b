//! One number, counted from both sides at once.

use std::thread;

use cache_runtime::ErrorKind;
use serde_json::json;

use crate::world::World;

const EACH: i64 = 500;

pub(crate) fn nothing_is_lost_when_both_count(world: &mut World) {
    let cache = world.cache("");
    world.python.ask("plain", "set", json!(["visits", 1000]));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..EACH {
                    cache.incr("visits", 2).unwrap();
                }
            });
        }
        let order = |method, by| json!({"cache": "plain", "do": method, "args": ["visits", by], "times": EACH});
        world.python.order(&order("incr", 5));
        world.python.order(&order("decr", 1));
    });
    let sum = 1000 + 4 * EACH * 2 + EACH * 5 - EACH;
    assert_eq!(cache.get("visits").unwrap(), Some(sum));
    assert_eq!(world.python.ask("plain", "get", json!(["visits"])), sum);
}

pub(crate) fn a_number_is_one_for_both(world: &mut World) {
    for alias in ["plain", "zlib"] {
        let cache = world.twin(alias);
        cache.set("from_rust", &41_u8, 60).unwrap();
        assert_eq!(world.python.ask(alias, "incr", json!(["from_rust"])), 42);
        // Longer than what zlib leaves alone, and bare all the same.
        world.python.ask(
            alias,
            "set",
            json!(["from_python", 1_234_567_890_123_456_789_i64]),
        );
        assert_eq!(
            cache.incr("from_python", 1).unwrap(),
            1_234_567_890_123_456_790
        );
        // What is not there, is there for neither.
        let error = cache.incr("missing", 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let order = json!({"cache": alias, "do": "incr", "args": ["missing"]});
        let error = world.python.try_order(&order).unwrap_err();
        assert!(error.starts_with("ValueError"), "{error}");
        // A text is no number.
        world.python.ask(alias, "set", json!(["text", "seven"]));
        let error = cache.incr("text", 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
}
