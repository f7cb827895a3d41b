//! Copies in process: when they are served, and when they are dropped.

use std::thread;
use std::time::Duration;

use cache_runtime::{Cache, Clock, ErrorKind};

use crate::shared::Shared;
use crate::world::{World, eventually};

#[test]
fn a_copy_is_served_without_asking_the_store() {
    let World {
        store,
        source,
        here,
        there,
        ..
    } = World::new();
    source.set(1);
    assert_eq!(here.price(&source, 7), 107);
    let before = (store.gets(), here.hits_in_process());
    for _ in 0..100 {
        assert_eq!(here.price(&source, 7), 107);
    }
    assert_eq!(store.gets(), before.0, "not asked");
    assert_eq!(here.hits_in_process(), before.1 + 100);
    // The other one asks it once.
    assert_eq!(there.price(&source, 7), 107);
    assert_eq!(there.price(&source, 7), 107);
    assert_eq!(source.reads(), 1);
    assert_eq!(store.gets(), before.0 + 1);
}

#[test]
fn a_change_elsewhere_drops_the_copy() {
    let World {
        source,
        here,
        there,
        ..
    } = World::new();
    source.set(1);
    here.price(&source, 7);
    there.price(&source, 7);
    source.set(2);
    let deleted = here.entry(7).delete().unwrap();
    assert!(deleted);
    assert_eq!(here.price(&source, 7), 207, "at once");
    eventually("it is heard there", || there.price(&source, 7) == 207);
    // Set by hand, expired, touched: all are changes.
    there.entry(7).set(&999).unwrap();
    assert_eq!(there.price(&source, 7), 999);
    eventually("it is heard here", || here.price(&source, 7) == 999);
    here.entry(7).expire().unwrap();
    eventually("it is heard there", || there.price(&source, 7) == 207);
}

#[test]
fn who_calls_no_function_has_copies_too() {
    let World {
        store, here, there, ..
    } = World::over(Shared::new(), true);
    there.cache.set("greeting", "hello", 60).unwrap();
    eventually("a copy is made", || {
        let before = store.gets();
        here.cache.get::<String>("greeting").unwrap().as_deref() == Some("hello")
            && store.gets() == before
    });
}

#[test]
fn keys_by_hand_have_copies_too() {
    let World {
        store, here, there, ..
    } = World::new();
    here.cache.set("greeting", "hello", 60).unwrap();
    let read = |node: &crate::world::Node| node.cache.get::<String>("greeting").unwrap();
    assert_eq!(read(&there).as_deref(), Some("hello"));
    // The news of that very change may come behind the first copy, and take it away.
    thread::sleep(Duration::from_millis(50));
    let mut before = 0;
    eventually("a copy is made", || {
        before = store.gets();
        read(&there).as_deref() == Some("hello") && store.gets() == before
    });
    let many = there.cache.get_many::<String>(["greeting"]).unwrap();
    assert_eq!(many["greeting"], "hello");
    assert_eq!(store.gets(), before, "from the copy, too");
    here.cache.set("greeting", "good bye", 60).unwrap();
    eventually("it is heard", || {
        read(&there).as_deref() == Some("good bye")
    });
    here.cache.delete("greeting").unwrap();
    eventually("it is heard", || read(&there).is_none());
    here.cache.set("greeting", "again", 60).unwrap();
    eventually("it is heard", || read(&there).as_deref() == Some("again"));
    here.cache.clear().unwrap();
    assert_eq!(read(&here), None);
    eventually("it is heard", || read(&there).is_none());
}

#[test]
fn a_number_that_the_store_counts_has_no_copy() {
    let World { here, there, .. } = World::new();
    here.cache.set("visits", &1, 60).unwrap();
    for expected in 2..50 {
        assert_eq!(
            there.cache.get::<i64>("visits").unwrap(),
            Some(expected - 1)
        );
        assert_eq!(here.cache.incr("visits", 1).unwrap(), expected);
    }
}

#[test]
fn a_copy_lives_no_longer_than_its_entry_or_local_timeout() {
    for (entry, local) in [(10, 30), (600, 5)] {
        let (store, clock) = (Shared::without_backplane(), Clock::manual());
        let cache = Cache::builder()
            .store(store.clone())
            .clock(clock.clone())
            .key_prefix("app")
            .local(10, Duration::from_secs(local))
            .build()
            .unwrap()
            .blocking();
        cache.set("a", "text", Duration::from_secs(entry)).unwrap();
        let gets = || {
            let before = store.gets();
            let _ = cache.get::<String>("a").unwrap();
            store.gets() - before
        };
        assert_eq!((gets(), gets()), (1, 0));
        clock.advance(Duration::from_secs(entry.min(local)) - Duration::from_millis(1));
        assert_eq!(gets(), 0);
        clock.advance(Duration::from_millis(1));
        assert_eq!(gets(), 1, "{entry} {local}");
    }
}

#[test]
fn without_a_backplane_a_copy_lives_a_second() {
    let (store, clock) = (Shared::without_backplane(), Clock::manual());
    let builder = Cache::builder().store(store.clone()).clock(clock.clone());
    let cache = builder.local_max(10).build().unwrap().blocking();
    cache.set("a", "text", 60).unwrap();
    cache.get::<String>("a").unwrap();
    let before = store.gets();
    clock.advance(Duration::from_millis(999));
    cache.get::<String>("a").unwrap();
    assert_eq!(store.gets(), before);
    clock.advance(Duration::from_millis(1));
    cache.get::<String>("a").unwrap();
    assert_eq!(store.gets(), before + 1);
}

#[test]
fn the_bound_holds() {
    let store = Shared::without_backplane();
    let builder = Cache::builder()
        .store(store.clone())
        .local(100, Duration::from_secs(60));
    let cache = builder.build().unwrap().blocking();
    for n in 0..1000 {
        cache.set(&n.to_string(), "x", 60).unwrap();
        cache.get::<String>(&n.to_string()).unwrap();
    }
    let before = store.gets();
    for n in 0..1000 {
        cache.get::<String>(&n.to_string()).unwrap();
    }
    assert!(store.gets() - before >= 900);
    assert!(cache.stats().evictions >= 900);
}

#[test]
fn what_is_told_names_no_value() {
    let World {
        store,
        source,
        here,
        ..
    } = World::new();
    source.set(123_456);
    here.price(&source, 7);
    here.entry(7).delete().unwrap();
    here.cache.set("greeting", "a secret", 60).unwrap();
    eventually("it is told", || {
        store.said().iter().any(|said| said.contains("greeting"))
    });
    thread::sleep(Duration::from_millis(20));
    let said = store.said().concat();
    assert!(said.contains("c - app:1:prices:"), "{said}");
    assert!(
        !said.contains("123456") && !said.contains("secret"),
        "{said}"
    );
}

#[test]
fn what_cannot_have_an_in_process_level_says_so() {
    for (url, part) in [
        ("memory://?local_max=10", "in process already"),
        ("dummy://?local_timeout=5", "in process already"),
        ("redis://localhost?local_max=0", "above zero"),
        (
            "redis://localhost?local_max=10&format=json",
            "`native` or `compact`",
        ),
        ("redis://localhost?local_max=many", "local_max"),
    ] {
        let error = Cache::from_url(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        assert!(error.to_string().contains(part), "{url}: {error}");
    }
}

#[test]
fn a_cache_that_is_closed_has_told_its_news() {
    let world = World::new();
    let (here, there) = (&world.here, &world.there);
    assert_eq!(there.price(&world.source, 1), here.price(&world.source, 1));
    world.store.slow_down();
    let before = world.store.said().len();
    here.entry(1).delete().unwrap();
    here.cache.close().unwrap();
    assert!(world.store.said().len() > before, "it left without a word");
}
