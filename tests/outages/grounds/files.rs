//! Files: the disk full or read-only, the entries overwritten or removed, the locks held by a program
//! that stands still.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cache_tests::process::Folder;
use cache_tests::small_disk::SmallDisk;

use super::Ground;
use crate::fault::{Bite, again_and_again, calm, direct};

/// In kilobytes: each entry takes a page or two.
const SMALL: usize = 16 << 10;

pub(super) fn start() -> Option<Ground> {
    let disk = SmallDisk::mount(SMALL);
    let folder = Folder::new("files");
    let path = disk.as_ref().map_or(folder.path(), SmallDisk::path);
    let root = path.join("cache");
    let url = format!("file://{}", root.display());
    let root = Arc::new(Mutex::new(root));
    let mut faults = vec![
        calm(),
        direct("garbage", Bite::Loss, &root, |root, lasting| {
            again_and_again(lasting, || {
                for (n, entry) in entries(root).into_iter().enumerate() {
                    // It may have been deleted just now.
                    let _ = fs::write(entry, &b"\0nonsense"[..n % 10]);
                }
            });
        }),
        direct("removed", Bite::Loss, &root, |root, lasting| {
            again_and_again(lasting, || {
                // Not all of it goes where files are written meanwhile.
                let _ = fs::remove_dir_all(&root);
            });
        }),
        direct("locked", Bite::Errors, &root, |root, lasting| {
            let locks = locks(root);
            thread::sleep(lasting);
            drop(locks);
        }),
    ];
    match disk {
        Some(disk) => {
            let disk = Arc::new(Mutex::new(disk));
            faults.push(direct("full", Bite::Errors, &disk, |disk, lasting| {
                again_and_again(lasting, || disk.fill());
                disk.empty();
            }));
            faults.push(direct("read-only", Bite::Errors, &disk, |disk, lasting| {
                set_read_only(disk, true);
                thread::sleep(lasting);
                set_read_only(disk, false);
            }));
        }
        None => println!("files: not tried on a full or read-only disk, which only root may mount"),
    }
    Some(Ground {
        url,
        by_proxy: None,
        faults,
        _server: Box::new(folder),
    })
}

fn entries(root: &Path) -> Vec<PathBuf> {
    let files = shards(root).into_iter().flat_map(|shard| inside(&shard));
    files
        .filter(|file| file.extension().is_some_and(|kind| kind == "entry"))
        .collect()
}

/// Takes every lock there is.
#[expect(clippy::incompatible_msrv, reason = "the store needs Rust 1.89 too")]
fn locks(root: &Path) -> Vec<File> {
    let files = shards(root)
        .into_iter()
        .filter_map(|shard| File::open(shard.join(".lock")).ok());
    let locks: Vec<_> = files.collect();
    assert!(!locks.is_empty(), "there are no locks");
    for lock in &locks {
        lock.lock()
            .unwrap_or_else(|error| panic!("no lock: {error}"));
    }
    locks
}

fn shards(root: &Path) -> Vec<PathBuf> {
    inside(root)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else {
        return Vec::new();
    };
    found.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Waits for a moment in which nobody writes.
fn set_read_only(disk: &SmallDisk, read_only: bool) {
    for _ in 0..2000 {
        if disk.set_read_only(read_only) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("the disk cannot be made read-only: {read_only}");
}
