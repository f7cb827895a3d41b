//! What could not be told to a store is made up for when it is back, and until then nothing is served
//! that was to be gone.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::testing::{Clock, Fault, FaultyStore, When};
use cache_runtime::{BlockingCache, Cache, ErrorKind, Store, Ttl, cache_result};
use cache_tests::PATIENT;
use cache_tests::redis_server::RedisServer;

#[path = "../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

use store::OwnStore;

/// A cache on a store that can fail, and a function in it.
struct World {
    store: FaultyStore<OwnStore>,
    clock: Clock,
    cache: Cache,
    runs: AtomicU64,
}

impl World {
    fn new() -> Self {
        let (store, clock) = (FaultyStore::new(OwnStore::default()), Clock::manual());
        let builder = Cache::builder().store(store.clone()).clock(clock.clone());
        Self {
            cache: builder.key_prefix("app").build().unwrap(),
            store,
            clock,
            runs: AtomicU64::new(0),
        }
    }

    fn blocking(&self) -> BlockingCache {
        self.cache.blocking()
    }

    /// The store fails until it is [back](World::back).
    fn away(&self) {
        let error = Fault::Error(ErrorKind::Unavailable);
        self.store.inject(error, When::Always);
    }

    fn back(&self) {
        self.store.heal();
        // The breaker asks again.
        self.clock.advance(Duration::from_secs(1));
    }

    /// Whether the store itself has this key, whatever the cache says.
    fn has(&self, key: &str) -> bool {
        futures_executor::block_on(self.store.get(&format!("app:1:{key}")))
            .unwrap()
            .is_some()
    }
}

#[cache_result(timeout = 600, key(id), key_prefix = "load", cache = world.cache)]
fn load(world: &World, id: u64) -> u64 {
    let _ = id;
    world.runs.fetch_add(1, Ordering::SeqCst) + 1
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_delete_that_failed_is_made_up_for() {
    let world = World::new();
    assert_eq!(load(&world, 1), 1);
    assert_eq!(load(&world, 1), 1);
    world.away();
    let error = load::entry(&world, 1).delete().unwrap_err();
    assert!(error.is_retryable());
    world.back();
    assert_eq!(load(&world, 1), 2, "the old value was not to be served");
    assert_eq!(load(&world, 1), 2);
}

#[test]
fn who_only_reads_many_at_once_makes_up_for_others() {
    let world = World::new();
    let cache = world.blocking();
    for key in ["a", "b"] {
        cache.set(key, &1, 600).unwrap();
    }
    world.away();
    cache.delete("a").unwrap_err();
    world.back();
    assert_eq!(cache.get_many::<i32>(["b"]).unwrap().len(), 1);
    eventually("it is deleted", || !world.has("a"));
}

#[test]
fn until_it_is_made_up_for_there_is_nothing_to_read() {
    let world = World::new();
    let cache = world.blocking();
    cache.set("a", &1, 600).unwrap();
    cache.set("b", &2, 600).unwrap();
    world.away();
    cache.delete("a").unwrap_err();
    world.back();
    // Deletes fail on, reads do not.
    let error = Fault::Error(ErrorKind::Store);
    for operation in ["delete", "delete_many"] {
        world.store.inject_on(operation, error, When::Always);
    }
    assert_eq!(cache.get::<i32>("a").unwrap_err().kind(), ErrorKind::Store);
    cache.has_key("a").unwrap_err();
    cache.ttl("a").unwrap_err();
    cache.incr("a", 1).unwrap_err();
    cache.add("a", &5, 600).unwrap_err();
    let found = cache.get_many::<i32>(["a", "b"]).unwrap();
    assert_eq!((found.get("a"), found.get("b")), (None, Some(&2)));
    assert!(world.has("a"), "it is still there");
    world.back();
    assert_eq!(cache.get::<i32>("a").unwrap(), None);
    assert_eq!(cache.ttl("a").unwrap(), Ttl::Missing);
    assert!(cache.add("a", &5, 600).unwrap());
    assert_eq!(cache.get::<i32>("a").unwrap(), Some(5));
}

#[test]
fn what_is_written_anew_is_owed_no_more() {
    let world = World::new();
    let cache = world.blocking();
    cache.set("a", &1, 600).unwrap();
    world.away();
    cache.delete("a").unwrap_err();
    world.back();
    cache.set("a", &2, 600).unwrap();
    assert_eq!(cache.get::<i32>("a").unwrap(), Some(2));
}

#[test]
fn a_write_that_failed_leaves_no_older_value_to_be_served() {
    let world = World::new();
    let cache = world.blocking();
    cache.set("a", &1, 600).unwrap();
    assert_eq!(load(&world, 1), 1);
    assert_eq!(load(&world, 2), 2);
    world.away();
    cache.set("a", &2, 600).unwrap_err();
    load::entry(&world, 1).set(&70).unwrap_err();
    assert_eq!(load::refresh(&world, 2), 3, "the function has run");
    world.back();
    assert_eq!(cache.get::<i32>("a").unwrap(), None);
    assert_eq!(load(&world, 1), 4);
    assert_eq!(load(&world, 2), 5);

    world.away();
    cache.set_many([("a", 3)], 600).unwrap_err();
    world.back();
    assert_eq!(cache.get::<i32>("a").unwrap(), None);
}

#[test]
fn a_clear_that_failed_is_made_up_for() {
    let world = World::new();
    let cache = world.blocking();
    cache.set("a", &1, 600).unwrap();
    let other = world.cache.with_prefix("other").blocking();
    other.set("a", &2, 600).unwrap();
    assert_eq!(load(&world, 1), 1);
    world.away();
    cache.clear().unwrap_err();
    world.back();
    assert_eq!(cache.get::<i32>("a").unwrap(), None);
    assert_eq!(load(&world, 1), 2);
    assert_eq!(other.get::<i32>("a").unwrap(), Some(2), "another prefix");
    eventually("the store is cleared", || !world.has("a"));
    eventually("all is as it was", || load(&world, 3) == load(&world, 3));
}

#[test]
fn the_store_has_its_deletions_as_soon_as_anybody_reads() {
    let world = World::new();
    let cache = world.blocking();
    let keys: Vec<String> = (0..2_000).map(|n| format!("k{n}")).collect();
    let items: Vec<(&str, i32)> = keys.iter().map(|key| (key.as_str(), 1)).collect();
    cache.set_many(items, 600).unwrap();
    world.away();
    for key in &keys[..1_000] {
        cache.delete(key).unwrap_err();
    }
    cache.delete_many(keys[1_000..1_999].iter()).unwrap_err();
    world.back();
    assert_eq!(cache.get::<i32>("k1999").unwrap(), Some(1));
    eventually("they are gone", || {
        !keys[..1_999].iter().any(|key| world.has(key))
    });
    assert!(world.has("k1999"));
}

#[test]
fn a_write_that_was_given_up_and_arrives_after_a_delete_is_not_served() {
    let world = World::new();
    let raw = |key: &str| {
        let key = format!("app:1:{key}");
        futures_executor::block_on(world.store.get(&key)).unwrap()
    };
    let arrives = |key: &str, bytes: &[u8]| {
        let key = format!("app:1:{key}");
        futures_executor::block_on(world.store.set(&key, bytes, None)).unwrap();
    };
    // Nobody sees the answer to these writes.
    let lost = Fault::Lost(ErrorKind::Timeout);
    for write in ["set", "set_unless"] {
        world.store.inject_on(write, lost, When::Always);
    }
    assert_eq!(load(&world, 1), 1);
    world.blocking().set("a", &1, 600).unwrap_err();
    let load_key = load::entry(&world, 1).key();
    let load_key = load_key.strip_prefix("app:1:").unwrap();
    let (late, late_a) = (raw(load_key).unwrap(), b"1".to_vec());
    world.back();

    assert!(load::entry(&world, 1).delete().unwrap());
    world.blocking().delete("a").unwrap();
    arrives(load_key, &late);
    arrives("a", &late_a);
    assert_eq!(world.blocking().get::<i32>("a").unwrap(), None);
    assert_eq!(load(&world, 1), 2, "the old value was not to be served");
    assert_eq!(load(&world, 1), 2, "the new one is");

    // Or after that, when it is known no more.
    load::entry(&world, 1).delete().unwrap();
    arrives(load_key, &late);
    world.clock.advance(Duration::from_secs(61));
    eventually("what came too late is gone", || {
        world.blocking().get::<i32>("b").unwrap();
        !world.has(load_key) && !world.has("a")
    });
}

#[test]
fn a_delete_that_a_frozen_server_did_not_answer() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app", server.url(0));
    let patient = World {
        cache: Cache::from_url(&format!("{url}&{PATIENT}")).unwrap(),
        ..World::new()
    };
    patient.blocking().set("a", &1, 600).unwrap();
    assert_eq!(load(&patient, 1), 1);
    let world = World {
        cache: Cache::from_url(&format!("{url}&op_timeout=0.2")).unwrap(),
        ..patient
    };
    let blocking = world.blocking();
    eventually("it has a connection", || blocking.ping().is_ok());
    server.pause();
    load::entry(&world, 1).delete().unwrap_err();
    blocking.delete("a").unwrap_err();
    server.resume();
    let start = Instant::now();
    loop {
        let (loaded, found) = (load(&world, 1), blocking.get::<i32>("a"));
        assert_ne!(loaded, 1, "the old value was not to be served");
        assert_ne!(found.as_ref().ok(), Some(&Some(1)));
        if matches!(found, Ok(None)) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(10));
    }
}
