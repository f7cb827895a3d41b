//! How much the file store holds, and what goes when it is full.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod file_callers;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use cache_runtime::Store;
use cache_runtime::stores::files::{FileConfig, FileStore};
use cache_tests::process::Folder;
use file_callers::{SHORT, bounded, config, count, files, now, open};

/// Leftovers of a process that was killed, as old as they must be to go.
fn leftover(folder: &Path, name: &str, age: Duration) -> PathBuf {
    let path = folder.join(name);
    let file = fs::File::create(&path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
    path
}

#[test]
fn what_is_left_behind_goes_some_day() {
    let folder = Folder::new("files");
    let store = open(&folder);
    let store = store.blocking().unwrap();
    for n in 0..300 {
        now(store.set(&format!("over{n}"), b"v", SHORT));
    }
    let mut left = Vec::new();
    for shard in 0..=255_u8 {
        let shard = format!("{shard:02x}");
        let folder = folder.path().join(&shard);
        fs::create_dir_all(&folder).unwrap();
        let hash = shard.repeat(16);
        let name = |end: &str| format!("{hash}.{end}");
        let old = Duration::from_secs(7200);
        left.push([
            leftover(&folder, &name("aB3dE6gH.tmp"), old),
            leftover(&folder, &name("aB3dE6gI.tmp"), Duration::ZERO),
            leftover(&folder, "foreign.aB3dE6gI.tmp", old),
        ]);
    }
    sleep(Duration::from_millis(120));
    // Each 256th write looks through another of the 256 folders.
    for _ in 0..256 * 8 {
        now(store.set("new", b"v", None));
    }
    let gone = |which: usize| left.iter().filter(|left| !left[which].exists()).count();
    assert_eq!((gone(0), gone(1), gone(2)), (8, 0, 0));
    // Of 300 in 256 folders, 9 are in 8 of them, more or less.
    let entries = files(folder.path(), ".entry").len();
    assert!((270..301).contains(&entries), "{entries}");
}

// As Django's own suite asks (test_cull, test_zero_cull).
#[test]
fn a_share_goes_at_once_as_in_django() {
    for (frequency, left) in [(3, 29), (0, 19), (1, 19), (2, 19)] {
        let folder = Folder::new("files");
        let store = bounded(&folder, 30, frequency);
        let store = store.blocking().unwrap();
        for n in 1..=49 {
            now(store.set(&format!("cull{n}"), b"v", None));
            assert!(now(store.get(&format!("cull{n}"))).is_some());
            assert!(count(store) <= 30);
        }
        assert_eq!(count(store), left, "cull_frequency={frequency}");
    }
}

#[test]
fn the_expired_go_first_and_then_the_oldest() {
    let folder = Folder::new("files");
    let store = bounded(&folder, 30, 3);
    let store = store.blocking().unwrap();
    for n in 0..10 {
        now(store.set(&format!("old{n}"), b"v", None));
    }
    // The time of a file moves every few milliseconds.
    sleep(Duration::from_millis(20));
    for n in 0..5 {
        now(store.set(&format!("over{n}"), b"v", SHORT));
    }
    for n in 0..15 {
        now(store.set(&format!("new{n}"), b"v", None));
    }
    sleep(Duration::from_millis(120));
    now(store.set("one more", b"v", None));
    // Ten go: the five that have expired, and five of the ten oldest.
    assert_eq!(now(store.keys("old", "*")).len(), 5);
    assert_eq!(now(store.keys("new", "*")).len(), 15);
    assert_eq!(files(folder.path(), ".entry").len(), 21);
    // What is written again needs no room.
    for _ in 0..100 {
        now(store.set("one more", b"v", None));
        now(store.set("new1", b"v", None));
    }
    assert_eq!(files(folder.path(), ".entry").len(), 21);
}

#[test]
fn nothing_grows_without_bound() {
    for (max_entries, sets) in [(1, 20), (2, 50), (300, 700), (1000, 2000)] {
        let folder = Folder::new("files");
        let store = bounded(&folder, max_entries, 3);
        let store = store.blocking().unwrap();
        for n in 0..sets {
            now(store.set(&format!("key{n}"), b"v", None));
            if n % 100 == 0 {
                assert!(
                    count(store) <= max_entries,
                    "{max_entries}: {}",
                    count(store)
                );
            }
        }
        let left = count(store);
        println!("{max_entries}: {left}");
        assert!(
            left <= max_entries && left * 2 >= max_entries,
            "{max_entries}: {left}"
        );
    }
}

#[test]
fn bytes_are_bounded_too() {
    let folder = Folder::new("files");
    let store = FileStore::new(FileConfig {
        max_bytes: Some(100_000),
        ..config(&folder)
    })
    .unwrap();
    let store = store.blocking().unwrap();
    let bytes = || -> u64 {
        let files = files(folder.path(), ".entry");
        files
            .iter()
            .map(|path| path.metadata().unwrap().len())
            .sum()
    };
    for n in 0..300_usize {
        let key = format!("key{}", n % 100);
        let value = vec![b'x'; n * 37 % 5000];
        if n % 3 == 0 {
            now(store.add(&key, &value, None));
        } else {
            now(store.set(&key, &value, None));
            assert!(now(store.get(&key)).is_some_and(|found| found == value));
        }
        assert!(bytes() <= 100_000, "after {n}: {}", bytes());
    }
    assert!(bytes() > 50_000, "it is made use of");
    // What does not fit even alone is not kept, and nothing goes for it but what it replaces.
    let before = count(store);
    now(store.set("huge", &vec![0; 100_000], None));
    assert_eq!((now(store.get("huge")), count(store)), (None, before));
    now(store.set("key0", b"v", None));
    now(store.set("key0", &vec![0; 100_000], None));
    assert_eq!(now(store.get("key0")), None);
    now(store.set("large", &vec![0; 99_000], None));
    assert!(now(store.get("large")).is_some());
}

#[test]
fn a_lost_or_wrong_count_is_set_right() {
    let folder = Folder::new("files");
    let ledger = folder.path().join(".cache-ledger");
    type Damage = fn(&Path);
    let wrong: [(&str, Damage); 4] = [
        ("gone", |path| fs::remove_file(path).unwrap()),
        ("empty", |path| fs::write(path, "").unwrap()),
        ("text", |path| fs::write(path, "x".repeat(4112)).unwrap()),
        ("too high", |path| {
            let mut bytes = fs::read(path).unwrap();
            for byte in bytes[16..].iter_mut().step_by(8) {
                *byte = 250;
            }
            fs::write(path, bytes).unwrap();
        }),
    ];
    let store = bounded(&folder, 30, 3);
    let store = store.blocking().unwrap();
    for (name, damage) in wrong {
        now(store.clear(""));
        for n in 0..25 {
            now(store.set(&format!("key{n}"), b"v", None));
        }
        damage(&ledger);
        for n in 0..5 {
            now(store.set(&format!("more{n}"), b"v", None));
        }
        assert_eq!(count(store), 30, "{name}: nothing went too early");
        now(store.set("one more", b"v", None));
        assert_eq!(count(store), 21, "{name}: nor too late");
    }
    // Files that somebody took away by hand.
    now(store.clear(""));
    for n in 0..30 {
        now(store.set(&format!("key{n}"), b"v", None));
    }
    files(folder.path(), ".entry")
        .iter()
        .take(20)
        .for_each(|path| fs::remove_file(path).unwrap());
    for n in 0..20 {
        now(store.set(&format!("more{n}"), b"v", None));
    }
    assert_eq!(count(store), 30);
}
