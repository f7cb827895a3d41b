//! One folder of files and many processes that write into it at the same time.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod file_processes;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::Duration;

use cache_tests::process::Folder;
use file_processes::{Files, role, start, wait_for_go, wait_until_ready};

const PROCESSES: usize = 4;

/// What each of the processes had to tell, its words one a line.
fn run_all(role: &str, root: &Path) -> Vec<Vec<String>> {
    let mut children: Vec<Child> = (0..PROCESSES).map(|_| start(role, root)).collect();
    children.iter_mut().for_each(wait_until_ready);
    // All at once.
    for child in &mut children {
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }
    let finish = |mut child: Child| {
        let mut told = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut told)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{told}");
        let words = told.lines().filter_map(|line| line.strip_prefix("> "));
        words.map(str::to_owned).collect()
    };
    children.into_iter().map(finish).collect()
}

#[test]
fn in_another_process() {
    let Some((role, root)) = role() else {
        return;
    };
    let files = Files::open(&root);
    match role.as_str() {
        "incr" => each_counts(&files),
        "add" => each_adds(&files),
        "set and incr" => each_sets_and_counts(&files),
        "expire" => each_lets_expire(&files),
        "delete" => each_deletes(&files),
        _ => panic!("{role}"),
    }
}

const COUNTS: i64 = 250;

fn each_counts(files: &Files) {
    wait_for_go();
    thread::scope(|scope| {
        for thread in 0..2 {
            scope.spawn(move || {
                for n in 0..COUNTS {
                    assert!(files.incr(&format!("n{}", (n + thread) % 3), 1).is_some());
                }
            });
        }
    });
}

#[test]
fn no_count_is_lost() {
    let folder = Folder::new("races");
    let files = Files::open(folder.path());
    (0..3).for_each(|n| files.set(&format!("n{n}"), b"0"));
    run_all("incr", folder.path());
    let sum: i64 = (0..3).filter_map(|n| files.incr(&format!("n{n}"), 0)).sum();
    assert_eq!(sum, COUNTS * 2 * PROCESSES as i64);
}

const ADDS: usize = 300;

fn each_adds(files: &Files) {
    wait_for_go();
    let me = std::process::id().to_string();
    for n in 0..ADDS {
        let key = format!("key{n}");
        if files
            .ask(|store| store.add(&key, me.as_bytes(), None))
            .unwrap()
        {
            println!("> {key}");
            assert_eq!(
                files.get(&key).unwrap(),
                me.as_bytes(),
                "who added it finds it"
            );
        }
    }
}

#[test]
fn one_alone_adds() {
    let folder = Folder::new("races");
    let told = run_all("add", folder.path());
    let mut winners: HashMap<&str, usize> = HashMap::new();
    for key in told.iter().flatten().filter(|word| *word != "ready") {
        *winners.entry(key).or_default() += 1;
    }
    assert_eq!(winners.len(), ADDS, "one adds");
    assert!(
        winners.values().all(|count| *count == 1),
        "one alone: {winners:?}"
    );
    let shares: Vec<usize> = told.iter().map(Vec::len).collect();
    assert!(
        shares.iter().filter(|share| **share > 0).count() > 1,
        "no race: {shares:?}"
    );
}

const BASE: i64 = 1_000_000;

// One sets higher and higher bases, the others count: what was set is never lost to a count that was
// read before it.
fn each_sets_and_counts(files: &Files) {
    wait_for_go();
    let is_first = files.ask(|store| store.add("chosen", b"1", None)).unwrap();
    if is_first {
        for n in 1..=400 {
            let base = n * BASE;
            files.set("n", base.to_string().as_bytes());
            let now = files.incr("n", 0).unwrap();
            assert!(now >= base && now < base + BASE, "{now}, {base} was set");
        }
        files.set("over", b"1");
        return;
    }
    let mut last = 0;
    while files.get("over").is_none() {
        let now = files.incr("n", 1).unwrap();
        assert!(now > last, "{now} after {last}");
        last = now;
    }
}

#[test]
fn what_is_set_is_not_lost_to_a_count() {
    let folder = Folder::new("races");
    Files::open(folder.path()).set("n", b"0");
    run_all("set and incr", folder.path());
}

// Everybody looks for entries that have just expired, and so takes them away; one writes new ones in
// their place, which must stay.
fn each_lets_expire(files: &Files) {
    wait_for_go();
    let is_first = files.ask(|store| store.add("chosen", b"1", None)).unwrap();
    if is_first {
        for n in 0..600_u32 {
            let key = format!("key{}", n % 4);
            files.set_for(&key, b"short", Duration::from_millis(2));
            thread::sleep(Duration::from_micros(1500 + u64::from(n % 7) * 200));
            files.set_for(&key, &n.to_le_bytes(), Duration::from_secs(600));
            for _ in 0..3 {
                assert_eq!(
                    files.get(&key).as_deref(),
                    Some(&n.to_le_bytes()[..]),
                    "{n}"
                );
            }
        }
        files.set("over", b"1");
        return;
    }
    while files.get("over").is_none() {
        for n in 0..4 {
            files.get(&format!("key{n}"));
        }
    }
}

#[test]
fn what_is_new_does_not_go_for_what_has_expired() {
    let folder = Folder::new("races");
    run_all("expire", folder.path());
}

// One deletes, the others count and give new lives: what was deleted does not come back.
fn each_deletes(files: &Files) {
    wait_for_go();
    let is_first = files.ask(|store| store.add("chosen", b"1", None)).unwrap();
    if is_first {
        for n in 0..400 {
            files.set("n", b"1");
            assert!(files.ask(|store| store.delete("n")).unwrap(), "{n}");
            for _ in 0..3 {
                assert_eq!(files.get("n"), None, "{n}");
            }
        }
        files.set("over", b"1");
        return;
    }
    while files.get("over").is_none() {
        files.incr("n", 1);
        files.ask(|store| store.touch("n", None)).unwrap();
    }
}

#[test]
fn what_is_deleted_does_not_come_back() {
    let folder = Folder::new("races");
    run_all("delete", folder.path());
}
