//! The file store, operation by operation, for every kind of caller.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod file_callers;

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cache_runtime::{Cache, ErrorKind, Store, Ttl};
use cache_tests::process::Folder;
use file_callers::{MINUTE, SHORT, files, for_every_caller, multi_thread, open};

#[test]
fn get_set_delete() {
    for_every_caller(async |store, root| {
        assert_eq!(store.name(), "file");
        assert_eq!(store.get("k").await.unwrap(), None);
        assert!(!store.delete("k").await.unwrap());
        assert_eq!(files(root, ""), Vec::<PathBuf>::new(), "reads make nothing");
        store.set("k", b"\0\xff\r\n", None).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"\0\xff\r\n");
        store.set("k", b"", MINUTE).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"");
        assert!(store.delete("k").await.unwrap());
        assert!(!store.delete("k").await.unwrap());
        assert_eq!(store.get("k").await.unwrap(), None);
        for len in [1, 4000, 4055, 4056, 4057, 8192, 100 << 10, 5 << 20] {
            let value: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            store.set("large", &value, None).await.unwrap();
            assert!(store.get("large").await.unwrap().unwrap() == value, "{len}");
        }
        let keys = [
            "",
            " ",
            "清",
            "a/../../b",
            "\0",
            &"x".repeat(1000),
            &"y".repeat(9000),
        ];
        for (n, key) in keys.iter().enumerate() {
            store.set(key, &[n as u8; 5000], MINUTE).await.unwrap();
        }
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(
                store.get(key).await.unwrap().unwrap(),
                [n as u8; 5000],
                "{key:?}"
            );
            assert!(store.delete(key).await.unwrap(), "{key:?}");
        }
        store.ping().await.unwrap();
        store.close().await.unwrap();
        assert!(store.get("large").await.unwrap().is_some(), "opens again");
        assert_eq!(files(root, ".tmp"), Vec::<PathBuf>::new());
    });
}

#[test]
fn timeouts() {
    for_every_caller(async |store, root| {
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Missing);
        store.set("k", b"v", None).await.unwrap();
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
        let (began, life) = (Instant::now(), Duration::from_millis(61_500));
        store.set("k", b"v", Some(life)).await.unwrap();
        let Ttl::After(left) = store.ttl("k").await.unwrap() else {
            panic!("it has an end");
        };
        assert!(left <= life && left + began.elapsed() >= life - Duration::from_millis(10));
        loop {
            let began = Instant::now();
            store.set("short", b"v", SHORT).await.unwrap();
            assert!(store.add("short2", b"v", SHORT).await.unwrap());
            let found = store.get("short").await.unwrap();
            if began.elapsed() < SHORT.unwrap() {
                assert!(found.is_some());
                break;
            }
            // The machine was too busy to look before the end: again.
            store.delete("short2").await.unwrap();
        }
        sleep(Duration::from_millis(120));
        assert_eq!(store.get("short").await.unwrap(), None);
        assert_eq!(store.ttl("short2").await.unwrap(), Ttl::Missing);
        assert!(!store.touch("short", MINUTE).await.unwrap());
        assert_eq!(store.incr("short", 1).await.unwrap(), None);
        assert!(!store.delete("short").await.unwrap());
        // What has expired and was asked for is gone.
        assert_eq!(files(root, ".entry").len(), 1);
        store.set("long", b"v", Some(Duration::MAX)).await.unwrap();
        assert!(matches!(store.ttl("long").await.unwrap(), Ttl::After(_)));
        assert!(store.touch("long", Some(Duration::MAX)).await.unwrap());
        assert!(store.get("long").await.unwrap().is_some());
    });
}

#[test]
fn add_only_if_missing() {
    for_every_caller(async |store, _| {
        assert!(store.add("k", b"first", MINUTE).await.unwrap());
        assert!(!store.add("k", b"second", None).await.unwrap());
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"first");
        assert!(matches!(store.ttl("k").await.unwrap(), Ttl::After(_)));
        assert!(store.add("forever", b"v", None).await.unwrap());
        assert_eq!(store.ttl("forever").await.unwrap(), Ttl::Never);
        assert!(store.add("short", b"1", SHORT).await.unwrap());
        sleep(Duration::from_millis(120));
        assert!(store.add("short", b"2", MINUTE).await.unwrap());
        assert_eq!(store.get("short").await.unwrap().unwrap(), b"2");
    });
}

#[test]
fn touch_gives_a_new_life() {
    for_every_caller(async |store, _| {
        assert!(!store.touch("k", MINUTE).await.unwrap());
        loop {
            let began = Instant::now();
            store.set("k", b"v", SHORT).await.unwrap();
            let was_there = store.touch("k", MINUTE).await.unwrap();
            if began.elapsed() < SHORT.unwrap() {
                assert!(was_there);
                break;
            }
        }
        sleep(Duration::from_millis(120));
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"v");
        assert!(store.touch("k", None).await.unwrap());
        assert_eq!(store.ttl("k").await.unwrap(), Ttl::Never);
    });
}

#[test]
fn incr_keeps_the_timeout() {
    for_every_caller(async |store, root| {
        assert_eq!(store.incr("n", 1).await.unwrap(), None);
        assert_eq!(files(root, ""), Vec::<PathBuf>::new(), "it makes nothing");
        store.set("n", b"41", MINUTE).await.unwrap();
        assert_eq!(store.incr("n", 1).await.unwrap(), Some(42));
        assert_eq!(store.incr("n", -50).await.unwrap(), Some(-8));
        assert_eq!(store.get("n").await.unwrap().unwrap(), b"-8");
        assert!(matches!(store.ttl("n").await.unwrap(), Ttl::After(_)));
        store.set("n", b"9223372036854775806", None).await.unwrap();
        assert_eq!(store.incr("n", 1).await.unwrap(), Some(i64::MAX));
        let error = store.incr("n", 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert_eq!(
            store.get("n").await.unwrap().unwrap(),
            b"9223372036854775807"
        );
        for text in ["one", "", "1.5", "1e3"] {
            store.set("n", text.as_bytes(), None).await.unwrap();
            let error = store.incr("n", 1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{text}");
            assert_eq!((error.operation(), error.key()), ("incr", Some("n")));
        }
    });
}

#[test]
fn batches() {
    for_every_caller(async |store, _| {
        assert!(store.get_many(&[]).await.unwrap().is_empty());
        assert!(store.set_many(&[], None).await.unwrap().is_empty());
        assert_eq!(store.delete_many(&[]).await.unwrap(), 0);
        let items: Vec<(String, Vec<u8>)> = (0..300)
            .map(|n| (format!("key{n}"), n.to_string().into_bytes()))
            .collect();
        assert!(store.set_many(&items, MINUTE).await.unwrap().is_empty());
        let mut keys: Vec<String> = items.iter().map(|(key, _)| key.clone()).collect();
        keys.insert(100, "missing".to_owned());
        let values = store.get_many(&keys).await.unwrap();
        assert_eq!(values.len(), 301);
        for (key, value) in keys.iter().zip(values) {
            let value = value.map(|value| String::from_utf8(value).unwrap());
            assert_eq!(value.as_deref(), key.strip_prefix("key"), "{key}");
        }
        assert_eq!(store.delete_many(&keys).await.unwrap(), 300);
        assert_eq!(store.delete_many(&keys).await.unwrap(), 0);
    });
}

#[test]
fn listing_and_clearing() {
    for_every_caller(async |store, root| {
        store.clear("").await.unwrap();
        assert!(store.keys("", "*").await.unwrap().is_empty());
        for key in ["a:1:x", "a:1:y", "a:2:x", "b:1:x", "a*:1:x"] {
            store.set(key, b"v", MINUTE).await.unwrap();
        }
        store.set("a:1:over", b"v", SHORT).await.unwrap();
        sleep(Duration::from_millis(120));
        let keys = async |prefix, pattern| -> HashSet<String> {
            let keys = store.keys(prefix, pattern).await.unwrap();
            keys.into_iter().collect()
        };
        assert_eq!(
            keys("a:1:", "*").await,
            HashSet::from(["a:1:x", "a:1:y"].map(String::from))
        );
        assert_eq!(
            keys("a*:1:", "*").await,
            HashSet::from(["a*:1:x".to_owned()])
        );
        assert_eq!(keys("", "*:x").await.len(), 4);
        assert_eq!(
            keys("a:1:", "[^x]").await,
            HashSet::from(["a:1:y".to_owned()])
        );
        let foreign = [
            "README",
            "ab/README",
            "ab/notes.entry",
            "xy/file",
            "ab/.hidden",
        ];
        for name in foreign {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "not ours").unwrap();
        }
        store.clear("a:1:").await.unwrap();
        assert_eq!(keys("", "*").await.len(), 3);
        store.clear("").await.unwrap();
        assert_eq!(keys("", "*").await.len(), 0);
        assert_eq!(files(root, ".entry"), [root.join("ab/notes.entry")]);
        for name in foreign {
            assert_eq!(fs::read(root.join(name)).unwrap(), b"not ours");
        }
    });
}

#[test]
fn a_cache_of_files() {
    let folder = Folder::new("files");
    let url = |options: &str| format!("file://{}?key_prefix=app{options}", folder.path().display());
    let cache = Cache::from_url(&url("&max_entries=30&cull_frequency=0"))
        .unwrap()
        .blocking();
    cache.set("key", &vec![1, 2], 60).unwrap();
    let other = Cache::from_url(&url("")).unwrap().blocking();
    assert_eq!(other.get::<Vec<i32>>("key").unwrap(), Some(vec![1, 2]));
    assert_eq!(other.keys("*").unwrap(), ["key"]);
    other.set("n", &1, 60).unwrap();
    assert_eq!(cache.incr("n", 2).unwrap(), 3);
    for n in 0..29 {
        cache
            .set(&format!("{n}"), &format!("text {n}"), 60)
            .unwrap();
    }
    assert_eq!(
        cache.keys("*").unwrap().len(),
        1,
        "`cull_frequency=0`: all went"
    );
    // Another format is a miss.
    let json = Cache::from_url(&url("&format=json")).unwrap().blocking();
    assert_eq!(json.get::<String>("28").unwrap(), None);
}

#[test]
fn a_caller_who_leaves_early_and_a_runtime_that_ends_harm_nobody() {
    let folder = Folder::new("files");
    let store = Arc::new(open(&folder));
    for n in 0..50 {
        let runtime = multi_thread();
        let one = Arc::clone(&store);
        runtime.spawn(async move {
            for n in 0.. {
                one.set(&format!("key{}", n % 10), &[7; 5000], MINUTE)
                    .await
                    .unwrap();
            }
        });
        runtime.block_on(async {
            let key = "mine";
            let mut left = store.set(key, b"left", MINUTE);
            let _ = left.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            drop(left);
            store.set("other", &[n], MINUTE).await.unwrap();
            assert_eq!(store.get("other").await.unwrap().unwrap(), [n]);
        });
        runtime.shutdown_background();
    }
    drop(store);
    // What was under way is done, and leaves nothing.
    let started = Instant::now();
    while !files(folder.path(), ".tmp").is_empty() {
        assert!(started.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(5));
    }
}
