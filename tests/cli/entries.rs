//! Entries in all forms in which they are kept, and keys that can be read in two ways.

use std::time::{Duration, Instant};

use cache_runtime::Cache;
use cache_tests::redis_server::RedisServer;
use serde_json::json;

use crate::world::{LIMITS, Ran, on, on_all, program};

fn set(url: &str, key: &str) {
    let cache = Cache::from_url(url).unwrap().blocking();
    let value = json!({ "title": "aufräumen ✓", "hours": [1.5, 2], "text": "a".repeat(500) });
    cache.set(key, &value, 60).unwrap();
}

#[test]
fn every_format() {
    let server = RedisServer::start();
    let secret = "a secret of more than sixteen bytes";
    for options in [
        "format=native",
        "format=compact",
        "format=json",
        "format=django",
        "format=django&compress=zlib",
        "compress=zlib",
        "compress=zstd",
        "format=compact&compress=lz4",
    ] {
        let url = format!("{}?key_prefix=app&{options}&{LIMITS}", server.url(0));
        set(&url, "entry");
        let entry = on(&url, "get entry --json").json(0);
        assert_eq!(
            entry["value"]["hours"],
            json!([1.5, 2]),
            "{options}: {entry:#}"
        );
        assert_eq!(entry["value"]["title"], json!("aufräumen ✓"), "{options}");
    }
    // Signed: the tool needs the secret, from its own environment.
    let key = "CLI_TESTS_SIGNING_KEY";
    let signed = format!(
        "{}?key_prefix=signed&sign_with={key}&{LIMITS}",
        server.url(0)
    );
    let with_key = |secret: Option<&str>, command: &str| {
        let mut program = program();
        program.env("CACHE_URL", &signed).args(command.split(' '));
        match secret {
            Some(secret) => program.env(key, secret),
            None => program.env_remove(key),
        };
        Ran::of(&program.output().unwrap())
    };
    let builder = Cache::builder().key_prefix("signed").signing_key(secret);
    let sealed = builder.store(redis_store(&server)).build().unwrap();
    sealed.blocking().set("entry", "sealed", 60).unwrap();
    with_key(Some(secret), "get entry").says(&["\"sealed\""]);
    let other = with_key(Some("another secret that is of no use here"), "get entry");
    other.expect(6);
    other.says(&["signature", "sign_with"]);
    let none = with_key(None, "get entry");
    none.expect(2);
    none.says(&[key]);
}

fn redis_store(server: &RedisServer) -> impl cache_runtime::Store {
    use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
    let limit = Duration::from_secs(20);
    let config = RedisConfig {
        op_timeout: limit,
        connect_timeout: limit,
        ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", server.port()))
    };
    RedisStore::new(config).unwrap()
}

#[test]
fn what_cannot_be_read_is_said() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    assert_eq!(server.command(&["SET", "app:1:foreign", "not ours"]), "OK");
    let ran = on(&url, "get foreign");
    ran.expect(6);
    ran.says(&["8 bytes", "format"]);
    let entry = on(&url, "get foreign --json").json(6);
    assert_eq!(
        (&entry["readable"], &entry["bytes"]),
        (&json!(false), &json!(8))
    );
}

#[test]
fn a_key_is_the_users_or_the_stores() {
    let server = RedisServer::start();
    let url = |prefix: &str, version: i64| {
        format!(
            "{}?key_prefix={prefix}&version={version}&{LIMITS}",
            server.url(0)
        )
    };
    set(&url("app", 1), "entry");
    set(&url("other", 2), "entry");
    let app = url("app", 1);
    assert_eq!(
        on(&app, "get entry --json").json(0)["stored"],
        json!("app:1:entry")
    );
    // As redis-cli shows it, of this cache and of another.
    for (whole, place) in [("app:1:entry", "`app:1`"), ("other:2:entry", "`other:2`")] {
        let ran = on(&app, &format!("get {whole} --json"));
        assert_eq!(ran.json(0)["stored"], json!(whole));
        ran.says(&["taken as the store's key", place]);
    }
    // Both are there: it is asked, not guessed.
    set(&app, "other:2:entry");
    let ran = on(&app, "delete other:2:entry");
    ran.expect(2);
    ran.says(&["--as user", "app:1:other:2:entry"]);
    let ran = on(&app, "delete other:2:entry --as stored");
    assert_eq!(ran.expect(0), "deleted other:2:entry\n");
    let ran = on(&app, "delete other:2:entry");
    assert_eq!(ran.expect(0), "deleted app:1:other:2:entry\n");
    assert_eq!(on(&app, "ttl entry --as stored").expect(1), "");
}

#[test]
fn what_is_deleted_is_gone_from_the_processes_that_have_copies() {
    let server = RedisServer::start();
    let url = |prefix: &str| format!("{}?key_prefix={prefix}&{LIMITS}", server.url(0));
    for (prefix, delete) in [
        ("app", "delete entry"),
        // Named as the store has it, by the URL of another cache.
        ("other", "delete other:1:entry"),
        ("app", "clear --yes"),
    ] {
        // Longer than the test, that it is the news that drops it.
        let copied = format!("{}&local_max=100&local_timeout=3600", url(prefix));
        let cache = Cache::from_url(&copied).unwrap().blocking();
        cache.set("entry", "old", 3600).unwrap();
        let began = Instant::now();
        let limit = Duration::from_secs(60);
        let is_there = || cache.get::<String>("entry").unwrap().is_some();
        assert!(is_there());
        on(&url("app"), delete).expect(0);
        while is_there() {
            assert!(
                began.elapsed() < limit,
                "{delete}: the copy is still served"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn many_keys_and_a_reader_who_has_enough() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    let cache = Cache::from_url(&url).unwrap().blocking();
    let items = (0..3000).map(|number| (format!("entry-{number:04}"), number));
    cache.set_many(items.collect::<Vec<_>>(), 600).unwrap();
    let keys = on(&url, "keys").expect(0).lines().count();
    assert_eq!(keys, 3000);
    assert_eq!(
        on(&url, "keys entry-00?? --json")
            .json(0)
            .as_array()
            .unwrap()
            .len(),
        100
    );
    // The pipe closes before all is written.
    let mut child = program()
        .env("CACHE_URL", &url)
        .args(["keys", "--stored"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), &b""[..])
    );
    let cleared = on(&url, "clear --yes");
    assert_eq!(
        cleared.expect(0),
        "forgot 3000 entries (key prefix `app`, version 1)\n"
    );
}

#[test]
fn keys_with_spaces_and_dashes_are_handed_on_whole() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    // Another program's: this one writes no such keys.
    let keys = ["-x", "a b", "a\tb", "c"];
    for key in keys {
        assert_eq!(
            server.command(&["SET", &format!("app:1:{key}"), "{}"]),
            "OK"
        );
    }
    let listed = on(&url, "keys --null");
    assert_eq!(listed.expect(0), "-x\0a\tb\0a b\0c\0");
    let listed: Vec<&str> = listed.out.split_terminator('\0').collect();
    let stored = on(&url, "keys -0 --stored --limit 1");
    assert_eq!(stored.expect(0), "app:1:-x\0");
    on(&url, "keys --null --long").expect(2);
    assert_eq!(listed.len(), keys.len());
    set(&url, "-y");
    let deleted = on_all(&url, &["delete", "--", "-y"]);
    assert_eq!(deleted.expect(0), "deleted app:1:-y\n");
}

#[test]
fn a_terminal_is_not_played_with() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    let cache = Cache::from_url(&url).unwrap().blocking();
    let value = "\u{1b}[2J\u{9b}31m\u{202e}✓\u{7f}";
    cache.set("entry", value, 60).unwrap();
    let evil = "a\u{1b}[2J\u{202e}";
    let stored = format!("app:1:{evil}");
    assert_eq!(server.command(&["SET", &stored, "{}"]), "OK");
    let shown = "a\\u{1b}[2J\\u{202e}";
    for (arguments, part) in [
        (&["keys"][..], shown),
        (&["keys", "--long"], shown),
        (&["get", "entry"], "\\u202e✓"),
        (&["get", "entry", "--value"], "\\u202e✓"),
        (&["get", "nothing\u{1b}c"], "nothing\\u{1b}c"),
        (&["delete", "nothing\u{1b}c"], "nothing\\u{1b}c"),
        (&["delete-tag", "\u{1b}c"], "\\u{1b}c"),
        (&["delete-tag", "\u{1b}c", "--yes"], "\\u{1b}c"),
    ] {
        let ran = on_all(&url, arguments);
        ran.says(&[part]);
        let all = format!("{}{}", ran.out, ran.err);
        let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!all.contains(acts), "{arguments:?}: {ran:#?}");
    }
    // What a program reads is what it is.
    let read = on(&url, "get entry --value");
    let read: String = serde_json::from_str(read.expect(0)).unwrap();
    assert_eq!(read, value);
    let keys = on(&url, "keys --json").json(0);
    assert!(keys.as_array().unwrap().contains(&json!(evil)), "{keys}");
}

#[test]
fn what_is_deleted_before_an_error_is_told() {
    let server = RedisServer::start();
    let url = |options: &str| format!("{}?{options}&{LIMITS}", server.url(0));
    let app = url("key_prefix=app");
    for command in [
        "delete entry other:2:entry",
        "delete entry other:2:entry --json",
    ] {
        set(&app, "entry");
        set(&app, "other:2:entry");
        set(&url("key_prefix=other&version=2"), "entry");
        // Which of the two is meant has to be said.
        let ran = on(&app, command);
        ran.expect(2);
        assert!(ran.out.contains("app:1:entry"), "{ran:#?}");
    }
}

#[test]
fn a_tag_in_a_table_that_is_not_there_makes_none() {
    let folder = std::env::temp_dir().join(format!("cachectl-tag-{}", std::process::id()));
    let url = format!("sqlite://{}", folder.display());
    let ran = on(&url, "delete-tag user:7 --yes");
    ran.expect(1);
    ran.says(&["there is no file"]);
    assert!(!folder.exists());
}

#[test]
fn which_cache() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    set(&url, "entry");
    on_all("memory://", &["get", "entry", "--url", &url]).expect(0);
    let mut alias = program();
    alias.env("CACHE_URL_PAGE_CACHE", &url);
    let output = alias
        .args(["ttl", "entry", "--alias", "page-cache"])
        .output();
    Ran::of(&output.unwrap()).expect(0);
    let none = Ran::of(&program().args(["stats"]).output().unwrap());
    none.expect(2);
    none.says(&["CACHE_URL"]);
    let unknown = Ran::of(&program().args(["stats", "--alias", "x"]).output().unwrap());
    unknown.expect(2);
    unknown.says(&["CACHE_URL_X"]);
    for url in ["memory://", "dummy://"] {
        for command in ["stats", "keys", "check", "bench"] {
            let ran = on(url, command);
            ran.expect(4);
            ran.says(&["nothing to see from outside"]);
        }
    }
}

/// As in `cachectl delete a b c | head -1`.
#[test]
fn what_nobody_reads_is_deleted_all_the_same() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    let cache = Cache::from_url(&url).unwrap().blocking();
    for key in ["a", "b", "c"] {
        cache.set(key, &1, 600).unwrap();
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut delete = program();
    delete
        .env("CACHE_URL", &url)
        .args(["delete", "a", "b", "c"]);
    let ran = Ran::of(&delete.stdout(writer).output().unwrap());
    ran.expect(0);
    assert_eq!(cache.keys("*").unwrap(), [""; 0]);
}

#[test]
fn keys_are_for_xargs_or_for_programs_in_whatever_order_it_is_said() {
    let server = RedisServer::start();
    let url = format!("{}?{LIMITS}", server.url(0));
    for arguments in ["keys -0 --json", "keys --json -0", "--json keys -0"] {
        let ran = on(&url, arguments);
        ran.expect(2);
        ran.says(&["--null", "--json"]);
    }
}
