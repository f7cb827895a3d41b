//! What is decided on an old look at a file is looked at again under the lock.

use std::time::Duration;

use super::FileConfig;
use super::folder::Folder;
use super::ledger::Ledger;
use super::names::Name;
use super::reading::{self, Found};

const SHORT: Option<Duration> = Some(Duration::from_millis(1));

fn folder() -> (tempfile::TempDir, Folder) {
    let root = tempfile::tempdir().unwrap();
    let config = FileConfig::new(root.path().join("cache"));
    let folder = Folder::new(config).unwrap();
    (root, folder)
}

#[test]
fn a_reader_who_is_late_does_not_remove_what_is_new() {
    let (_root, folder) = folder();
    folder.set("k", b"old", SHORT).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    let place = folder.place("k");
    assert_eq!(reading::find(&place.path, "k").unwrap(), Found::Expired);
    folder.set("k", b"new", None).unwrap();
    assert!(!folder.remove_if_over(&place).unwrap());
    assert_eq!(folder.get("k").unwrap().unwrap(), b"new");
    // And one in time does.
    folder.set("k", b"old", SHORT).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    assert!(folder.remove_if_over(&place).unwrap());
    assert!(!place.path.exists());
}

#[test]
fn who_culls_does_not_remove_what_is_new() {
    let (_root, folder) = folder();
    folder.set("k", b"old", SHORT).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    let ledger = Ledger::open(folder.root()).unwrap();
    let over = folder.survey(&ledger, Name::of("k").shard).unwrap();
    assert_eq!(over.len(), 1);
    // Of the same length and, as the disk counts it, at the same time.
    let path = folder.place("k").path;
    let modified = path.metadata().unwrap().modified().unwrap();
    folder.set("k", b"new", None).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    folder.remove_all(&ledger, &over, folder.until()).unwrap();
    assert_eq!(folder.get("k").unwrap().unwrap(), b"new");
}

#[test]
fn the_ledger_follows_every_change() {
    let (_root, folder) = folder();
    let count = |key: &str| {
        let ledger = Ledger::open(folder.root()).unwrap();
        ledger.counts.of(Name::of(key).shard).entries
    };
    folder.set("k", b"1", None).unwrap();
    assert_eq!(count("k"), 1);
    folder.set("k", b"longer", None).unwrap();
    assert!(!folder.add("k", b"2", None).unwrap());
    folder.touch("k", SHORT).unwrap();
    assert_eq!(count("k"), 1);
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(folder.get("k").unwrap(), None);
    assert_eq!(count("k"), 0);
    assert!(folder.add("k", b"9", None).unwrap());
    folder.incr("k", 1).unwrap();
    assert_eq!(count("k"), 1);
    assert!(folder.delete("k").unwrap());
    assert_eq!(count("k"), 0);
    folder.set("k", b"1", None).unwrap();
    folder.clear(Name::of("k").shard, "").unwrap();
    assert_eq!(count("k"), 0);
    // What is counted anew is counted alike.
    folder.set("k", b"1", None).unwrap();
    let ledger = Ledger::open(folder.root()).unwrap();
    let before = ledger.counts.of(Name::of("k").shard);
    std::fs::remove_file(folder.root().join(".cache-ledger")).unwrap();
    let ledger = Ledger::open(folder.root()).unwrap();
    assert_eq!(ledger.counts.of(Name::of("k").shard), before);
}
