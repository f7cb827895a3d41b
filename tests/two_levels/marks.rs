//! Tags and clears: one marker ends everything that is older, on both levels and in both nodes.

use std::thread;
use std::time::Duration;

use crate::shared::Shared;
use crate::world::{World, eventually};

#[test]
fn a_deleted_tag_ends_what_has_it_everywhere() {
    let World {
        source,
        here,
        there,
        ..
    } = World::new();
    source.set(1);
    for id in [1, 2] {
        assert_eq!(here.tagged(&source, id), 100 + id);
        assert_eq!(there.tagged(&source, id), 100 + id);
        there.tagged(&source, id);
    }
    assert_eq!(source.reads(), 2);
    source.set(2);
    here.cache.delete_tag("id:1").unwrap();
    assert_eq!(here.tagged(&source, 1), 201, "at once");
    assert_eq!(here.tagged(&source, 2), 102);
    eventually("it is heard there", || there.tagged(&source, 1) == 201);
    assert_eq!(there.tagged(&source, 2), 102);
    assert_eq!(source.reads(), 3, "one execution for all");
    source.set(3);
    there.cache.delete_tag("all").unwrap();
    assert_eq!(there.tagged(&source, 2), 302);
    eventually("it is heard here", || {
        here.tagged(&source, 1) == 301 && here.tagged(&source, 2) == 302
    });
}

#[test]
fn without_news_a_marker_is_seen_within_a_second() {
    let World {
        source,
        here,
        there,
        ..
    } = World::over(Shared::without_backplane(), false);
    source.set(1);
    here.tagged(&source, 1);
    assert_eq!(there.tagged(&source, 1), 101);
    source.set(2);
    here.cache.delete_tag("id:1").unwrap();
    assert_eq!(here.tagged(&source, 1), 201, "who deletes sees it at once");
    thread::sleep(Duration::from_millis(1_050));
    assert_eq!(there.tagged(&source, 1), 201);
    assert_eq!(source.reads(), 2);
}

#[test]
fn markers_are_read_once_as_long_as_news_is_heard() {
    let World {
        store,
        source,
        here,
        there,
        ..
    } = World::over(Shared::new(), false);
    here.tagged(&source, 1);
    // Longer than a marker is sure of itself: then it is the news that makes it so.
    let pause = Duration::from_millis(1_200);
    eventually("the news is heard", || {
        there.tagged(&source, 1);
        thread::sleep(pause);
        let before = store.gets();
        there.tagged(&source, 1);
        store.gets() == before + 1
    });
    thread::sleep(pause);
    let before = store.gets();
    for _ in 0..100 {
        there.tagged(&source, 1);
    }
    assert_eq!(store.gets(), before + 100, "the entry, and no marker");
}

#[test]
fn clearing_a_function_leaves_others_of_its_prefix() {
    let World {
        store,
        source,
        here,
        there,
        ..
    } = World::new();
    source.set(1);
    for node in [&here, &there] {
        node.price(&source, 7);
        node.tagged(&source, 7);
    }
    let keys = store.keys();
    source.set(2);
    here.clear_prices();
    assert_eq!(here.price(&source, 7), 207);
    assert_eq!(here.tagged(&source, 7), 107);
    eventually("it is heard there", || there.price(&source, 7) == 207);
    assert_eq!(there.tagged(&source, 7), 107);
    assert_eq!(
        store.keys().len(),
        keys.len() + 1,
        "a marker, and nothing was looked for"
    );
}

#[test]
fn clearing_a_cache_ends_everything_everywhere() {
    let World {
        source,
        here,
        there,
        ..
    } = World::new();
    source.set(1);
    for node in [&here, &there] {
        node.price(&source, 7);
        node.tagged(&source, 7);
    }
    source.set(2);
    here.cache.clear().unwrap();
    assert_eq!(here.price(&source, 7), 207);
    eventually("it is heard there", || there.price(&source, 7) == 207);
    eventually("it is heard there", || there.tagged(&source, 7) == 207);
    assert!(
        here.cache
            .keys("*")
            .unwrap()
            .iter()
            .all(|key| !key.starts_with(':'))
    );
}

#[test]
fn a_marker_that_the_store_has_lost_is_given_to_it_again() {
    let World {
        store,
        source,
        here,
        there,
        ..
    } = World::over(Shared::without_backplane(), false);
    source.set(1);
    here.tagged(&source, 1);
    here.cache.delete_tag("id:1").unwrap();
    let marker = "app:1::tag:id:1".to_owned();
    assert!(store.keys().contains(&marker), "{:?}", store.keys());
    store.forget(&marker);
    // An old entry with that tag comes back from somewhere: a slow write, a replica.
    thread::sleep(Duration::from_millis(1_050));
    source.set(2);
    assert_eq!(here.tagged(&source, 1), 201);
    eventually("it is there again", || {
        here.tagged(&source, 1);
        store.keys().contains(&marker)
    });
    assert_eq!(
        there.tagged(&source, 1),
        201,
        "with its own time, not with now"
    );
}
