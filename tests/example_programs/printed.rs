//! The small examples, one idea each: what they print is recorded in `data/examples`, and compared.

use cache_tests::built_examples::EXAMPLES;
use cache_tests::every_store::EVERY_STORE;

use crate::example;

/// They print the same wherever their results are kept, but for the prefix of a key.
const ANYWHERE: [&str; 12] = [
    "by_hand",
    "cache_aside",
    "django_keys",
    "invalidation_by_event",
    "invalidation_by_tag",
    "invalidation_by_version",
    "many",
    "methods",
    "query_caching",
    "ttl",
    "warming",
    "write_through",
];

/// They bring their cache with them, or show what is so in process.
const BY_THEMSELVES: [&str; 5] = [
    "in_process",
    "monitoring",
    "server_down",
    "slow_functions",
    "testing",
];

/// Those of `cache-web`.
const OF_THE_WEB: [&str; 2] = ["fragments", "pages"];

/// They have tests of their own, here or in `tests/web`.
const ELSEWHERE: [&str; 7] = [
    "own_store",
    "quickstart",
    "reverse_proxy",
    "stores",
    "tasks_web",
    "two_levels",
    "warm",
];

/// What an example prints; `CACHE_EXAMPLES_RECORD=1` records it instead of comparing.
fn assert_prints(name: &str, recorded: &str, url: Option<&str>) {
    let file = format!(
        "{}/data/examples/{recorded}.txt",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = example(name, url).replace("printed:2:", ":2:");
    if std::env::var_os("CACHE_EXAMPLES_RECORD").is_some() {
        std::fs::write(&file, &text).expect("it can be recorded");
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        text, expected,
        "{name} with {url:?} does not print {recorded}.txt"
    );
}

const OPTIONS: &str = "key_prefix=printed&op_timeout=10&connect_timeout=10";

#[test]
fn in_process() {
    for name in ANYWHERE.iter().chain(&BY_THEMSELVES).chain(&OF_THE_WEB) {
        assert_prints(name, name, None);
    }
}

#[test]
fn on_every_store() {
    for store in EVERY_STORE {
        if let Some(started) = (store.start)() {
            for name in ANYWHERE.iter().chain(&OF_THE_WEB) {
                assert_prints(name, name, Some(&started.with(OPTIONS)));
            }
        }
    }
}

/// What is particular about each store is recorded by its name.
#[test]
fn stores_says_what_is_particular_about_each() {
    assert_prints("stores", "stores_dummy", Some("dummy://"));
    for store in EVERY_STORE {
        if let Some(started) = (store.start)() {
            let recorded = format!("stores_{}", store.name);
            assert_prints("stores", &recorded, Some(&started.with(OPTIONS)));
        }
    }
}

/// Where there is news of other processes.
#[test]
fn two_levels_hears_of_changes() {
    for store in EVERY_STORE {
        let carries_news = ["redis", "redis-cluster", "redis-sentinel", "postgres"];
        if !carries_news.contains(&store.name) {
            continue;
        }
        if let Some(started) = (store.start)() {
            assert_prints("two_levels", "two_levels", Some(&started.with(OPTIONS)));
        }
    }
}

#[test]
fn no_example_is_left_out() {
    let mut known: Vec<_> = [&ANYWHERE[..], &BY_THEMSELVES, &OF_THE_WEB, &ELSEWHERE].concat();
    known.sort_unstable();
    let mut built: Vec<_> = EXAMPLES.keys().map(String::as_str).collect();
    built.sort_unstable();
    assert_eq!(built, known);
}
