//! Caches by URL and by builder: every mistake is one clear error that names what is allowed, and
//! no password is ever shown.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::process::{Command, Output};
use std::time::Duration;

use cache_runtime::{Cache, ErrorKind, Timeout, Ttl, cache_result, caches};
use cache_tests::redis_server::RedisServer;

/// The message of the error that this URL is.
fn message(url: &str) -> String {
    let error = Cache::from_url(url).expect_err(url);
    assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    assert_eq!(error.operation(), "from_url", "{url}");
    assert!(!error.is_retryable(), "{url}");
    error.to_string()
}

#[test]
fn every_mistake_is_said_with_what_is_allowed() {
    for (url, expected) in [
        (
            "",
            "from_url: \"\" is not a cache URL: it has no `scheme://`",
        ),
        (
            "localhost:6379",
            "from_url: \"localhost:6379\" is not a cache URL: it has no `scheme://`",
        ),
        (
            "reddis://localhost",
            "from_url: unknown scheme `reddis`; \
             there is memory://, redis://, redis+unix://, dummy://",
        ),
        (
            "memory://?timeot=60",
            "from_url: unknown option `timeot`; there is key_prefix, version, timeout, format, \
             compress, max_value_size, max_entries, max_bytes, key_hash, connect_timeout, \
             op_timeout",
        ),
        (
            "redis://host?timeot=60",
            "from_url: unknown option `timeot`; there is key_prefix, version, timeout, format, \
             compress, max_value_size, max_entries, max_bytes, key_hash, connect_timeout, \
             op_timeout; for redis:// also db, max_connections",
        ),
        (
            "memory://?timeout",
            "from_url: the option `timeout` has no value: write `timeout=…`",
        ),
        (
            "memory://?timeout=1&timeout=2",
            "from_url: the option `timeout` is given twice",
        ),
        (
            "memory://?timeout=soon",
            "from_url: `timeout=soon` cannot be: \
             the value is seconds (`600`), a duration (`10m`) or `never`",
        ),
        (
            "memory://?version=one",
            "from_url: `version=one` cannot be: the value is an integer",
        ),
        (
            "redis://localhost?format=pickle",
            "from_url: `format=pickle` cannot be: the value is `native`, `json` or `django`",
        ),
        (
            "redis://localhost?compress=rar",
            "from_url: `compress=rar` cannot be: the value is `none` or `zlib`",
        ),
        (
            "redis://localhost?key_hash=crc",
            "from_url: `key_hash=crc` cannot be: the value is `md5` or `blake3`",
        ),
        (
            "memory://?max_value_size=big",
            "from_url: `max_value_size=big` cannot be: \
             the value is bytes above zero (`1048576`, `64MiB`, `10MB`)",
        ),
        (
            "memory://?max_entries=0",
            "from_url: `max_entries=0` cannot be: the value is a whole number above zero",
        ),
        (
            "redis://localhost?op_timeout=0",
            "from_url: `op_timeout=0` cannot be: \
             the value is seconds (`0.5`) or a duration (`500ms`), above zero",
        ),
        (
            "redis://localhost?db=-1",
            "from_url: `db=-1` cannot be: the value is a database number",
        ),
        (
            "redis://localhost/one",
            "from_url: `/one` is not a database number: write redis://host:6379/1",
        ),
        (
            "redis://localhost/1?db=2",
            "from_url: the database is given twice, in the path and as `db`",
        ),
        (
            "redis://localhost:99999",
            "from_url: `99999` is not a port (0 to 65535)",
        ),
        (
            "redis://one,two",
            "from_url: redis:// has one host; several are not supported by this version",
        ),
        (
            "redis+unix://",
            "from_url: redis+unix:// needs the path of a socket: redis+unix:///run/redis.sock?db=1",
        ),
        (
            "redis+unix://run/redis.sock",
            "from_url: redis+unix:// has a path and no host: \
             write three slashes, redis+unix:///run/redis.sock?db=1",
        ),
        (
            "memory://localhost/1",
            "from_url: memory:// has no host and no path: write memory://?option=value",
        ),
        (
            "redis://:50%@localhost",
            "from_url: a `%` in the URL is not followed by two hex digits",
        ),
        (
            "redis://:%ff@localhost",
            "from_url: the URL's percent-encoded text is not UTF-8",
        ),
        (
            "redis://:pa/ss@localhost/1",
            "from_url: a user or password with `/` or `?` in it must be percent-encoded: \
             write %2F for `/`, %3F for `?`",
        ),
    ] {
        assert_eq!(message(url), expected, "{url}");
    }
}

#[test]
fn good_urls_are_taken() {
    for url in [
        "memory://",
        "MEMORY://",
        "memory://?max_entries=10000&max_bytes=64MiB",
        "dummy://",
        "redis://localhost",
        "redis://localhost/",
        "redis://[::1]:6379/1",
        "redis://user:p%40ss%2F@localhost:6379/1?key_prefix=a%20b&timeout=never",
        "redis://:pass@w@rd@localhost",
        "redis+unix:///run/redis@home.sock?db=3",
        "redis://localhost?timeout=10m&op_timeout=250ms&connect_timeout=1.5&max_connections=4",
        "redis://localhost?format=django&compress=zlib&max_value_size=10MB&version=-3",
    ] {
        if let Err(error) = Cache::from_url(url) {
            panic!("{url}: {error}");
        }
    }
}

#[test]
fn a_password_is_never_shown() {
    // In each of them stands `secret`, and something else is wrong.
    for url in [
        "me:secret@host",
        "redis:/me:secret@host",
        "me:two@secret@host",
        "reddis://me:secret@host",
        "redis://me:secret@host?timeot=1",
        "redis://me:secret@host/one",
        "redis://me:secret@host:port",
        "redis://me:secret@one,two",
        "redis://me:secret%@host",
        "redis://me:/secret@host",
        "redis://me:secret/@host",
        "redis://me:?secret@host",
        "redis://me:secret?@host",
        "redis://:#secret@host:port",
        "memory://me:secret@host",
        "redis://host?password=secret",
        "redis://host?secret",
    ] {
        let error = Cache::from_url(url).expect_err(url);
        let texts = format!("{error} {error:?} {error:#?}");
        // The name of an option is what the message is about.
        if !url.ends_with("?secret") {
            assert!(!texts.contains("secret"), "{url}: {texts}");
        }
    }
    let cache = Cache::from_url("redis://me:secret@127.0.0.1:1/0?connect_timeout=0.1").unwrap();
    let error = cache.blocking().ping().unwrap_err();
    let texts = format!("{cache:?} {:?} {error} {error:?}", cache.blocking());
    assert!(!texts.contains("secret"), "{texts}");
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    for login in [":secret", "me:secret"] {
        let url = format!("redis://{login}@127.0.0.1:{}/0", server.port());
        let error = Cache::from_url(&url)
            .unwrap()
            .blocking()
            .ping()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert_eq!(error.operation(), "ping");
        assert_eq!(
            error.to_string(),
            "ping: the server refused the login: WRONGPASS"
        );
        assert!(!format!("{error:?}").contains("secret"));
    }
    let url = format!("redis://127.0.0.1:{}/0", server.port());
    let error = Cache::from_url(&url)
        .unwrap()
        .blocking()
        .ping()
        .unwrap_err();
    assert!(error.to_string().contains("NOAUTH"), "{error}");
}

#[test]
fn user_and_password_open_the_door() {
    let server = RedisServer::start_with(&["--requirepass", "p@ss/w:rd%"]);
    let port = server.port();
    let acl = ["ACL", "SETUSER", "me", "on", ">two:parts", "~*", "+@all"];
    assert_eq!(server.command(&acl), "OK");
    for login in [
        ":p%40ss%2Fw%3Ard%25",
        "default:p%40ss%2Fw:rd%25",
        "me:two:parts",
    ] {
        let cache = Cache::from_url(&format!("redis://{login}@127.0.0.1:{port}/0")).unwrap();
        let cache = cache.blocking();
        cache.ping().unwrap();
        cache.set("login", login, 60).unwrap();
        assert_eq!(cache.get::<String>("login").unwrap().unwrap(), login);
    }
}

#[test]
fn the_database_is_in_the_path_or_an_option() {
    let server = RedisServer::start();
    let port = server.port();
    let path = server.socket_path();
    let path = path.display();
    for (db, url) in [
        (0, format!("redis://127.0.0.1:{port}")),
        (3, format!("redis://127.0.0.1:{port}/3")),
        (4, format!("redis://127.0.0.1:{port}?db=4")),
        (0, format!("redis+unix://{path}")),
        (5, format!("redis+unix://{path}?db=5")),
    ] {
        assert_eq!(server.command(&["FLUSHALL"]), "OK");
        let cache = Cache::from_url(&url).unwrap().blocking();
        cache.set("key", &1, 60).unwrap();
        let keyspace = server.command(&["INFO", "keyspace"]);
        assert!(
            keyspace.contains(&format!("db{db}:keys=1")),
            "{url}: {keyspace}"
        );
    }
}

#[test]
fn options_do_what_they_say() {
    let cache = Cache::from_url("memory://?timeout=10m&key_prefix=a%20b&max_value_size=1kB");
    let cache = cache.unwrap().blocking();
    cache.set("key", &1, Timeout::Default).unwrap();
    let Ttl::After(left) = cache.ttl("key").unwrap() else {
        panic!("ten minutes have an end");
    };
    assert!(left > Duration::from_secs(590) && left <= Duration::from_secs(600));
    let error = cache.set("key", &"x".repeat(1001), 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);

    let dummy = Cache::from_url("dummy://").unwrap().blocking();
    assert!(dummy.add("key", &1, 60).unwrap());
    assert_eq!(dummy.get::<i32>("key").unwrap(), None);
    assert!(!dummy.touch("key", 60).unwrap());
    assert_eq!(
        dummy.incr("key", 1).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(dummy.get_or_set("key", 60, || 7).unwrap(), 7);
    dummy.clear().unwrap();
}

#[test]
fn the_builder_says_what_cannot_be() {
    let error = Cache::builder().max_entries(0).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "build: `max_entries` is at least 1; `dummy://` keeps nothing"
    );
    let error = Cache::builder()
        .op_timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "build: `op_timeout` is above zero");
    let error = Cache::builder()
        .connect_timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "build: `connect_timeout` is above zero");
}

#[test]
fn an_alias_is_letters_digits_and_a_few_signs() {
    for alias in ["", "two words", "a/b"] {
        let error = caches().set(alias, Cache::isolated()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{alias}");
        let told = error.to_string();
        assert!(
            told.ends_with("use letters, digits, `_`, `-` and `.`"),
            "{told}"
        );
    }
    caches().set("page-cache.v2", Cache::isolated()).unwrap();
    assert!(caches().get("page-cache.v2").is_ok());
    assert!(caches().aliases().contains(&"page-cache.v2".to_owned()));
    let error = caches().get("nowhere").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownCache);
    assert_eq!(
        error.to_string(),
        "no cache has the alias \"nowhere\": set it with caches().set(\"nowhere\", …), \
         or CACHE_URL_NOWHERE in the environment"
    );
}

// The environment is read once in a process, so each of these runs a test of this very file in a
// process of its own.

const CHILD: &str = "CACHE_TESTS_CHILD";

fn child(test: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
        .env_remove("CACHE_URL")
        .env_remove("CACHE_URL_SESSIONS");
    command.env(CHILD, "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[cache_result(timeout = 60, key_prefix = "by_default")]
fn by_default(n: u64) -> u64 {
    n + 1
}

#[cache_result(timeout = 60, key_prefix = "sessions", cache = "sessions")]
fn of_sessions(n: u64) -> u64 {
    n + 2
}

#[test]
fn in_a_child_nothing_is_configured() {
    if !is_child() {
        return;
    }
    let cache = caches().get("default").unwrap().blocking();
    cache.set("key", &1, 60).unwrap();
    assert_eq!(cache.get::<i32>("key").unwrap(), Some(1));
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!(by_default::stats().local_hits, 1);
    // An alias has no default: its function runs uncached, and that is counted.
    assert_eq!((of_sessions(1), of_sessions(1)), (3, 3));
    assert_eq!(of_sessions::stats().hits, 0);
    assert_eq!(of_sessions::stats().errors, 2);
}

#[test]
fn without_a_variable_the_cache_is_in_process() {
    child("in_a_child_nothing_is_configured", &[]);
    child("in_a_child_nothing_is_configured", &[("CACHE_URL", " ")]);
}

#[test]
fn in_a_child_both_variables_are_set() {
    if !is_child() {
        return;
    }
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!((of_sessions(1), of_sessions(1)), (3, 3));
    let (one, two) = (by_default::stats(), of_sessions::stats());
    assert_eq!((one.hits, one.local_hits), (1, 0));
    assert_eq!((two.hits, two.local_hits), (1, 0));
    assert!(by_default::entry(1).key().starts_with("app:1:by_default:"));
    assert!(of_sessions::entry(1).key().starts_with("web:1:sessions:"));
    // What the program sets counts more.
    caches().set("default", Cache::isolated()).unwrap();
    by_default(1);
    by_default(1);
    assert_eq!(by_default::stats().local_hits, 1);
}

#[test]
fn the_variables_say_where_caches_are() {
    let server = RedisServer::start();
    let default = format!("{}?key_prefix=app", server.url(1));
    let sessions = format!("{}?key_prefix=web", server.url(2));
    let variables = [("CACHE_URL", &*default), ("CACHE_URL_SESSIONS", &*sessions)];
    child("in_a_child_both_variables_are_set", &variables);
    let keyspace = server.command(&["INFO", "keyspace"]);
    assert!(keyspace.contains("db1:keys=1"), "{keyspace}");
    assert!(keyspace.contains("db2:keys=1"), "{keyspace}");
}

#[test]
fn in_a_child_the_url_is_bad() {
    if !is_child() {
        return;
    }
    let error = caches().get("default").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "CACHE_URL: from_url: unknown scheme `reddis`; \
         there is memory://, redis://, redis+unix://, dummy://"
    );
    assert!(!format!("{error:?}").contains("secret"));
    // It never breaks a call.
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!(by_default::stats().hits, 0);
    assert_eq!(by_default::stats().errors, 2);
    let error = by_default::entry(1).get().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    // What the program sets heals it.
    caches().set("default", Cache::isolated()).unwrap();
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!(by_default::stats().hits, 1);
}

#[test]
fn a_bad_variable_is_an_error_of_get_and_never_breaks_a_call() {
    let bad = [("CACHE_URL", "reddis://me:secret@localhost")];
    child("in_a_child_the_url_is_bad", &bad);
}
