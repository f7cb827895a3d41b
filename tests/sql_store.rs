//! The SQL store, operation by operation, for every kind of caller, against three real databases.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod sql_databases;

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{ErrorKind, Store, Ttl};
use sql_databases::{Database, MINUTE, current_thread, for_every_caller, strings};

for_each_database![
    get_set_delete,
    values_and_keys_of_any_kind,
    timeouts,
    by_the_clock_of_the_database,
    add_only_if_missing,
    touch_gives_a_new_life,
    incr_keeps_the_timeout,
    many_at_once,
    batches_of_ten_thousand,
    an_expired_row_is_not_there,
    keys_by_prefix_and_pattern,
    clear_removes_its_prefix_alone,
];

fn get_set_delete(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
        assert_eq!(store.name(), place.database.name());
        assert_eq!(store.get("k").await.unwrap(), None);
        store.set("k", b"\0\xff\r\n'\"`\\", None).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"\0\xff\r\n'\"`\\");
        store.set("k", b"", MINUTE).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"");
        assert_eq!(place.rows(), 1);
        assert!(store.delete("k").await.unwrap());
        assert!(!store.delete("k").await.unwrap());
        assert_eq!(store.get("k").await.unwrap(), None);
        assert_eq!(place.rows(), 0);
        store.set("k", b"v", None).await.unwrap();
        store.ping().await.unwrap();
        store.close().await.unwrap();
        let found = store.get("k").await.unwrap();
        assert_eq!(found.unwrap(), b"v", "opens again after close");
    });
}

fn values_and_keys_of_any_kind(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = place.store();
    current_thread().block_on(async {
        // All at once, so that one would be taken for another.
        let long = "x".repeat(1000);
        let mut keys = strings([
            "a",
            "A",
            "ä",
            "Ä",
            "a ",
            "a  ",
            " a",
            "a\0",
            "a\t",
            "a\n",
            "e\u{301}",
            "\u{e9}",
            "ß",
            "ss",
            "ı",
            "i",
            "I",
            "İ",
            "日本",
            "🦀",
            "🦁",
            "%",
            "_",
            "a%",
            "a_",
            "'",
            "\"",
            "`",
            "\\",
            "?",
            "$1",
            "0",
            "00",
            "0.0",
            "NULL",
            "",
            "\u{10ffff}",
            "\u{ffff}",
            "\u{feff}a",
        ]);
        keys.extend([long.clone(), format!("{long}y"), "ü".repeat(512)]);
        for key in &keys {
            store.set(key, key.as_bytes(), None).await.unwrap();
        }
        assert_eq!(place.rows(), keys.len() as u64);
        for key in &keys {
            let value = store.get(key).await.unwrap();
            assert_eq!(value.as_deref(), Some(key.as_bytes()), "{key:?}");
        }
        let values = store.get_many(&keys).await.unwrap();
        for (key, value) in keys.iter().zip(values) {
            assert_eq!(value.as_deref(), Some(key.as_bytes()), "{key:?}");
        }
        let listed = store.keys("", "*").await.unwrap();
        let all: HashSet<&String> = keys.iter().collect();
        assert_eq!(listed.iter().collect::<HashSet<_>>(), all);
        for key in &keys {
            assert!(store.delete(key).await.unwrap(), "{key:?}");
        }
        assert_eq!(place.rows(), 0);
        for size in [1, 100 << 10, 5 << 20] {
            let value: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
            store.set("large", &value, MINUTE).await.unwrap();
            assert!(store.get("large").await.unwrap().unwrap() == value);
        }
        let items = [1, 2, 3].map(|n| (format!("large {n}"), vec![n; 3 << 20]));
        assert!(store.set_many(&items, None).await.unwrap().is_empty());
        let keys: Vec<String> = items.iter().map(|(key, _)| key.clone()).collect();
        let values = store.get_many(&keys).await.unwrap();
        assert!(
            values
                .into_iter()
                .eq(items.into_iter().map(|(_, value)| Some(value)))
        );
    });
}

fn timeouts(database: Option<Database>) {
    for_every_caller(database, async |store, _| {
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Missing);
        store.set("k", b"v", None).await.unwrap();
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
        let life = Some(Duration::from_millis(1500));
        let start = Instant::now();
        store.set("k", b"v", life).await.unwrap();
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
        // Less than a millisecond is not "at once", and is soon over.
        let shortest = Some(Duration::from_nanos(1));
        store.set("short", b"v", shortest).await.unwrap();
        assert!(store.add("short2", b"v", shortest).await.unwrap());
        thread::sleep(Duration::from_millis(5));
        assert_eq!(store.get("short").await.unwrap(), None);
        assert_eq!(store.get("short2").await.unwrap(), None);
        // Nor is the longest one too long.
        store.set("long", b"v", Some(Duration::MAX)).await.unwrap();
        assert!(matches!(store.ttl("long").await.unwrap(), Ttl::After(_)));
        assert!(store.touch("long", Some(Duration::MAX)).await.unwrap());
        assert!(store.get("long").await.unwrap().is_some());
    });
}

fn by_the_clock_of_the_database(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = place.store();
    current_thread().block_on(async {
        let life = Duration::from_secs(30);
        store.set("k", b"v", Some(life)).await.unwrap();
        let left: i64 = place
            .sql("SELECT expires - {now} FROM {t}")
            .parse()
            .unwrap();
        assert!((1..=30_000).contains(&left), "{left}");
        // Milliseconds since 1970, whatever the time zone of the server.
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
        let at: i64 = place.sql("SELECT expires FROM {t}").parse().unwrap();
        assert!((at - now - 30_000).abs() < 20_000, "{at} {now}");
        assert!(store.get("k").await.unwrap().is_some());
        let life = Duration::from_millis(400);
        store.set("k", b"v", Some(life)).await.unwrap();
        tokio::time::sleep(life).await;
        assert_eq!(store.get("k").await.unwrap(), None);
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Missing);
    });
}

fn add_only_if_missing(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
        assert!(store.add("k", b"first", MINUTE).await.unwrap());
        assert!(!store.add("k", b"second", None).await.unwrap());
        assert!(!store.add("k", b"first", MINUTE).await.unwrap());
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"first");
        assert!(matches!(store.ttl("k").await.unwrap(), Ttl::After(_)));
        assert!(store.add("forever", b"v", None).await.unwrap());
        assert!(!store.add("forever", b"v", None).await.unwrap());
        assert_eq!(store.ttl("forever").await.unwrap(), Ttl::Never);
        place.expire();
        assert!(store.add("k", b"third", None).await.unwrap());
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"third");
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
        // The same value again is a row added, too.
        assert!(store.add("forever", b"v", MINUTE).await.unwrap());
        assert!(matches!(store.ttl("forever").await.unwrap(), Ttl::After(_)));
        assert_eq!(place.rows(), 2);
    });
}

fn touch_gives_a_new_life(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
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
        place.expire();
        assert!(!store.touch("k", MINUTE).await.unwrap());
        assert_eq!(store.get("k").await.unwrap(), None);
    });
}

fn incr_keeps_the_timeout(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
        assert_eq!(store.incr("n", 1).await.unwrap(), None);
        assert_eq!(place.rows(), 0, "a missing key stays missing");
        store.set("n", b"40", MINUTE).await.unwrap();
        assert_eq!(store.incr("n", 2).await.unwrap(), Some(42));
        assert_eq!(store.incr("n", 0).await.unwrap(), Some(42));
        assert_eq!(store.incr("n", -50).await.unwrap(), Some(-8));
        assert_eq!(store.get("n").await.unwrap().unwrap(), b"-8");
        assert!(matches!(store.ttl("n").await.unwrap(), Ttl::After(_)));
        store.set("n", b"9007199254740992", None).await.unwrap();
        assert_eq!(
            store.incr("n", 1).await.unwrap(),
            Some(9_007_199_254_740_993)
        );
        assert_eq!(store.ttl("n").await.unwrap(), Ttl::Never);
        let most = i64::MAX.to_string();
        store.set("n", most.as_bytes(), None).await.unwrap();
        let error = store.incr("n", 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert_eq!(store.incr("n", i64::MIN).await.unwrap(), Some(-1));
        for other in [&b"forty"[..], b"", b"1.5", b"+1", b"\xff", b"1 "] {
            store.set("n", other, None).await.unwrap();
            let error = store.incr("n", 1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
            assert_eq!((error.operation(), error.key()), ("incr", Some("n")));
        }
        store.set("n", b"1", None).await.unwrap();
        place.expire();
        assert_eq!(store.incr("n", 1).await.unwrap(), None);
    });
}

fn many_at_once(database: Option<Database>) {
    for_every_caller(database, async |store, _| {
        let item = |key: &str, value: &str| (key.to_owned(), value.as_bytes().to_vec());
        let items = [item("b", "0"), item("a", "1"), item("b", "2")];
        let failed = store.set_many(&items, MINUTE).await.unwrap();
        assert_eq!(failed, Vec::<usize>::new());
        assert!(matches!(store.ttl("b").await.unwrap(), Ttl::After(_)));
        let keys = strings(["b", "missing", "a", "a"]);
        let values = store.get_many(&keys).await.unwrap();
        let (one, two) = (Some(b"1".to_vec()), Some(b"2".to_vec()));
        assert_eq!(
            values,
            [two, None, one.clone(), one],
            "the last value counts"
        );
        let failed = store.set_many(&items[1..2], None).await.unwrap();
        assert_eq!(failed, Vec::<usize>::new());
        assert_eq!(store.ttl("a").await.unwrap(), Ttl::Never);
        assert_eq!(store.delete_many(&keys).await.unwrap(), 2);
        assert_eq!(store.delete_many(&keys).await.unwrap(), 0);
    });
}

fn batches_of_ten_thousand(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = place.store();
    for store in [&store as &dyn Store, store.blocking().unwrap()] {
        current_thread().block_on(async {
            let items: Vec<_> = (0..10_000)
                .map(|n| (format!("key {n}"), format!("value {n}").into_bytes()))
                .collect();
            let start = Instant::now();
            assert!(store.set_many(&items, MINUTE).await.unwrap().is_empty());
            let set = start.elapsed();
            assert_eq!(place.rows(), 10_000);
            let mut keys: Vec<String> = items.iter().map(|(key, _)| key.clone()).collect();
            keys.push("missing".to_owned());
            let start = Instant::now();
            let values = store.get_many(&keys).await.unwrap();
            let get = start.elapsed();
            assert_eq!(values.len(), 10_001);
            assert_eq!(values[10_000], None);
            for ((_, value), found) in items.iter().zip(&values) {
                assert_eq!(found.as_ref(), Some(value));
            }
            let start = Instant::now();
            assert_eq!(store.delete_many(&keys).await.unwrap(), 10_000);
            let delete = start.elapsed();
            assert_eq!(place.rows(), 0);
            println!("set_many {set:?}, get_many {get:?}, delete_many {delete:?}");
        });
    }
}

fn an_expired_row_is_not_there(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
        let items = ["p:1", "p:2"].map(|key| (key.to_owned(), b"1".to_vec()));
        // The first to write purges once, at any moment of what follows; after that they stay in the
        // table for a while.
        let mut rows = 0;
        for _ in 0..20 {
            store.set_many(&items, MINUTE).await.unwrap();
            place.expire();
            rows = place.rows();
            if rows == 2 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(rows, 2);
        let keys = strings(["p:1", "p:2"]);
        assert_eq!(store.get("p:1").await.unwrap(), None);
        assert_eq!(store.get_many(&keys).await.unwrap(), [None, None]);
        assert_eq!(store.ttl("p:1").await.unwrap(), Ttl::Missing);
        assert_eq!(store.keys("p:", "*").await.unwrap(), Vec::<String>::new());
        assert!(!store.delete("p:1").await.unwrap());
        assert_eq!(store.delete_many(&keys).await.unwrap(), 0);
        store.set("p:1", b"2", None).await.unwrap();
        assert_eq!(store.get("p:1").await.unwrap().unwrap(), b"2");
        assert_eq!(store.delete_many(&keys).await.unwrap(), 1);
    });
}

fn keys_by_prefix_and_pattern(database: Option<Database>) {
    for_every_caller(database, async |store, _| {
        let items = [
            "p:1:one", "p:1:two", "p:2:one", "p:1", "xp:1:one", ":1:bare", "P:1:one",
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
        for count in [999, 1000, 1001, 2500] {
            let many: Vec<_> = (0..count)
                .map(|n| (format!("many {count}:{n}"), b"v".to_vec()))
                .collect();
            store.set_many(&many, None).await.unwrap();
            let found = store.keys(&format!("many {count}:"), "*").await.unwrap();
            assert_eq!(found.len(), count, "each key once");
            assert_eq!(found.iter().collect::<HashSet<_>>().len(), count);
        }
    });
}

fn clear_removes_its_prefix_alone(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = place.store();
    for store in [&store as &dyn Store, store.blocking().unwrap()] {
        current_thread().block_on(async {
            let outside = strings([
                "ab_c",
                "abXc",
                "ab%c",
                "abcc",
                "AB_C:",
                "ab_",
                "ab_c;",
                "ab_c9",
                "abc",
                "a",
                "ab%d:1",
                "ab\\c",
                "ä",
                "a\u{308}:",
                "b",
                "\u{10ffff}",
            ]);
            for prefix in [
                "ab_c:",
                "ab%c:",
                "ab\\%:",
                "ä:",
                ":1:",
                "ab_c\u{10ffff}",
                "[a]*",
            ] {
                let inside = (0..1200).map(|n| format!("{prefix}{n}"));
                let all = inside
                    .chain(outside.iter().cloned())
                    .chain([prefix.to_owned()]);
                let all: Vec<_> = all.map(|key| (key, b"v".to_vec())).collect();
                store.set_many(&all, MINUTE).await.unwrap();
                store.clear(prefix).await.unwrap();
                let mut left = store.keys("", "*").await.unwrap();
                left.sort();
                let mut expected = outside.clone();
                expected.sort();
                assert_eq!(left, expected, "{prefix}");
            }
            store.clear("").await.unwrap();
            assert_eq!(place.rows(), 0);
            store.clear("").await.unwrap();
        });
    }
}
