//! The news is lost, the store is down: what is served then, and for how long.

use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::SIGN_OF_LIFE;

use crate::world::{World, eventually};

/// What the documentation states: a copy is trusted so long after the last sign of life.
const LEASE: Duration = SIGN_OF_LIFE.saturating_mul(4);

#[test]
fn a_cut_connection_makes_the_level_careful_at_once() {
    let World {
        store,
        source,
        here,
        there,
    } = World::new();
    source.set(1);
    there.price(&source, 7);
    there.price(&source, 7);
    store.cut(true);
    let (start, gets) = (Instant::now(), store.gets());
    eventually("the store is asked", || {
        there.price(&source, 7);
        store.gets() > gets
    });
    assert!(start.elapsed() < LEASE / 2, "only when trust ended anyway");
    source.set(2);
    here.entry(7).delete().unwrap();
    let before = store.gets();
    assert_eq!(there.price(&source, 7), 207, "the store was asked");
    assert!(store.gets() > before);
    let before = store.gets();
    for _ in 0..10 {
        there.price(&source, 7);
    }
    assert!(store.gets() >= before + 10, "each time");
    store.cut(false);
    eventually("copies are served again", || {
        let before = there.hits_in_process();
        there.price(&source, 7);
        there.hits_in_process() > before
    });
    assert_eq!(there.price(&source, 7), 207);
}

#[test]
fn what_was_missed_is_served_no_longer_than_the_lease() {
    let World {
        store,
        source,
        here,
        there,
    } = World::new();
    source.set(1);
    there.price(&source, 7);
    there.price(&source, 7);
    store.deafen(true);
    source.set(2);
    here.entry(7).delete().unwrap();
    let start = Instant::now();
    assert_eq!(there.price(&source, 7), 107, "nobody can know");
    let mut last = Duration::ZERO;
    eventually("the copy is not trusted any more", || {
        let begun = start.elapsed();
        let is_new = there.price(&source, 7) == 207;
        last = if is_new { last } else { begun };
        is_new
    });
    assert!(last <= LEASE + Duration::from_millis(50), "{last:?}");
}

#[test]
fn while_the_store_is_down_copies_are_served_until_their_end() {
    let World {
        store,
        source,
        here,
        there,
    } = World::new();
    source.set(1);
    there.price(&source, 7);
    there.price(&source, 7);
    store.down(true);
    store.cut(true);
    thread::sleep(Duration::from_millis(50));
    source.set(2);
    for _ in 0..20 {
        assert_eq!(there.price(&source, 7), 107);
    }
    // What is computed meanwhile is kept in process, and what is deleted here is gone here.
    let before = source.reads();
    for _ in 0..20 {
        assert_eq!(there.price(&source, 8), 208);
    }
    assert_eq!(source.reads(), before + 1);
    source.set(3);
    assert!(there.entry(8).delete().is_err());
    assert_eq!(there.price(&source, 8), 308);
    // When it is back, nothing of that is believed.
    source.set(4);
    store.down(false);
    store.cut(false);
    eventually("it is asked again", || there.price(&source, 8) == 408);
    assert_eq!(here.price(&source, 7), 107, "the store has it");
}

#[test]
fn a_delete_that_could_not_be_told_is_told_later() {
    let World {
        store,
        source,
        here,
        there,
    } = World::new();
    source.set(1);
    here.tagged(&source, 7);
    there.tagged(&source, 7);
    store.down(true);
    source.set(2);
    assert!(
        here.cache.delete_tag("all").is_err(),
        "said to who asked for it"
    );
    assert_eq!(here.tagged(&source, 7), 207, "done here at once");
    store.down(false);
    eventually("it is made up for", || {
        here.price(&source, 9);
        there.tagged(&source, 7) == 207
    });
}
