//! The file store when processes are killed or stand still at any moment, and when the disk is full.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod file_processes;

use std::env;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{CacheError, ErrorKind, Store};
use cache_tests::process::Folder;
use cache_tests::small_disk::SmallDisk;
use file_processes::{Files, ROLE, ROOT, role, start, wait_for_go, wait_until_ready};

#[test]
fn in_another_process() {
    let Some((role, root)) = role() else {
        return;
    };
    let files = Files::open(&root);
    match role.as_str() {
        "write" => writes_until_killed(&files),
        "hold" => holds_the_lock(&root),
        "full" => meets_the_limit(&files, &root),
        _ => panic!("{role}"),
    }
}

const KEYS: u64 = 5;

/// A value that says itself whether it is whole.
fn value(seed: u64) -> Vec<u8> {
    let len = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize;
    let mut value = seed.to_le_bytes().to_vec();
    value.extend((0..len).map(|n| (n as u64 ^ seed) as u8));
    value
}

fn is_whole(found: &[u8]) -> bool {
    let seed = found.first_chunk().map(|seed| u64::from_le_bytes(*seed));
    seed.is_some_and(|seed| found == value(seed))
}

fn writes_until_killed(files: &Files) {
    wait_for_go();
    let mut seed = u64::from(std::process::id()) << 32;
    loop {
        seed += 1;
        let key = format!("key{}", seed % KEYS);
        let value = value(seed);
        match seed % 11 {
            0 => drop(files.ask(|store| store.delete(&key))),
            1 => drop(files.ask(|store| store.touch(&key, Some(Duration::from_secs(600))))),
            2 => drop(files.ask(|store| store.add(&key, &value, None))),
            3 => drop(files.incr("n", 1)),
            4 => files.set_for(&key, &value, Duration::from_millis(1)),
            _ => files.set(&key, &value),
        }
    }
}

#[test]
fn a_process_may_be_killed_at_any_byte() {
    const ROUNDS: u64 = 500;
    let folder = Folder::new("races");
    let files = Files::open(folder.path());
    files.set("n", b"0");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut seen, mut last) = (0_u64, 0);
            while !is_over.load(Relaxed) {
                for n in 0..KEYS {
                    if let Some(found) = files.get(&format!("key{n}")) {
                        assert!(is_whole(&found), "{} bytes", found.len());
                        seen += 1;
                    }
                }
                let n = String::from_utf8(files.get("n").unwrap()).unwrap();
                let n: u64 = n.parse().unwrap();
                assert!(n >= last, "{n} after {last}");
                last = n;
            }
            (seen, last)
        });
        for round in 0..ROUNDS {
            let mut child = start("write", folder.path());
            wait_until_ready(&mut child);
            child.stdin.take().unwrap().write_all(b"go\n").unwrap();
            // Any time within its first few writes.
            thread::sleep(Duration::from_micros(round * 7919 % 8000));
            child.kill().unwrap();
            child.wait().unwrap();
            if reader.is_finished() {
                break;
            }
        }
        is_over.store(true, Relaxed);
        let (seen, counted) = reader.join().unwrap();
        println!("{seen} whole values seen, {counted} counts");
        assert!(seen > 1000 && counted > 10, "{seen} {counted}");
    });
    // What they left behind: at most one temporary file each, and no lock.
    let (mut entries, mut temporary) = (0, 0);
    for shard in fs::read_dir(folder.path()).unwrap() {
        for file in fs::read_dir(shard.unwrap().path()).into_iter().flatten() {
            let name = file.unwrap().file_name().into_string().unwrap();
            entries += u64::from(name.ends_with(".entry"));
            temporary += u64::from(name.ends_with(".tmp"));
        }
    }
    println!("{temporary} temporary files are left");
    assert!(
        entries <= KEYS + 1 && temporary <= ROUNDS,
        "{entries} {temporary}"
    );
    assert!(temporary > 0, "none was killed while it wrote");
    let started = Instant::now();
    for n in 0..KEYS {
        files.set(&format!("key{n}"), &value(n));
    }
    // Not one of them waited for a lock that nobody has.
    assert!(started.elapsed() < Duration::from_secs(15));
    // The ledger is never below the truth.
    let ledger = fs::read(folder.path().join(".cache-ledger")).unwrap();
    let (words, _) = ledger[16..].as_chunks::<16>();
    let counted: u64 = words
        .iter()
        .map(|slot| u64::from_le_bytes(*slot.first_chunk().unwrap()))
        .sum();
    assert!(counted >= entries, "{counted} {entries}");
    println!("the ledger says {counted} of {}", KEYS + 1);
}

#[expect(clippy::incompatible_msrv, reason = "the store needs Rust 1.89 too")]
fn take_the_locks(root: &Path) -> Vec<fs::File> {
    let shards = fs::read_dir(root)
        .unwrap()
        .map(|shard| shard.unwrap().path());
    let locks: Vec<fs::File> = shards
        .filter_map(|shard| fs::File::open(shard.join(".lock")).ok())
        .collect();
    locks.iter().for_each(|lock| lock.lock().unwrap());
    locks
}

fn holds_the_lock(root: &Path) {
    let _locks = take_the_locks(root);
    wait_for_go();
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_process_that_stands_still_is_a_timeout_and_a_dead_one_is_nothing() {
    let folder = Folder::new("races");
    let limit = Duration::from_millis(200);
    let files = Files::with_limit(folder.path(), limit);
    files.set("n", b"1");
    files.set_for("over", b"1", Duration::from_millis(1));
    thread::sleep(Duration::from_millis(5));
    let mut child = start("hold", folder.path());
    wait_until_ready(&mut child);
    let is_timeout = |error: CacheError| {
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.is_retryable());
    };
    let in_time = |work: &dyn Fn()| {
        let started = Instant::now();
        work();
        let took = started.elapsed();
        assert!(took < 2 * limit + Duration::from_secs(3), "{took:?}");
    };
    in_time(&|| is_timeout(files.ask(|store| store.set("n", b"2", None)).unwrap_err()));
    in_time(&|| is_timeout(files.ask(|store| store.incr("n", 1)).unwrap_err()));
    in_time(&|| is_timeout(files.ask(|store| store.delete("n")).unwrap_err()));
    in_time(&|| is_timeout(files.ask(|store| store.touch("n", None)).unwrap_err()));
    in_time(&|| is_timeout(files.ask(|store| store.clear("")).unwrap_err()));
    // What a caller does not wait for any more may still be done.
    in_time(&|| is_timeout(futures_executor::block_on(files.0.delete("over")).unwrap_err()));
    // Who reads does not wait.
    let reader = Files::open(folder.path());
    let started = Instant::now();
    assert_eq!(reader.get("n").as_deref(), Some(&b"1"[..]));
    assert_eq!(reader.get("over"), None);
    assert!(started.elapsed() < Duration::from_secs(10));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(files.incr("n", 1), Some(2));
}

#[test]
fn who_reads_does_not_stand_behind_those_who_wait_to_write() {
    let folder = Folder::new("races");
    let limit = Duration::from_secs(4);
    let files = Files::with_limit(folder.path(), limit);
    files.set("k", b"old");
    let locks = take_the_locks(folder.path());
    assert_eq!(locks.len(), 1);
    let writes = futures::future::join_all((0..64).map(|_| files.0.set("k", b"new", None)));
    let read = async {
        let started = Instant::now();
        (files.0.get("k").await.unwrap(), started.elapsed())
    };
    // The writes are begun first.
    let (written, (found, took)) =
        futures_executor::block_on(async { futures::join!(writes, read) });
    assert_eq!(found.unwrap(), b"old");
    assert!(took < limit / 2, "{took:?}");
    for outcome in written {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Timeout);
    }
}

/// The checks of a disk that takes nothing large any more; small things have room.
fn meets_the_limit(files: &Files, root: &Path) {
    let large = vec![7; 200_000];
    files.set("k", b"old");
    files.set("other", b"other");
    let refused = |done: Result<bool, CacheError>| {
        let error = done.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(!error.is_retryable());
    };
    refused(files.ask(|store| store.add("new", &large, None)));
    assert_eq!(files.get("new"), None);
    refused(
        files
            .ask(|store| store.set("k", &large, None))
            .map(|()| true),
    );
    assert_eq!(files.get("k"), None, "the old one is out of date");
    assert_eq!(files.get("other").unwrap(), b"other");
    let failed = files.ask(|store| {
        let items: &[_] = Box::leak(Box::new([
            ("a".to_owned(), b"a".to_vec()),
            ("b".to_owned(), large.clone()),
        ]));
        store.set_many(items, None)
    });
    assert_eq!(failed.unwrap(), [1]);
    files.set("k", b"new");
    assert_eq!(files.get("k").unwrap(), b"new");
    for shard in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(shard.unwrap().path()).into_iter().flatten() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(!name.ends_with(".tmp"), "{name}");
        }
    }
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_leaves_nothing_half() {
    let folder = Folder::new("races");
    // 64 blocks of 512 bytes; and the signal for it is not deadly.
    let program = "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact in_another_process --nocapture";
    let output = Command::new("sh")
        .args(["-c", program])
        .arg(env::current_exe().unwrap())
        .env(ROLE, "full")
        .env(ROOT, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_half() {
    let Some(small) = SmallDisk::mount(160) else {
        println!("skipped: only root may mount a file system");
        return;
    };
    let root = small.path().join("cache");
    let files = Files::open(&root);
    meets_the_limit(&files, &root);
    // Full to the last page: what is there stays readable, what does not fit is refused, and
    // what is deleted makes room.
    let mut kept = 0;
    let error = loop {
        let (key, value) = (format!("key{kept}"), vec![kept as u8; 6000]);
        match files.ask(|store| store.set(&key, &value, None)) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert!(kept > 5, "{kept}");
    for n in 0..kept {
        assert_eq!(
            files.get(&format!("key{n}")).unwrap(),
            vec![n as u8; 6000],
            "{n}"
        );
    }
    assert!(files.ask(|store| store.delete("key0")).unwrap());
    files.set("key1", &[1; 6000]);
    files.ask(|store| store.clear("")).unwrap();
    files.set("key0", &[0; 6000]);
}
