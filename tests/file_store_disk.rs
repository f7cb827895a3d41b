//! What the file store leaves on the disk, and what it makes of what it finds there.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod file_callers;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use cache_runtime::stores::files::{FileConfig, FileStore};
use cache_runtime::{Cache, ErrorKind, Store, Ttl};
use cache_tests::process::Folder;
use file_callers::{MINUTE, at_once, files, for_every_caller, now, only_entry, open};

#[cfg(unix)]
#[test]
fn only_the_owner_can_read() {
    use std::os::unix::fs::PermissionsExt;

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = Folder::new("files");
    let root = folder.path().join("made/by/us");
    let store = FileStore::new(FileConfig::new(&root)).unwrap();
    now(store.blocking().unwrap().set("k", b"v", None));
    let made = [
        folder.path().join("made"),
        folder.path().join("made/by"),
        root.clone(),
        only_entry(&root).parent().unwrap().to_owned(),
    ];
    for folder in made {
        assert_eq!(mode(&folder), 0o700, "{folder:?}");
    }
    let files = files(&root, "");
    assert_eq!(files.len(), 3, "entry, lock, ledger: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

#[test]
fn strange_files_are_misses_and_go_away() {
    let folder = Folder::new("files");
    let store = open(&folder);
    let store = store.blocking().unwrap();
    now(store.set("k", b"a value", MINUTE));
    let path = only_entry(folder.path());
    let whole = fs::read(&path).unwrap();
    let broken = |name: &str, bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        assert_eq!(now(store.get("k")), None, "{name}");
        assert!(!path.exists(), "{name}");
        // Nor do they keep a new one from coming.
        fs::write(&path, bytes).unwrap();
        assert!(now(store.add("k", b"new", None)), "{name}");
        assert_eq!(now(store.get("k")).unwrap(), b"new", "{name}");
    };
    let strange = |name: &str, bytes: &[u8]| {
        broken(name, bytes);
        fs::write(&path, bytes).unwrap();
        assert!(!now(store.delete("k")) && !path.exists(), "{name}");
    };
    for len in 0..whole.len() {
        strange(&format!("cut at {len}"), &whole[..len]);
    }
    strange("longer", &[&whole[..], b"x"].concat());
    strange("zeros", &vec![0; whole.len()]);
    strange("text", b"something else");
    let mut other_version = whole.clone();
    other_version[4] = 2;
    strange("of another version", &other_version);
    for at in [whole.len() - 1, whole.len() - 10, 35] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        broken(&format!("byte {at} changed"), &changed);
    }
    // A length that no memory has.
    let mut huge = whole.clone();
    huge[24..32].copy_from_slice(&(u64::MAX - 100).to_le_bytes());
    strange("huge", &huge);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_a_miss() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("files");
    let store = open(&folder);
    let store = store.blocking().unwrap();
    now(store.set("k", b"a value", MINUTE));
    let path = only_entry(folder.path());
    let kept = folder.path().join("kept");
    fs::rename(&path, &kept).unwrap();
    symlink(&kept, &path).unwrap();
    assert_eq!(now(store.get("k")), None, "links are not followed");
    assert!(path.symlink_metadata().is_err() && kept.exists());
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    assert_eq!(now(store.get("k")), None, "a pipe is not waited for");
    assert!(path.symlink_metadata().is_err());
    fs::create_dir(&path).unwrap();
    assert_eq!(now(store.get("k")), None);
    assert!(now(store.keys("", "*")).is_empty());
    now(store.clear(""));
    fs::remove_dir(&path).unwrap();
    now(store.set("k", b"new", MINUTE));
    assert_eq!(now(store.get("k")).unwrap(), b"new");
}

#[test]
fn another_key_of_the_same_hash_gets_nothing() {
    let folder = Folder::new("files");
    let store = open(&folder);
    let store = store.blocking().unwrap();
    now(store.set("mine", b"mine", MINUTE));
    let mine = only_entry(folder.path());
    now(store.set("yours", b"yours", MINUTE));
    let entries = files(folder.path(), ".entry");
    let yours = entries.iter().find(|path| **path != mine).unwrap();
    // As if both had the hash of `mine`.
    fs::rename(yours, &mine).unwrap();
    assert_eq!(now(store.get("mine")), None);
    assert_eq!(now(store.ttl("mine")), Ttl::Missing);
    assert!(!now(store.delete("mine")) && !now(store.touch("mine", None)));
    assert!(mine.exists(), "it is not ours to take away");
    assert!(now(store.add("mine", b"again", MINUTE)));
    assert_eq!(now(store.get("mine")).unwrap(), b"again");
}

#[test]
fn a_folder_that_vanishes_is_made_again() {
    for_every_caller(async |store, root| {
        for _ in 0..3 {
            store.set("k", b"5", MINUTE).await.unwrap();
            store.set("k2", b"5", MINUTE).await.unwrap();
            fs::remove_dir_all(root).unwrap();
            assert_eq!(store.get("k").await.unwrap(), None);
            assert!(!store.delete("k").await.unwrap());
            assert!(!store.touch("k", None).await.unwrap());
            assert_eq!(store.incr("k", 1).await.unwrap(), None);
            assert!(store.keys("", "*").await.unwrap().is_empty());
            store.clear("").await.unwrap();
            assert!(!root.exists(), "reads make nothing");
            assert!(store.add("k", b"7", MINUTE).await.unwrap());
            assert_eq!(store.incr("k", 1).await.unwrap(), Some(8));
            fs::remove_dir_all(root).unwrap();
            store.ping().await.unwrap();
        }
    });
}

#[test]
fn a_folder_that_vanishes_all_the_time_breaks_nothing() {
    let folder = Folder::new("files");
    let store = Arc::new(open(&folder));
    let mut failed = 0;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let store = Arc::clone(&store);
                scope.spawn(move || {
                    let store = store.blocking().unwrap();
                    let mut failed = 0;
                    for n in 0..400 {
                        let key = format!("{writer} {}", n % 7);
                        let value = n.to_string().into_bytes();
                        failed += usize::from(at_once(store.set(&key, &value, MINUTE)).is_err());
                        let found = now(store.get(&key));
                        assert!(found.is_none_or(|found| found == value));
                    }
                    failed
                })
            })
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            // It may fail: something new stands in a folder that was empty a moment ago.
            let _ = fs::remove_dir_all(folder.path());
            sleep(Duration::from_millis(2));
        }
        failed = writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .sum();
    });
    println!("{failed} of 1200 sets failed");
    assert!(failed < 60, "{failed}");
    now(store.blocking().unwrap().set("k", b"v", None));
    assert!(now(store.blocking().unwrap().get("k")).is_some());
}

#[test]
fn a_root_that_cannot_be_is_said_and_calls_run_uncached() {
    let folder = Folder::new("files");
    let file = folder.path().join("file");
    fs::write(&file, "not ours").unwrap();
    for root in [file.clone(), file.join("below")] {
        let url = format!("file://{}?key_prefix=p", root.display());
        let cache = Cache::from_url(&url).unwrap().blocking();
        let error = cache.ping().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(!error.is_retryable());
        assert!(
            error
                .to_string()
                .starts_with(&format!("ping: {}: ", root.display())),
            "{error}"
        );
        let error = cache.set("k", &1, 60).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        for n in 0..10 {
            assert_eq!(cache.get_or_set("k", 60, || n).unwrap(), n, "uncached");
        }
    }
    assert_eq!(fs::read(&file).unwrap(), b"not ours");
}
