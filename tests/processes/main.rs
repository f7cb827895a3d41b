//! Eight processes and one server, with an in-process level in each of them and without: four write, four
//! read. No reader sees the value go back, and what each of them sees is never older than what is stated.
//!
//! Each process is this program itself, told what to do by its environment. What is written and what is
//! seen is noted in files and compared afterwards, by the clock that all of them share.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod child;
mod notes;
mod troupe;
mod truth;

use std::thread;
use std::time::Duration;

use cache_tests::PATIENT;
use cache_tests::mariadb_server::MariadbServer;
use cache_tests::postgres_server::PostgresServer;
use cache_tests::process::Folder;
use cache_tests::redis_server::RedisServer;

use troupe::{Found, Troupe};

/// As it is documented: what was missed is served no longer than this, as long as the store answers.
const LEASE: Duration = Duration::from_secs(2);
/// As it stands in the URL of the processes.
const LOCAL_TIMEOUT: Duration = Duration::from_secs(5);

fn tell(what: &str, found: &Found) {
    println!(
        "{what}: {} writes, {} looks; from write to visible {:.2?} at the median, {:.2?} for 99 of 100; \
         the oldest seen {:.2?} old",
        found.writes, found.looks, found.median, found.p99, found.oldest,
    );
}

/// With a level in each process.
fn two_levels(url: &str) -> String {
    with(url, "local_max=100&local_timeout=5")
}

fn with(url: &str, options: &str) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{options}")
}

/// Without a fault, and without a level in the processes: what was deleted is not seen by a look that
/// begins afterwards.
fn calm_on_one_level(url: &str, writes: u64, looks: u64) -> Found {
    // A delete that fails is made up for later, which is not what is looked at here.
    let troupe = Troupe::begin(&with(url, PATIENT), writes, looks);
    thread::sleep(Duration::from_secs(4));
    let found = troupe.end();
    assert_eq!(found.oldest, Duration::ZERO, "{found:?}");
    found.are_enough(writes, looks);
    found
}

/// Without a fault.
fn calm(url: &str) -> Found {
    let troupe = Troupe::begin(&with(&two_levels(url), PATIENT), 50, 5_000);
    thread::sleep(Duration::from_secs(4));
    let found = troupe.end();
    found.are_enough(50, 5_000);
    let limit = Duration::from_millis(10) + found.stood_still;
    assert!(found.median < limit, "{found:?}");
    assert!(found.oldest < found.waits, "{found:?}");
    found
}

#[test]
fn redis_without_a_fault() {
    let server = RedisServer::start();
    tell("redis", &calm(&server.url(0)));
}

#[test]
fn postgres_without_a_fault() {
    let Some(server) = PostgresServer::start_or_skip() else {
        return;
    };
    tell("postgres", &calm(&server.url()));
}

#[test]
fn mysql_on_one_level() {
    let Some(server) = MariadbServer::start_or_skip() else {
        return;
    };
    let found = calm_on_one_level(&server.url(), 50, 1_000);
    tell("mysql", &found);
}

#[test]
fn postgres_on_one_level() {
    let Some(server) = PostgresServer::start_or_skip() else {
        return;
    };
    let found = calm_on_one_level(&server.url(), 50, 1_000);
    tell("postgres, one level", &found);
}

#[test]
fn sqlite_on_one_level() {
    let folder = Folder::new("processes-sqlite");
    let file = folder.path().join("cache.db");
    // They wait for each other to write.
    let found = calm_on_one_level(&format!("sqlite://{}", file.display()), 10, 100);
    tell("sqlite", &found);
}

#[test]
fn redis_whose_listeners_are_thrown_out() {
    let server = RedisServer::start();
    let troupe = Troupe::begin(&two_levels(&server.url(0)), 0, 0);
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(400));
        let _ = server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    }
    thread::sleep(Duration::from_millis(500));
    let found = troupe.end();
    tell("connections cut", &found);
    assert!(found.oldest < LEASE + found.waits, "{found:?}");
}

#[test]
fn redis_that_is_killed_and_started_again() {
    let mut server = RedisServer::start();
    let troupe = Troupe::begin(&two_levels(&server.url(0)), 0, 0);
    thread::sleep(Duration::from_secs(1));
    server.kill();
    thread::sleep(Duration::from_secs(2));
    server.restart();
    thread::sleep(Duration::from_secs(4));
    let found = troupe.end();
    tell("killed and started again", &found);
    // While there is no server to ask, copies are served until their end.
    assert!(found.oldest < LOCAL_TIMEOUT + found.waits, "{found:?}");
    assert!(
        found.last < found.waits,
        "at the end it is as before: {found:?}"
    );
}

#[test]
fn a_reader_that_sleeps() {
    let server = RedisServer::start();
    let troupe = Troupe::begin(&two_levels(&server.url(0)), 0, 0);
    thread::sleep(Duration::from_secs(1));
    troupe.pause_a_reader(Duration::from_secs(4));
    thread::sleep(Duration::from_secs(1));
    let found = troupe.end();
    tell("a reader asleep", &found);
    assert!(found.oldest < LEASE + found.waits, "{found:?}");
}

#[test]
fn redis_that_hangs() {
    let server = RedisServer::start();
    let troupe = Troupe::begin(&two_levels(&server.url(0)), 0, 0);
    thread::sleep(Duration::from_secs(1));
    server.pause();
    thread::sleep(Duration::from_secs(3));
    server.resume();
    thread::sleep(Duration::from_secs(3));
    let found = troupe.end();
    tell("the server hangs", &found);
    assert!(found.oldest < LOCAL_TIMEOUT + found.waits, "{found:?}");
    assert!(
        found.last < found.waits,
        "at the end it is as before: {found:?}"
    );
}
