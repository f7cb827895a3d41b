//! The examples, run as a reader would run them: the quickstart on every store, with no line changed.

mod printed;

use std::process::Command;

use cache_tests::built_examples::EXAMPLES;
use cache_tests::every_store::EVERY_STORE;
use cache_tests::redis_server::RedisServer;

fn quickstart(url: Option<&str>) -> String {
    example("quickstart", url)
}

/// What it prints with this `CACHE_URL`.
fn example(name: &str, url: Option<&str>) -> String {
    told(name, url, &[])
}

/// The same with these arguments.
fn told(name: &str, url: Option<&str>, arguments: &[&str]) -> String {
    let mut command = Command::new(&EXAMPLES[name]);
    command.args(arguments).env_remove("CACHE_URL");
    if let Some(url) = url {
        command.env("CACHE_URL", url);
    }
    let output = command.output().expect("the example runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{url:?}: {text}\n{errors}");
    text
}

/// The quickstart on the store of this name, told with a `key_prefix` and with patience for a busy
/// machine; `None` where its server may be missing.
fn on(name: &str) -> Option<String> {
    let store = EVERY_STORE.iter().find(|store| store.name == name);
    let started = (store.expect("it is in the list").start)()?;
    let url = started.with("key_prefix=task_api&op_timeout=10&connect_timeout=10");
    let text = quickstart(Some(&url));
    assert_tells_its_story(&text);
    Some(text)
}

fn assert_tells_its_story(text: &str) {
    for part in [
        "200000 tasks of 1000 users",
        "speed-up",
        "after the update the next read says",
        " 0 errors",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

/// As well as that: results were kept, and the update has made them anew.
fn assert_keeps(text: &str) {
    assert!(text.contains(" 4 misses"), "{text}");
    let entries = |name: &str, state: &str| {
        let is_entry = |line: &str| line.contains(name) && line.ends_with(state);
        assert!(text.lines().any(is_entry), "{name} {state}: {text}");
    };
    entries("  task_api:1:user_statistics:", "  is not there");
    entries("  task_api:1:user_tasks:", "");
    entries("  task_api:1:task:", "  is there");
}

/// One test for each store.
macro_rules! stores {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                if let Some(text) = on($name) {
                    assert_keeps(&text);
                }
            }
        )*

        #[test]
        fn no_store_is_left_out() {
            let names: Vec<_> = EVERY_STORE.iter().map(|store| store.name).collect();
            assert_eq!(names, [$($name),*]);
        }
    };
}

stores! {
    quickstart_in_process: "memory",
    quickstart_on_redis: "redis",
    quickstart_on_redis_over_a_unix_socket: "redis-unix",
    quickstart_on_redis_over_tls: "redis-tls",
    quickstart_on_a_redis_cluster: "redis-cluster",
    quickstart_on_redis_behind_sentinels: "redis-sentinel",
    quickstart_on_memcached: "memcached",
    quickstart_on_three_memcached: "memcached-3",
    quickstart_on_sqlite: "sqlite",
    quickstart_on_postgres: "postgres",
    quickstart_on_mariadb: "mariadb",
    quickstart_on_files: "files",
}

#[test]
fn quickstart_without_a_url_is_in_process() {
    let text = quickstart(None);
    assert_tells_its_story(&text);
    assert!(text.contains("  :1:user_statistics:"), "{text}");
    assert!(text.contains(" 4 misses"), "{text}");
}

#[test]
fn quickstart_on_dummy_runs_everything() {
    let text = quickstart(Some("dummy://?key_prefix=task_api"));
    assert_tells_its_story(&text);
    assert!(text.contains(": 0 hits"), "{text}");
    let keys: Vec<_> = text
        .lines()
        .filter(|line| line.contains("task_api:1:"))
        .collect();
    assert_eq!(keys.len(), 3);
    assert!(
        keys.iter().all(|line| line.ends_with("  is not there")),
        "{text}"
    );
}

#[test]
fn the_keys_that_it_prints_are_those_that_redis_has() {
    let server = RedisServer::start();
    let text = quickstart(Some(&format!(
        "{}?key_prefix=task_api&op_timeout=10&connect_timeout=10",
        server.url(0)
    )));
    let name = text
        .lines()
        .find_map(|line| line.trim().strip_suffix("  is there"))
        .expect("the key is printed");
    assert!(name.starts_with("task_api:1:"), "{name}");
    assert_eq!(server.command(&["TYPE", name]), "string");
}

#[test]
fn quickstart_runs_with_a_redis_that_is_not_there() {
    let text = quickstart(Some("redis://127.0.0.1:1/0"));
    assert!(text.contains("does not answer"), "{text}");
    assert!(text.contains("cannot be looked for"), "{text}");
    assert!(
        text.contains("after the update the next read says"),
        "{text}"
    );
}

#[test]
fn own_store_does_what_every_store_does() {
    let text = example("own_store", None);
    assert!(text.contains("first call: 338350 in "), "{text}");
    assert!(text.contains("second call: 338350 in "), "{text}");
    assert!(
        text.contains("its key in the store: own:1:squares:"),
        "{text}"
    );
    assert!(text.contains("the store's keys: 1\n"), "{text}");
    // The table: a mark for the type, for `Box<dyn Store>` and for `Arc<dyn Store>`.
    assert!(text.contains("type  Box<dyn>  Arc<dyn>"), "{text}");
    let row = text
        .lines()
        .find(|line| line.starts_with("races: of many adds one wins"))
        .expect("the race is in the table");
    assert_eq!(row.matches('✓').count(), 3, "{row}");
    assert!(
        text.contains("0 not to be done, 0 not kept"),
        "it can do all there is: {text}"
    );
}

#[test]
fn warm_fills_a_redis_and_finds_it_full() {
    let server = RedisServer::start();
    let options = "key_prefix=shop&op_timeout=10&connect_timeout=10";
    let url = format!("{}?{options}", server.url(0));
    let warm = |more: &[&str]| {
        let arguments = [&["--url", &url, "--concurrency", "50"], more].concat();
        told("warm", None, &arguments)
    };
    let key = |report: &str| {
        let (_, told) = report
            .split_once("\n  item 249 (")
            .expect("a failure is told");
        told.split_once("): no answer about product 250\n")
            .expect("with its error")
            .0
            .to_owned()
    };
    let first = warm(&[]);
    let numbers = "500 entries: 494 warmed, 0 already there, 5 not kept, 1 failed\n";
    assert!(first.starts_with(numbers), "{first}");
    assert!(key(&first).starts_with("shop:1:prices:"), "{first}");
    assert_eq!(server.command(&["DBSIZE"]), "494");
    let second = warm(&["--quiet"]);
    let numbers = "500 entries: 0 warmed, 494 already there, 5 not kept, 1 failed\n";
    assert!(second.starts_with(numbers), "{second}");
    let third = warm(&["--refresh"]);
    assert!(third.starts_with("500 entries: 494 warmed"), "{third}");
}
