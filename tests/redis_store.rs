//! The Redis store, operation by operation, for every kind of caller, against a real server.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod redis_callers;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
use cache_runtime::{ErrorKind, Store, Ttl};
use cache_tests::redis_server::RedisServer;
use redis_callers::{at_once, current_thread, multi_thread, patient};

const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

fn config(server: &RedisServer) -> RedisConfig {
    patient(server.port())
}

/// Runs `check` on an empty server for each kind of caller.
fn for_every_caller<F>(check: F)
where
    F: AsyncFn(&dyn Store, &RedisServer) + Copy + Send + Sync + 'static,
{
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let server = Arc::new(server);
    let store = Arc::new(RedisStore::new(config(&server)).unwrap());
    let blocking = {
        let (store, server) = (Arc::clone(&store), Arc::clone(&server));
        move || at_once(check(store.blocking().unwrap(), &server))
    };
    let callers: [(&str, &dyn Fn()); 6] = [
        ("async, current thread", &|| {
            current_thread().block_on(check(&*store, &server))
        }),
        ("async, multi thread", &|| {
            multi_thread().block_on(check(&*store, &server))
        }),
        ("async, another executor", &|| {
            futures_executor::block_on(check(&*store, &server))
        }),
        ("blocking, plain thread", &blocking),
        ("blocking, current thread", &|| {
            current_thread().block_on(async { blocking() })
        }),
        ("blocking, worker", &|| {
            let blocking = blocking.clone();
            let runtime = multi_thread();
            let task = runtime.spawn(async move { blocking() });
            runtime.block_on(task).unwrap();
        }),
    ];
    for (name, call) in callers {
        println!("{name}");
        assert_eq!(server.command(&["FLUSHALL"]), "OK");
        call();
    }
}

fn strings<const N: usize>(keys: [&str; N]) -> Vec<String> {
    keys.map(str::to_owned).to_vec()
}

#[test]
fn get_set_delete() {
    for_every_caller(async |store, server| {
        assert_eq!(store.name(), "redis");
        assert_eq!(store.get("k").await.unwrap(), None);
        store.set("k", b"\0\xff\r\n", None).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"\0\xff\r\n");
        assert_eq!(server.command(&["PTTL", "k"]), "-1");
        store.set("k", b"", MINUTE).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"");
        assert!(store.delete("k").await.unwrap());
        assert!(!store.delete("k").await.unwrap());
        assert_eq!(store.get("k").await.unwrap(), None);
        let large = vec![7; 3 << 20];
        store.set("large", &large, None).await.unwrap();
        assert!(store.get("large").await.unwrap().unwrap() == large);
        store.ping().await.unwrap();
        store.close().await.unwrap();
        assert!(
            store.get("large").await.unwrap().is_some(),
            "opens again after close"
        );
    });
}

#[test]
fn timeouts() {
    for_every_caller(async |store, server| {
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Missing);
        store.set("k", b"v", None).await.unwrap();
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
        let start = Instant::now();
        store
            .set("k", b"v", Some(Duration::from_millis(1500)))
            .await
            .unwrap();
        match store.ttl("k").await.unwrap() {
            Ttl::After(left) => {
                assert!(left <= Duration::from_millis(1500), "{left:?}");
                let whole = left + start.elapsed();
                assert!(
                    whole >= Duration::from_millis(1490),
                    "fractions are kept: {left:?}"
                );
            }
            other => panic!("{other:?}"),
        }
        // Less than a millisecond is not zero, which the server would refuse.
        store
            .set("short", b"v", Some(Duration::from_nanos(1)))
            .await
            .unwrap();
        assert!(
            store
                .add("short2", b"v", Some(Duration::from_nanos(1)))
                .await
                .unwrap()
        );
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(store.get("short").await.unwrap(), None);
        // Nor is the longest one too long.
        store.set("long", b"v", Some(Duration::MAX)).await.unwrap();
        assert!(matches!(store.ttl("long").await.unwrap(), Ttl::After(_)));
        assert!(store.touch("long", Some(Duration::MAX)).await.unwrap());
        assert_eq!(server.command(&["EXISTS", "long"]), "1");
    });
}

#[test]
fn add_only_if_missing() {
    for_every_caller(async |store, server| {
        assert!(store.add("k", b"first", MINUTE).await.unwrap());
        assert!(!store.add("k", b"second", None).await.unwrap());
        assert_eq!(server.command(&["GET", "k"]), "first");
        assert!(matches!(store.ttl("k").await.unwrap(), Ttl::After(_)));
        assert!(store.add("forever", b"v", None).await.unwrap());
        assert_eq!(store.ttl("forever").await.unwrap(), Ttl::Never);
    });
}

#[test]
fn touch_gives_a_new_life() {
    for_every_caller(async |store, _| {
        assert!(!store.touch("k", MINUTE).await.unwrap());
        assert!(!store.touch("k", None).await.unwrap());
        store.set("k", b"v", None).await.unwrap();
        assert!(
            store.touch("k", None).await.unwrap(),
            "it lives for ever already"
        );
        assert!(store.touch("k", MINUTE).await.unwrap());
        assert!(matches!(store.ttl("k").await.unwrap(), Ttl::After(_)));
        assert!(store.touch("k", None).await.unwrap());
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
    });
}

#[test]
fn incr_keeps_the_timeout() {
    for_every_caller(async |store, server| {
        assert_eq!(store.incr("n", 1).await.unwrap(), None);
        assert_eq!(
            server.command(&["EXISTS", "n"]),
            "0",
            "a missing key stays missing"
        );
        store.set("n", b"40", MINUTE).await.unwrap();
        assert_eq!(store.incr("n", 2).await.unwrap(), Some(42));
        assert_eq!(store.incr("n", -50).await.unwrap(), Some(-8));
        assert!(matches!(store.ttl("n").await.unwrap(), Ttl::After(_)));
        // More digits than a float holds.
        store.set("n", b"9007199254740992", None).await.unwrap();
        assert_eq!(
            store.incr("n", 1).await.unwrap(),
            Some(9_007_199_254_740_993)
        );
        store
            .set("n", i64::MAX.to_string().as_bytes(), None)
            .await
            .unwrap();
        let error = store.incr("n", 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert_eq!(store.incr("n", i64::MIN).await.unwrap(), Some(-1));
        store.set("n", b"forty", None).await.unwrap();
        let error = store.incr("n", 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert_eq!((error.operation(), error.key()), ("incr", Some("n")));
    });
}

#[test]
fn many_at_once() {
    for_every_caller(async |store, server| {
        let items = [
            ("a".to_owned(), b"1".to_vec()),
            ("b".to_owned(), b"2".to_vec()),
        ];
        assert_eq!(
            store.set_many(&items, MINUTE).await.unwrap(),
            Vec::<usize>::new()
        );
        assert!(matches!(store.ttl("b").await.unwrap(), Ttl::After(_)));
        assert_eq!(server.command(&["LPUSH", "list", "x"]), "1");
        let keys = strings(["b", "missing", "a", "a", "list"]);
        let values = store.get_many(&keys).await.unwrap();
        let (one, two) = (Some(b"1".to_vec()), Some(b"2".to_vec()));
        assert_eq!(values, [two, None, one.clone(), one, None]);
        assert_eq!(store.delete_many(&keys[..3]).await.unwrap(), 2);
        assert_eq!(server.command(&["EXISTS", "a", "b"]), "0");
        // Nothing to do takes no round trip: see `nothing_to_do_asks_no_server`.
        assert_eq!(
            store.get_many(&[]).await.unwrap(),
            Vec::<Option<Vec<u8>>>::new()
        );
    });
}

#[test]
fn set_many_says_which_failed() {
    for_every_caller(async |store, server| {
        // A user that may write only keys that start with "ok".
        let user = ["ACL", "SETUSER", "default", "resetkeys", "~ok*"];
        assert_eq!(server.command(&user), "OK");
        let items = ["ok1", "no1", "ok2", "no2"].map(|key| (key.to_owned(), b"v".to_vec()));
        let failed = store.set_many(&items, None).await.unwrap();
        assert_eq!(
            server.command(&["ACL", "SETUSER", "default", "allkeys"]),
            "OK"
        );
        assert_eq!(failed, [1, 3]);
        assert_eq!(server.command(&["EXISTS", "ok1", "ok2"]), "2");
    });
}

#[test]
fn nothing_to_do_asks_no_server() {
    let store = RedisStore::new(RedisConfig::new(RedisAddress::tcp("127.0.0.1", 1))).unwrap();
    for store in [&store as &dyn Store, store.blocking().unwrap()] {
        assert!(at_once(store.get_many(&[])).unwrap().is_empty());
        assert!(at_once(store.set_many(&[], None)).unwrap().is_empty());
        assert_eq!(at_once(store.delete_many(&[])).unwrap(), 0);
        let all = store.capabilities();
        assert!(all.atomic_add && all.atomic_incr && all.list_keys && all.batch);
    }
}

#[test]
fn keys_by_prefix_and_pattern() {
    for_every_caller(async |store, _| {
        let items = [
            "p:1:one", "p:1:two", "p:2:one", "p:1", "xp:1:one", ":1:bare",
        ]
        .map(|key| (key.to_owned(), b"v".to_vec()));
        store.set_many(&items, None).await.unwrap();
        let keys = async |prefix, pattern| {
            let mut keys = store.keys(prefix, pattern).await.unwrap();
            keys.sort();
            keys
        };
        assert_eq!(keys("p:1:", "*").await, ["p:1:one", "p:1:two"]);
        assert_eq!(keys("p:1:", "t?o").await, ["p:1:two"]);
        assert_eq!(keys("p:1:", "[no]*").await, ["p:1:one"]);
        assert_eq!(keys(":1:", "*").await, [":1:bare"]);
        assert_eq!(keys("p:3:", "*").await, Vec::<String>::new());
        let many = (0..2500)
            .map(|n| (format!("many:{n}"), b"v".to_vec()))
            .collect::<Vec<_>>();
        store.set_many(&many, None).await.unwrap();
        let found = store.keys("many:", "*").await.unwrap();
        assert_eq!(found.len(), 2500, "each key once");
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), 2500);
    });
}

#[test]
fn clear_removes_its_prefix_alone() {
    for_every_caller(async |store, server| {
        for prefix in ["users:", "users", r"a*b[c]?\d:1:", ":1:", "^a]", "ä*:"] {
            let inside = (0..1200).map(|n| format!("{prefix}{n}"));
            // What the prefix would match if it were read as a pattern.
            let outside = strings([
                "aXb",
                "axbc!d:1:1",
                "axbcxd:1:0",
                r"a*b[c]?d:1:1",
                "2:1:a",
                "User",
                "äx:1",
            ]);
            let all = inside
                .chain(outside.iter().cloned())
                .map(|key| (key, b"v".to_vec()));
            store
                .set_many(&all.collect::<Vec<_>>(), None)
                .await
                .unwrap();
            store.clear(prefix).await.unwrap();
            let mut left = store.keys("", "*").await.unwrap();
            left.sort();
            let mut expected = outside;
            expected.sort();
            assert_eq!(left, expected, "{prefix}");
        }
        assert_eq!(server.command(&["SET", "usersAbc", "v"]), "OK");
        store.clear("users:").await.unwrap();
        assert_eq!(server.command(&["EXISTS", "usersAbc"]), "1");
        store.clear("usersAbc:").await.unwrap();
        assert_eq!(server.command(&["EXISTS", "usersAbc"]), "1");
    });
}

#[test]
fn what_the_server_refuses() {
    for_every_caller(async |store, server| {
        assert_eq!(server.command(&["LPUSH", "list", "x"]), "1");
        for error in [
            store.get("list").await.unwrap_err(),
            store.incr("list", 1).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
            assert!(!error.is_retryable());
            // All that it said is in the message, and so in no source.
            assert!(error.to_string().contains("wrong kind of value"), "{error}");
            assert!(std::error::Error::source(&error).is_none());
        }
        assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
        let error = store.set("k", b"v", None).await.unwrap_err();
        assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
        assert_eq!(error.kind(), ErrorKind::Store);
        assert_eq!((error.operation(), error.key()), ("set", Some("k")));
        let text = error.to_string();
        assert!(
            text.starts_with("set \"k\": the server answered OOM command not"),
            "{text}"
        );
        assert!(!text.ends_with('.'));
    });
}

#[test]
fn unix_socket() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let config = RedisConfig {
        address: RedisAddress::unix(server.socket_path()),
        ..config(&server)
    };
    let store = RedisStore::new(config).unwrap();
    current_thread()
        .block_on(store.set("k", b"async", None))
        .unwrap();
    assert_eq!(server.command(&["GET", "k"]), "async");
    at_once(store.blocking().unwrap().set("k", b"blocking", None)).unwrap();
    assert_eq!(server.command(&["GET", "k"]), "blocking");
    let nowhere = RedisConfig::new(RedisAddress::unix("/nowhere/socket"));
    let store = RedisStore::new(nowhere).unwrap();
    assert_eq!(
        both(&store, "k").map(|error| error.kind()),
        [ErrorKind::Unavailable; 2]
    );
}

/// The errors of a `get`, async and blocking.
fn both(store: &RedisStore, key: &str) -> [cache_runtime::CacheError; 2] {
    [
        current_thread().block_on(store.get(key)).unwrap_err(),
        at_once(store.blocking().unwrap().get(key)).unwrap_err(),
    ]
}

fn shows_a_password(value: &dyn std::fmt::Debug) -> bool {
    let text = format!("{value:?}");
    text.contains("sesame-") || text.contains("ann-secret")
}

#[test]
fn passwords_and_users() {
    if RedisServer::start_or_skip().is_none() {
        return;
    }
    let server = RedisServer::start_with(&["--requirepass", "sesame-open"]);
    let user = ["ACL", "SETUSER", "ann", "on", ">ann-secret", "~*", "+@all"];
    assert_eq!(server.command(&user), "OK");
    let login = |username: Option<&str>, password: Option<&str>| {
        let config = RedisConfig {
            username: username.map(str::to_owned),
            password: password.map(str::to_owned),
            ..config(&server)
        };
        assert!(!shows_a_password(&config), "{config:?}");
        RedisStore::new(config).unwrap()
    };
    for store in [
        login(None, Some("sesame-open")),
        login(Some("ann"), Some("ann-secret")),
    ] {
        assert!(!shows_a_password(&store));
        current_thread()
            .block_on(store.set("k", b"v", None))
            .unwrap();
        assert_eq!(
            at_once(store.blocking().unwrap().get("k"))
                .unwrap()
                .unwrap(),
            b"v"
        );
    }
    for store in [
        login(None, None),
        login(None, Some("sesame-shut")),
        login(Some("ann"), Some("sesame-open")),
        login(Some("bob"), Some("sesame-open")),
    ] {
        for error in both(&store, "k") {
            assert_eq!(error.kind(), ErrorKind::Store, "{error}");
            assert!(!error.is_retryable());
            assert!(!shows_a_password(&error) && !error.to_string().contains("sesame"));
        }
    }
}

#[test]
fn a_server_that_repeats_the_password_is_not_quoted() {
    if RedisServer::start_or_skip().is_none() {
        return;
    }
    // It answers: unknown command 'AUTH', with args beginning with: 'sesame-open'.
    let server = RedisServer::start_with(&["--rename-command", "AUTH", ""]);
    let config = RedisConfig {
        password: Some("sesame-open".to_owned()),
        ..config(&server)
    };
    for error in both(&RedisStore::new(config).unwrap(), "k") {
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(!shows_a_password(&error) && !error.to_string().contains("sesame"));
    }
}

#[test]
fn a_replica_is_left_for_whoever_is_master_now() {
    for_every_caller(async |store, server| {
        let received = || {
            let stats = server.command(&["INFO", "stats"]);
            let line = stats
                .lines()
                .find_map(|line| line.strip_prefix("total_connections_received:"));
            line.unwrap().trim().parse::<u32>().unwrap()
        };
        store.set("k", b"v", None).await.unwrap();
        assert_eq!(server.command(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
        let before = received();
        let read_only = store.set("k", b"v", None).await.unwrap_err();
        let found = store.get("k").await.unwrap();
        // Ours is one more than that of the question.
        let new = received() - before - 1;
        assert_eq!(
            server.command(&["CONFIG", "SET", "replica-serve-stale-data", "no"]),
            "OK"
        );
        let cut_off = store.get("k").await.unwrap_err();
        assert_eq!(
            server.command(&["CONFIG", "SET", "replica-serve-stale-data", "yes"]),
            "OK"
        );
        assert_eq!(server.command(&["REPLICAOF", "NO", "ONE"]), "OK");
        assert_eq!(read_only.kind(), ErrorKind::Store, "{read_only}");
        assert_eq!(found.unwrap(), b"v");
        assert_eq!(new, 1, "a new connection was made");
        assert_eq!(cut_off.kind(), ErrorKind::Unavailable, "{cut_off}");
        assert!(cut_off.is_retryable());
        store.set("k", b"v", None).await.unwrap();
    });
}

#[test]
fn databases_are_apart() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let at = |db| {
        RedisStore::new(RedisConfig {
            db,
            ..config(&server)
        })
        .unwrap()
    };
    let (zero, three) = (at(0), at(3));
    current_thread().block_on(async {
        three.set("k", b"v", None).await.unwrap();
        assert_eq!(zero.get("k").await.unwrap(), None);
        three.clear("").await.unwrap();
    });
    at_once(three.blocking().unwrap().set("k", b"v", None)).unwrap();
    assert_eq!(at_once(zero.blocking().unwrap().get("k")).unwrap(), None);
    for error in both(&at(99), "k") {
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(error.to_string().contains("out of range"), "{error}");
    }
}
