//! SQLite: its file locked by another program, its table dropped, its disk full.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cache_tests::process::Folder;
use cache_tests::small_disk::SmallDisk;
use rusqlite::Connection;

use super::Ground;
use crate::fault::{Bite, again_and_again, calm, direct};

/// In kilobytes: the file, and its log, which grows to 4 MB.
const SMALL: usize = 16 << 10;

pub(super) fn start() -> Option<Ground> {
    let disk = SmallDisk::mount(SMALL);
    let folder = Folder::new("sqlite");
    let path = disk.as_ref().map_or(folder.path(), SmallDisk::path);
    let file = path.join("cache.db");
    let url = format!("sqlite://{}", file.display());
    let place = Arc::new(Mutex::new(file));
    let mut faults = vec![
        calm(),
        direct("locked", Bite::Errors, &place, |file, lasting| {
            let other = open(file);
            run(&other, "BEGIN IMMEDIATE");
            thread::sleep(lasting);
            run(&other, "ROLLBACK");
        }),
        direct("dropped", Bite::Loss, &place, |file, lasting| {
            let other = open(file);
            again_and_again(lasting, || {
                run(&other, "DROP TABLE IF EXISTS cache_entries")
            });
        }),
    ];
    match disk {
        Some(disk) => {
            let disk = Arc::new(Mutex::new((disk, file_of(&place))));
            faults.push(direct(
                "full",
                Bite::Errors,
                &disk,
                |(disk, file), lasting| {
                    disk.fill();
                    // Otherwise its log has room for a while.
                    let _ = open(file).execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
                    again_and_again(lasting, || disk.fill());
                    disk.empty();
                },
            ));
        }
        None => println!("sqlite: not tried on a full disk, which only root may mount"),
    }
    Some(Ground {
        url,
        by_proxy: None,
        faults,
        _server: Box::new(folder),
    })
}

fn file_of(place: &Mutex<std::path::PathBuf>) -> std::path::PathBuf {
    let file = place.lock();
    file.unwrap_or_else(std::sync::PoisonError::into_inner)
        .clone()
}

fn open(file: &std::path::Path) -> Connection {
    let opened = Connection::open(file);
    let connection = opened.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let patience = connection.busy_timeout(Duration::from_secs(5));
    patience.unwrap_or_else(|error| panic!("{error}"));
    connection
}

fn run(connection: &Connection, sql: &str) {
    let done = connection.execute_batch(sql);
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
