//! The table: a search without a lock, while others change what is searched.

use loom::sync::Arc;
use loom::thread;

use crate::in_every_order;
use crate::mortal::Life;
use crate::reclaim::{DOMAIN, Reader};
use crate::scheme::reader;
use crate::table::{Node, SHARD_BITS, Shard};

struct Entry {
    key: u64,
    value: u64,
    life: Life,
}

impl Node for Entry {
    fn weight(&self) -> usize {
        1
    }
}

type Table = Arc<Shard<Entry, ()>>;

/// The hash of a key that belongs into this cell. Two keys of one cell may have one hash.
fn hash(cell: u64, more: u64) -> u64 {
    (cell << SHARD_BITS.end) | (more << 2)
}

fn table(entries: &[(u64, u64)]) -> Table {
    let table: Table = Arc::new(Shard::new(()));
    for (key, hash) in entries {
        insert(&table, *key, *hash);
    }
    table
}

fn entry(key: u64, value: u64) -> Box<Entry> {
    let life = Life::new();
    Box::new(Entry { key, value, life })
}

fn insert(table: &Table, key: u64, hash: u64) {
    table.lock().insert(hash, entry(key, 0).into());
}

fn replace(table: &Table, key: u64, hash: u64, value: u64) {
    let mut table = table.lock();
    let (bucket, _) = table.find(hash, |entry| entry.key == key).unwrap();
    table.replace(bucket, entry(key, value).into());
    table.tidy(1, 0);
}

fn remove(table: &Table, key: u64, hash: u64) {
    let mut table = table.lock();
    let (bucket, _) = table.find(hash, |entry| entry.key == key).unwrap();
    table.remove(bucket);
    table.tidy(1, 0);
}

/// The value of the entry, looked at as a hit does.
fn get(table: &Table, reader: &Reader, key: u64, hash: u64) -> Option<u64> {
    // SAFETY: it is enrolled, and this thread alone uses it.
    #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
    let guard = unsafe { reader.pin(&DOMAIN) };
    let is_it = |entry: &Entry| {
        entry.life.check();
        entry.key == key
    };
    let found = table.get(hash, is_it, guard.pinned())?;
    found.life.check();
    Some(found.value)
}

fn in_another_thread(
    table: &Table,
    f: impl FnOnce(&Table) + Send + 'static,
) -> thread::JoinHandle<()> {
    let table = table.clone();
    thread::spawn(move || f(&table))
}

#[test]
fn a_search_finds_what_was_there_while_others_come_and_go_on_its_way() {
    in_every_order(3, || {
        let (before, there) = (hash(3, 1), hash(3, 2));
        let table = table(&[(1, before), (2, there)]);
        let reader = reader();
        let writer = in_another_thread(&table, move |table| {
            remove(table, 1, before);
            // Takes the dead cell; has the hash that is searched.
            insert(table, 3, there);
            remove(table, 3, there);
        });
        assert_eq!(get(&table, reader, 2, there), Some(0));
        writer.join().unwrap();
    });
}

#[test]
fn a_search_finds_what_was_there_while_dead_cells_are_emptied() {
    in_every_order(3, || {
        let hashes = [1, 2, 3].map(|more| hash(7, more));
        let table = table(&[(1, hashes[0]), (2, hashes[1]), (3, hashes[2])]);
        let reader = reader();
        let writer = in_another_thread(&table, move |table| {
            remove(table, 1, hashes[0]);
            remove(table, 3, hashes[2]);
            insert(table, 4, hashes[2]);
        });
        assert_eq!(get(&table, reader, 2, hashes[1]), Some(0));
        writer.join().unwrap();
    });
}

#[test]
fn a_search_finds_what_was_there_while_the_table_is_made_anew() {
    in_every_order(2, || {
        let hashes = [0, 1, 2, 3, 4, 5, 6].map(|cell| hash(cell / 2, cell));
        let six: Vec<_> = (0..6).map(|at| (at as u64, hashes[at])).collect();
        let table = table(&six);
        let reader = reader();
        let writer = in_another_thread(&table, move |table| {
            // The seventh of eight cells: a new array.
            insert(table, 6, hashes[6]);
            remove(table, 5, hashes[5]);
        });
        assert_eq!(get(&table, reader, 3, hashes[3]), Some(0));
        // Also what goes is whole as long as it is found.
        assert!(matches!(get(&table, reader, 5, hashes[5]), Some(0) | None));
        writer.join().unwrap();
    });
}

#[test]
fn a_search_finds_the_old_value_or_the_new_one_and_never_goes_back() {
    in_every_order(3, || {
        let at = hash(3, 1);
        let table = table(&[(1, at)]);
        let reader = reader();
        let writer = in_another_thread(&table, move |table| {
            replace(table, 1, at, 1);
            replace(table, 1, at, 2);
        });
        let first = get(&table, reader, 1, at).unwrap();
        let second = get(&table, reader, 1, at).unwrap();
        assert!(first <= second);
        writer.join().unwrap();
        assert_eq!(get(&table, reader, 1, at), Some(2));
    });
}

#[test]
fn what_comes_is_whole_when_it_is_found() {
    in_every_order(3, || {
        let at = hash(3, 1);
        let table = table(&[]);
        let reader = reader();
        let writer = in_another_thread(&table, move |table| {
            table.lock().insert(at, entry(1, 7).into());
            remove(table, 1, at);
            table.lock().insert(at, entry(2, 8).into());
        });
        assert!(matches!(get(&table, reader, 1, at), Some(7) | None));
        assert!(matches!(get(&table, reader, 2, at), Some(8) | None));
        writer.join().unwrap();
        assert_eq!(get(&table, reader, 2, at), Some(8));
    });
}

#[test]
fn a_walk_sees_all_that_was_there() {
    in_every_order(2, || {
        let hashes = [1, 2, 3].map(|cell| hash(cell, 0));
        let table = table(&[(1, hashes[0]), (2, hashes[1])]);
        let reader = reader();
        let writer = in_another_thread(&table, move |table| {
            insert(table, 3, hashes[2]);
            remove(table, 2, hashes[1]);
        });
        // SAFETY: it is enrolled, and this thread alone uses it.
        #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
        let guard = unsafe { reader.pin(&DOMAIN) };
        let all = table.each(guard.pinned());
        let keys: Vec<u64> = all
            .map(|entry| {
                entry.life.check();
                entry.key
            })
            .collect();
        assert!(keys.contains(&1));
        drop(guard);
        writer.join().unwrap();
    });
}
