//! The Memcached store, operation by operation, for every kind of caller, against real servers.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod memcached_callers;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cache_runtime::stores::memcached::{MemcachedAddress, MemcachedConfig, MemcachedStore};
use cache_runtime::{Cache, ErrorKind, Store, Ttl};
use cache_tests::memcached_server::MemcachedServer;
use memcached_callers::{at_once, config, current_thread, for_each_caller, multi_thread, strings};

const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

/// Longer than the server takes for a number of seconds.
const YEAR: Option<Duration> = Some(Duration::from_secs(365 * 86_400));

/// Runs `check` on one empty server for each kind of caller.
fn for_every_caller<F>(check: F)
where
    F: AsyncFn(&dyn Store, &MemcachedServer) + Copy + Send + Sync + 'static,
{
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let server = Arc::new(server);
    let store = MemcachedStore::new(config(&[&server], Duration::from_secs(20))).unwrap();
    let checked = Arc::clone(&server);
    for_each_caller(
        Arc::new(store),
        || server.flush(),
        async move |store: &dyn Store| check(store, &checked).await,
    );
}

#[test]
fn get_set_delete() {
    for_every_caller(async |store, server| {
        assert_eq!(store.name(), "memcached");
        assert_eq!(store.get("k").await.unwrap(), None);
        store.set("k", b"\0\xff\r\n", None).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"\0\xff\r\n");
        assert_eq!(server.command("mg k t"), "HD t-1");
        store.set("k", b"", MINUTE).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"");
        assert!(store.delete("k").await.unwrap());
        assert!(!store.delete("k").await.unwrap());
        assert_eq!(store.get("k").await.unwrap(), None);
        store.ping().await.unwrap();
        store.set("k", b"v", MINUTE).await.unwrap();
        store.close().await.unwrap();
        let found = store.get("k").await.unwrap();
        assert_eq!(found.unwrap(), b"v", "opens again after close");
    });
}

#[test]
fn values_of_every_size() {
    for_every_caller(async |store, server| {
        let most = store.capabilities().max_value.unwrap();
        for size in [1, 100, 16_384, 100 << 10, 1_000_000, most] {
            let value: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
            for key in ["k", "with space", &"k".repeat(1000)] {
                store.set(key, &value, MINUTE).await.unwrap();
                assert!(store.get(key).await.unwrap().unwrap() == value, "{size}");
            }
        }
        // Too large: said so, and the old value is gone.
        for size in [1 << 20, 5 << 20] {
            let large = vec![b'x'; size];
            store.set("k", b"old", MINUTE).await.unwrap();
            let error = store.set("k", &large, MINUTE).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
            assert_eq!((error.operation(), error.key()), ("set", Some("k")));
            assert_eq!(server.command("mg k v"), "EN");
            let error = store.add("k", &large, MINUTE).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
            // What is there is not harmed by an `add`.
            store.set("k", b"old", MINUTE).await.unwrap();
            assert!(!store.add("k", &large, MINUTE).await.unwrap());
            assert_eq!(store.get("k").await.unwrap().unwrap(), b"old");
            // One too large among others: the others are kept.
            let items = [
                ("a".to_owned(), b"1".to_vec()),
                ("k".to_owned(), large),
                ("b".to_owned(), b"2".to_vec()),
            ];
            assert_eq!(store.set_many(&items, MINUTE).await.unwrap(), [1]);
            let keys = strings(["a", "k", "b"]);
            let values = store.get_many(&keys).await.unwrap();
            assert_eq!(values, [Some(b"1".to_vec()), None, Some(b"2".to_vec())]);
        }
    });
}

#[test]
fn keys_of_every_kind() {
    for_every_caller(async |store, server| {
        let long = "k".repeat(1000);
        let twin = format!("{}!", "k".repeat(999));
        let edge = "e".repeat(250);
        let umlauts = "ä".repeat(125);
        let keys = [
            "k", &edge, &long, &twin, &umlauts, "a b", "a\tb\r\n", "", "日本", "%20", "a#b",
        ];
        for (at, key) in keys.iter().enumerate() {
            let value = at.to_string();
            assert!(store.add(key, value.as_bytes(), MINUTE).await.unwrap());
        }
        for (at, key) in keys.iter().enumerate() {
            let value = store.get(key).await.unwrap().unwrap();
            assert_eq!(value, at.to_string().as_bytes(), "{key:?}");
            assert!(matches!(store.ttl(key).await.unwrap(), Ttl::After(_)));
            assert!(!store.add(key, b"other", MINUTE).await.unwrap());
            assert!(store.touch(key, None).await.unwrap());
            let counted = store.incr(key, 100).await.unwrap();
            assert_eq!(counted, Some(at as i64 + 100), "{key:?}");
            let counted = store.incr(key, -200).await.unwrap();
            assert_eq!(counted, Some(at as i64 - 100), "{key:?}");
            assert_eq!(store.ttl(key).await.unwrap(), Ttl::Never);
        }
        let mut listed = store.keys("", "*").await.unwrap();
        let mut all = strings(keys);
        listed.sort();
        all.sort();
        assert_eq!(listed, all);
        // Other clients find those that they could have written themselves.
        assert_eq!(server.command(&format!("mg {edge} v")), "VA 3\r\n-99");
        for key in keys {
            assert!(store.delete(key).await.unwrap(), "{key:?}");
        }
        assert_eq!(server.stat("curr_items"), 0);
    });
}

#[test]
fn timeouts() {
    for_every_caller(async |store, server| {
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Missing);
        store.set("k", b"v", None).await.unwrap();
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
        let after = async |ttl| {
            store.set("k", b"v", Some(ttl)).await.unwrap();
            match store.ttl("k").await.unwrap() {
                Ttl::After(left) => left,
                other => panic!("{ttl:?}: {other:?}"),
            }
        };
        let year = YEAR.unwrap();
        for ttl in [
            Duration::from_secs(60),
            Duration::from_secs(30 * 86_400),
            year,
        ] {
            let left = after(ttl).await;
            let early = ttl - left.min(ttl);
            assert!(left <= ttl && early <= Duration::from_secs(2), "{left:?}");
        }
        assert!(store.touch("k", MINUTE).await.unwrap());
        assert!(store.touch("k", YEAR).await.unwrap());
        assert!(matches!(store.ttl("k").await.unwrap(), Ttl::After(left) if left > year / 2));
        assert!(store.add("y", b"v", YEAR).await.unwrap());
        assert_eq!(server.command("mg y v"), "VA 1\r\nv");
        // Further than the server can count.
        store.set("long", b"v", Some(Duration::MAX)).await.unwrap();
        assert!(store.touch("long", Some(Duration::MAX)).await.unwrap());
        assert_eq!(store.get("long").await.unwrap().unwrap(), b"v");
    });
}

#[test]
fn nothing_dies_early_and_nothing_stays() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let store = MemcachedStore::new(config(&[&server], Duration::from_secs(20))).unwrap();
    let store = store.blocking().unwrap();
    // At several places between two ticks of the server's clock.
    let lives = [1, 1000, 1001, 1800].map(Duration::from_millis);
    thread::scope(|scope| {
        for (at, ttl) in (0..8).flat_map(|at| lives.map(|ttl| (at, ttl))) {
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(at * 130));
                let key = format!("{at}:{ttl:?}");
                let start = std::time::Instant::now();
                at_once(store.set(&key, b"v", Some(ttl))).unwrap();
                let was_set = std::time::Instant::now();
                loop {
                    let at_least = was_set.elapsed();
                    let is_there = at_once(store.get(&key)).unwrap().is_some();
                    let age = start.elapsed();
                    assert!(is_there || age >= ttl, "{key}: gone after {age:?}");
                    let most = ttl + Duration::from_secs(3);
                    assert!(
                        !is_there || at_least < most,
                        "{key}: there after {at_least:?}"
                    );
                    if !is_there {
                        return;
                    }
                    thread::sleep(Duration::from_millis(10));
                }
            });
        }
    });
}

#[test]
fn add_only_if_missing() {
    for_every_caller(async |store, server| {
        assert!(store.add("k", b"first", MINUTE).await.unwrap());
        assert!(!store.add("k", b"second", None).await.unwrap());
        assert_eq!(server.command("mg k v"), "VA 5\r\nfirst");
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
        assert!(store.touch("k", None).await.unwrap());
        assert!(store.touch("k", MINUTE).await.unwrap());
        assert!(matches!(store.ttl("k").await.unwrap(), Ttl::After(_)));
        assert!(store.touch("k", None).await.unwrap());
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"v");
    });
}

#[test]
fn incr_is_what_it_is_on_redis() {
    for_every_caller(async |store, server| {
        assert_eq!(store.incr("n", 1).await.unwrap(), None);
        assert_eq!(
            server.command("mg n v"),
            "EN",
            "a missing key stays missing"
        );
        store.set("n", b"40", MINUTE).await.unwrap();
        for (by, expected) in [(2, 42), (-50, -8), (3, -5), (0, -5), (105, 100), (-1, 99)] {
            assert_eq!(store.incr("n", by).await.unwrap(), Some(expected));
            let value = store.get("n").await.unwrap().unwrap();
            assert_eq!(value, expected.to_string().as_bytes(), "no spaces");
        }
        let Ttl::After(left) = store.ttl("n").await.unwrap() else {
            panic!("it keeps its life");
        };
        assert!((56..=60).contains(&left.as_secs()), "{left:?}");
        store.set("n", b"7", None).await.unwrap();
        assert_eq!(store.incr("n", -8).await.unwrap(), Some(-1));
        assert_eq!(store.ttl("n").await.unwrap(), Ttl::Never);
        // At the borders.
        let number = async |number: i64| {
            let text = number.to_string();
            store.set("n", text.as_bytes(), None).await.unwrap();
        };
        number(9_007_199_254_740_992).await;
        let counted = store.incr("n", 1).await.unwrap();
        assert_eq!(counted, Some(9_007_199_254_740_993));
        number(i64::MAX).await;
        let error = store.incr("n", 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert_eq!(store.incr("n", i64::MIN).await.unwrap(), Some(-1));
        assert_eq!(store.incr("n", i64::MIN + 1).await.unwrap(), Some(i64::MIN));
        let error = store.incr("n", -1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert_eq!(store.incr("n", i64::MAX).await.unwrap(), Some(-1));
        assert_eq!(store.incr("n", i64::MAX).await.unwrap(), Some(i64::MAX - 1));
        assert_eq!(store.incr("n", 1).await.unwrap(), Some(i64::MAX));
        // What the server itself would take for a number.
        for text in ["forty", "5 apples", "+5", "05", "", "18446744073709551615"] {
            store.set("n", text.as_bytes(), None).await.unwrap();
            let error = store.incr("n", 1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{text}: {error}");
            assert_eq!((error.operation(), error.key()), ("incr", Some("n")));
            assert_eq!(store.get("n").await.unwrap().unwrap(), text.as_bytes());
        }
    });
}

#[test]
fn a_counter_that_is_counted_all_the_time_ends_in_time() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let store = MemcachedStore::new(config(&[&server], Duration::from_secs(20))).unwrap();
    let store = store.blocking().unwrap();
    let seconds = |count| Some(Duration::from_secs(count));
    thread::scope(|scope| {
        for (key, first) in [("up", "1"), ("below", "-1000000000")] {
            let start = std::time::Instant::now();
            at_once(store.set(key, first.as_bytes(), seconds(3))).unwrap();
            for _ in 0..4 {
                scope.spawn(move || {
                    while at_once(store.incr(key, 1)).unwrap().is_some() {
                        let age = start.elapsed();
                        assert!(age < Duration::from_secs(20), "{key} lives for {age:?}");
                    }
                    let age = start.elapsed();
                    assert!(age >= Duration::from_secs(3), "{key}: {age:?}");
                });
            }
        }
    });
}

#[test]
fn races_have_one_winner_and_lose_no_count() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let config = config(&[&server], Duration::from_secs(20));
    let store = Arc::new(MemcachedStore::new(config).unwrap());
    // Up, and around zero, where the server's own sums would be wrong.
    for (key, first, by) in [
        ("up", 0, 1),
        ("zero", 0, -1),
        ("down", 1600, -1),
        ("big", 5, 1 << 40),
    ] {
        let runtime = multi_thread();
        runtime.block_on(async {
            let text = first.to_string();
            store.set(key, text.as_bytes(), MINUTE).await.unwrap();
            let tasks = (0..32).map(|task| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let mut seen = Vec::with_capacity(100);
                    for _ in 0..100 {
                        seen.push(store.incr(key, by).await.unwrap().unwrap());
                    }
                    let name = format!("winner of {key}");
                    let winner = store.add(&name, &[task], MINUTE).await.unwrap();
                    (seen, winner)
                })
            });
            let mut all = Vec::new();
            let mut winners = 0;
            for task in tasks.collect::<Vec<_>>() {
                let (seen, winner) = task.await.unwrap();
                all.extend(seen);
                winners += usize::from(winner);
            }
            assert_eq!(winners, 1);
            all.sort_unstable_by_key(|number| number * by.signum());
            let expected: Vec<i64> = (1..=3200).map(|n| first + by * n).collect();
            assert!(all == expected, "{key}: each sum is seen by one");
        });
    }
    // The same with threads that block.
    let blocking = store.blocking().unwrap();
    at_once(blocking.set("threads", b"-800", MINUTE)).unwrap();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..100 {
                    at_once(blocking.incr("threads", 1)).unwrap().unwrap();
                }
            });
        }
    });
    assert_eq!(at_once(blocking.get("threads")).unwrap().unwrap(), b"800");
}

#[test]
fn many_at_once() {
    for_every_caller(async |store, _| {
        let items = [
            ("a".to_owned(), b"1".to_vec()),
            ("b c".to_owned(), b"2".to_vec()),
        ];
        let failed = store.set_many(&items, MINUTE).await.unwrap();
        assert_eq!(failed, Vec::<usize>::new());
        assert!(matches!(store.ttl("b c").await.unwrap(), Ttl::After(_)));
        let keys = strings(["b c", "missing", "a", "a"]);
        let values = store.get_many(&keys).await.unwrap();
        let (one, two) = (Some(b"1".to_vec()), Some(b"2".to_vec()));
        assert_eq!(values, [two, None, one.clone(), one]);
        assert_eq!(store.delete_many(&keys[..3]).await.unwrap(), 2);
        assert_eq!(store.get_many(&keys).await.unwrap(), vec![None; 4]);
        // A large batch.
        let items: Vec<_> = (0..10_000)
            .map(|n| (format!("many:{n:0>100}"), vec![b'v'; n % 700]))
            .collect();
        let keys: Vec<_> = items.iter().map(|(key, _)| key.clone()).collect();
        assert!(store.set_many(&items, MINUTE).await.unwrap().is_empty());
        let values = store.get_many(&keys).await.unwrap();
        for ((_, value), found) in items.iter().zip(values) {
            assert_eq!(found.as_ref(), Some(value));
        }
        assert_eq!(store.delete_many(&keys).await.unwrap(), 10_000);
        assert_eq!(store.delete_many(&keys).await.unwrap(), 0);
    });
}

#[test]
fn a_batch_is_not_written_faster_than_it_is_read() {
    let Some(server) = MemcachedServer::start_with_or_skip(&["-m", "256"]) else {
        return;
    };
    let config = config(&[&server], Duration::from_secs(20));
    let store = Arc::new(MemcachedStore::new(config).unwrap());
    // Requests of 12 MB, whose answers have 54 MB: more than the sockets hold.
    let keys: Vec<_> = (0..60_000).map(|n| format!("{n:0>200}")).collect();
    let items = keys.iter().map(|key| (key.clone(), vec![b'v'; 900]));
    let items: Vec<_> = items.collect();
    for_each_caller(
        store,
        || {},
        async move |store: &dyn Store| {
            assert!(store.set_many(&items, None).await.unwrap().is_empty());
            let values = store.get_many(&keys).await.unwrap();
            assert!(values.iter().all(Option::is_some));
        },
    );
}

#[test]
fn nothing_to_do_asks_no_server() {
    let nobody = MemcachedConfig::new([MemcachedAddress::new("127.0.0.1", 1)]);
    let store = MemcachedStore::new(nobody).unwrap();
    for store in [&store as &dyn Store, store.blocking().unwrap()] {
        assert!(at_once(store.get_many(&[])).unwrap().is_empty());
        assert!(at_once(store.set_many(&[], None)).unwrap().is_empty());
        assert_eq!(at_once(store.delete_many(&[])).unwrap(), 0);
        let all = store.capabilities();
        assert!(all.atomic_add && all.atomic_incr && all.list_keys && all.batch);
        assert_eq!(all.resolution, Duration::from_secs(1));
    }
}

#[test]
fn entries_of_other_clients_are_read() {
    for_every_caller(async |store, server| {
        // As pymemcache writes a number, a text, and something of its own.
        for (key, flags, value) in [("int", 2, "42"), ("text", 16, "hé"), ("other", 1, "x")] {
            let set = format!("ms {key} {} F{flags}\r\n{value}", value.len());
            assert_eq!(server.command(&set), "HD");
            let found = store.get(key).await.unwrap().unwrap();
            assert_eq!(found, value.as_bytes());
        }
        assert_eq!(store.incr("int", -40).await.unwrap(), Some(2));
        assert_eq!(store.get("int").await.unwrap().unwrap(), b"2");
        // And what they have to know to read ours.
        for (value, flags) in [(&b"7"[..], 2), (b"[1]", 16), (b"\x78\x9c\x03\x00", 24)] {
            store.set("k", value, None).await.unwrap();
            assert_eq!(server.command("mg k f"), format!("HD f{flags}"));
        }
    });
}

#[test]
fn results_too_large_for_the_server_are_counted_and_nothing_else() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    let options = "max_value_size=8MiB&op_timeout=30&connect_timeout=30";
    let url = format!("memcached://{}?{options}", server.address());
    let cache = Cache::from_url(&url).unwrap();
    let large = "x".repeat(2 << 20);
    current_thread().block_on(async {
        for round in 1..=5 {
            let got = cache.get_or_set("k", 60, async || large.clone()).await;
            assert!(got.unwrap() == large);
            let stats = cache.stats();
            assert_eq!((stats.too_large, stats.errors, stats.sets), (round, 0, 0));
        }
        // Not the breaker: it would be open by now.
        cache.set("k", "small", 60).await.unwrap();
        let error = cache.set("k", &large, 60).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(cache.get::<String>("k").await.unwrap(), None);
        let stats = cache.stats();
        assert_eq!((stats.too_large, stats.errors), (6, 0));
        let items = [("a", large.clone()), ("b", "small".to_owned())];
        let failed = cache.set_many(items, 60).await.unwrap();
        assert_eq!(failed, ["a"]);
    });
}
