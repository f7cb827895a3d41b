//! Slow and failing functions where several rules meet: locks, limits, old values, threads behind, and
//! what a store was not told.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::testing::{Clock, Fault, FaultyStore, When};
use cache_runtime::{Cache, CacheError, ErrorKind, Format, cache_result};

#[path = "../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

use store::OwnStore;

#[derive(Clone)]
struct World {
    store: FaultyStore<OwnStore>,
    clock: Clock,
    cache: Cache,
    runs: Arc<AtomicU64>,
    fails: Arc<AtomicBool>,
}

impl World {
    fn new() -> Self {
        Self::with(Format::default())
    }

    fn with(format: Format) -> Self {
        let (store, clock) = (FaultyStore::new(OwnStore::default()), Clock::manual());
        let builder = Cache::builder()
            .store(store.clone())
            .clock(clock.clone())
            .format(format)
            .op_timeout(Duration::from_millis(200));
        Self {
            cache: builder.key_prefix("app").build().unwrap(),
            store,
            clock,
            runs: Arc::default(),
            fails: Arc::default(),
        }
    }

    fn local() -> Self {
        let clock = Clock::manual();
        Self {
            cache: Cache::builder().clock(clock.clone()).build().unwrap(),
            store: FaultyStore::new(OwnStore::default()),
            clock,
            runs: Arc::default(),
            fails: Arc::default(),
        }
    }

    fn run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn within<T: Send + 'static>(limit: Duration, f: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let _ = sender.send(f());
    });
    receiver.recv_timeout(limit).ok()
}

const SECOND: Duration = Duration::from_secs(1);

#[cache_result(timeout = 60, stale = 600, lock, key(id), cache = world.cache)]
fn locked_stale(world: &World, id: u64) -> u64 {
    let _ = id;
    world.run()
}

#[test]
fn a_store_that_refuses_the_lock_is_as_without_it() {
    let world = World::new();
    assert_eq!(locked_stale(&world, 1), 1);
    world.clock.advance(61 * SECOND);
    world
        .store
        .inject_on("add", Fault::Error(ErrorKind::Store), When::Always);
    assert_eq!(locked_stale(&world, 1), 2);
}

#[cache_result(timeout = 60, lock, wait = 20, key(id), cache = world.cache)]
fn locked(world: &World, id: u64) -> u64 {
    let _ = id;
    world.run()
}

#[test]
fn a_lock_that_cannot_be_given_back() {
    let world = World::new();
    assert_eq!(locked(&world, 1), 1);
    world.clock.advance(61 * SECOND);
    let start = Instant::now();
    assert_eq!(locked(&world, 1), 2);
    assert!(start.elapsed() < 10 * SECOND, "{:?}", start.elapsed());
}

#[cache_result(timeout = 60, lock, wait = 20, key(id), cache = world.cache)]
fn locked_circle(world: &World, id: u64) -> u64 {
    if world.run() >= 2 {
        return id;
    }
    locked_circle(world, id)
}

#[test]
fn a_function_with_a_lock_that_reaches_itself_runs() {
    let world = World::new();
    let start = Instant::now();
    assert_eq!(locked_circle(&world, 1), 1);
    assert!(start.elapsed() < 10 * SECOND, "{:?}", start.elapsed());
}

#[derive(Debug, Clone, PartialEq)]
struct Failure(ErrorKind);

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        Self(error.kind())
    }
}

#[cache_result(timeout = 60, lock, hard_timeout = "300ms", wait = 5, key(id), cache = world.cache)]
fn locked_hard(world: World, id: u64) -> Result<u64, Failure> {
    let _ = id;
    Ok(world.run())
}

#[test]
fn a_hard_timeout_holds_while_another_process_has_the_lock() {
    let world = World::new();
    let key = locked_hard::entry(world.clone(), 1).key();
    let key = key.strip_prefix("app:1:").unwrap();
    world
        .cache
        .blocking()
        .set(&format!("{key}:lock"), "x", 60)
        .unwrap();
    let start = Instant::now();
    let result = locked_hard(world.clone(), 1);
    assert!(
        start.elapsed() < 2 * SECOND,
        "{:?} {result:?}",
        start.elapsed()
    );
    assert_eq!(result, Err(Failure(ErrorKind::FunctionTimeout)));
}

#[cache_result(timeout = 60, stale = 600, soft_timeout = 60, key(id), cache = world.cache)]
fn inner(world: World, id: u64) -> u64 {
    world.run();
    id
}

#[cache_result(timeout = 60, stale = 600, soft_timeout = 60, key(id), cache = world.cache)]
fn outer(world: World, id: u64, barrier: Arc<Barrier>) -> u64 {
    barrier.wait();
    inner(world, id)
}

#[test]
fn bodies_that_wait_for_bodies_do_not_fill_the_threads() {
    let world = World::local();
    let barrier = Arc::new(Barrier::new(64));
    let done = within(10 * SECOND, move || {
        let callers: Vec<_> = (0..64)
            .map(|id| {
                let (world, barrier) = (world.clone(), barrier.clone());
                thread::spawn(move || outer(world, id, barrier))
            })
            .collect();
        callers.into_iter().map(|c| c.join().unwrap()).sum::<u64>()
    });
    assert_eq!(done, Some((0..64).sum()));
}

#[cache_result(timeout = 600, key(id), cache = world.cache)]
fn plain(world: &World, id: u64) -> u64 {
    let _ = id;
    world.run()
}

#[test]
fn a_write_in_doubt_is_not_so_for_ever() {
    for format in [Format::Json, Format::default()] {
        let world = World::with(format);
        world
            .store
            .inject_on("set", Fault::Error(ErrorKind::Timeout), When::Always);
        plain(&world, 1);
        world.store.heal();
        plain::entry(&world, 1).delete().unwrap();
        world.clock.advance(3600 * SECOND);
        let first = plain(&world, 1);
        assert_eq!(plain(&world, 1), first, "an hour later it is a hit again");
    }
}

#[test]
fn a_clear_that_failed_is_made_up_for_by_those_who_read_what_it_was_about() {
    let world = World::new();
    plain(&world, 1);
    world
        .store
        .inject(Fault::Error(ErrorKind::Unavailable), When::Always);
    world.cache.blocking().clear().unwrap_err();
    world.store.heal();
    world.clock.advance(SECOND);
    eventually("hits are back", || plain(&world, 1) == plain(&world, 1));
}

#[test]
fn a_touch_does_not_bring_back_what_was_deleted() {
    let world = World::new();
    for expires in [false, true] {
        assert!(plain(&world, 1) > 0);
        // The touch has read the entry; its write takes a while to begin.
        world.store.inject_on(
            "set_unless",
            Fault::Delay(Duration::from_millis(100)),
            When::Always,
        );
        let toucher = thread::spawn({
            let world = world.clone();
            move || {
                if expires {
                    plain::entry(&world, 1).expire()
                } else {
                    plain::entry(&world, 1).touch(600)
                }
            }
        });
        let sets = world.store.asked("set_unless");
        eventually("it writes", || {
            world.store.asked("set_unless") > sets || toucher.is_finished()
        });
        plain::entry(&world, 1).delete().unwrap();
        let _ = toucher.join().unwrap();
        world.store.heal();
        assert_eq!(plain::entry(&world, 1).get().unwrap(), None, "{expires}");
    }
}

#[cache_result(timeout = 100, refresh_ahead = 0.5, key(id), cache = world.cache)]
fn panics_ahead(world: World, id: u64) -> u64 {
    let _ = id;
    let run = world.run();
    assert!(run == 1, "this panic is wanted");
    run
}

#[test]
fn a_refresh_behind_that_panics_is_left_alone_for_a_while() {
    let world = World::local();
    assert_eq!(panics_ahead(world.clone(), 1), 1);
    world.clock.advance(60 * SECOND);
    for _ in 0..5 {
        assert_eq!(panics_ahead(world.clone(), 1), 1);
        eventually("it runs", || world.runs.load(Ordering::SeqCst) >= 2);
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(world.runs.load(Ordering::SeqCst), 2);
}

#[cache_result(timeout = 60, stale = 600, soft_timeout = 0.02, key(id), cache = world.cache)]
fn panics_late(world: World, id: u64) -> u64 {
    let _ = id;
    let run = world.run();
    if run > 1 {
        eventually("it may", || world.fails.load(Ordering::SeqCst));
        panic!("this panic is wanted");
    }
    run
}

#[test]
fn a_function_that_panics_past_its_soft_timeout_is_left_alone_for_a_while() {
    let mut world = World::local();
    world.cache = Cache::builder().build().unwrap();
    assert_eq!(panics_late(world.clone(), 1), 1);
    assert!(panics_late::entry(world.clone(), 1).expire().unwrap());
    for _ in 0..5 {
        assert_eq!(panics_late(world.clone(), 1), 1);
        world.fails.store(true, Ordering::SeqCst);
        // The function lets go of its world as it panics; a moment later that is known.
        eventually("it panics", || Arc::strong_count(&world.runs) == 1);
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(world.runs.load(Ordering::SeqCst), 2);
}

#[cache_result(timeout = never, stale = 600, key(id), cache = world.cache)]
fn forever(world: &World, id: u64) -> Result<u64, String> {
    let _ = id;
    if world.fails.load(Ordering::SeqCst) {
        return Err("fails".to_owned());
    }
    Ok(world.run())
}

#[cache_result(timeout = 3600, stale = 600, key(id), cache = world.cache)]
fn an_hour(world: &World, id: u64) -> Result<u64, String> {
    let _ = id;
    if world.fails.load(Ordering::SeqCst) {
        return Err("fails".to_owned());
    }
    Ok(world.run())
}

#[test]
fn what_never_ends_and_is_expired_is_there_for_stale() {
    for world in [World::new(), World::local()] {
        assert_eq!(forever(&world, 1), Ok(1));
        world.fails.store(true, Ordering::SeqCst);
        assert!(forever::entry(&world, 1).expire().unwrap());
        assert_eq!(forever(&world, 1), Ok(1), "the old value");
        world.clock.advance(601 * SECOND);
        assert_eq!(forever(&world, 1), Err("fails".to_owned()));
    }
}

#[test]
fn what_is_expired_is_there_for_stale_and_no_longer() {
    for world in [World::new(), World::local()] {
        assert_eq!(an_hour(&world, 1), Ok(1));
        world.fails.store(true, Ordering::SeqCst);
        assert!(an_hour::entry(&world, 1).expire().unwrap());
        assert_eq!(an_hour(&world, 1), Ok(1), "the old value");
        world.clock.advance(601 * SECOND);
        assert_eq!(an_hour(&world, 1), Err("fails".to_owned()));
    }
}

#[cache_result(timeout = 60, hard_timeout = 10, key(id), cache = world.cache)]
fn on_runtime(world: World, id: u64) -> Result<u64, Failure> {
    let _ = world;
    let runtime = tokio::runtime::Handle::try_current();
    Ok(if runtime.is_ok() { id } else { 0 })
}

#[test]
fn a_function_on_another_thread_has_the_runtime_of_its_caller() {
    let world = World::local();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let _inside = runtime.enter();
    assert_eq!(on_runtime(world, 7), Ok(7));
}

#[cache_result(timeout = 60, stale = 600, soft_timeout = 60, key(id), cache = world.cache)]
async fn held(world: World, id: u64) -> u64 {
    let _ = id;
    let run = world.run();
    if run > 1 {
        std::future::pending::<()>().await;
    }
    run
}

#[test]
fn who_waits_for_a_body_whose_runtime_ends_has_the_old_value() {
    let world = World::local();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(held(world.clone(), 1)), 1);
    world.clock.advance(61 * SECOND);
    let caller = thread::spawn({
        let (world, handle) = (world.clone(), runtime.handle().clone());
        move || handle.block_on(held(world, 1))
    });
    eventually("it runs", || world.runs.load(Ordering::SeqCst) == 2);
    thread::sleep(Duration::from_millis(50));
    runtime.shutdown_timeout(SECOND);
    assert_eq!(caller.join().unwrap(), 1);
}

#[test]
fn what_was_written_behind_a_write_in_doubt_stays() {
    let world = World::new();
    let cache = world.cache.blocking();
    let lost = |operation| {
        let fault = Fault::Lost(ErrorKind::Timeout);
        world.store.inject_on(operation, fault, When::Always);
    };
    lost("add");
    cache.add("added", "a", 600).unwrap_err();
    lost("set_many");
    cache.set_many([("many", "a")], 600).unwrap_err();
    world.store.heal();
    cache.set("touched", "a", 600).unwrap();
    cache.set("moved", "a", 600).unwrap();
    lost("set");
    cache.touch("touched", 600).unwrap_err();
    cache.incr_version("moved", 1).unwrap_err();
    world.store.heal();

    world.clock.advance(SECOND);
    assert!(!cache.add("added", "b", 600).unwrap());
    assert!(cache.set_many([("many", "b")], 600).unwrap().is_empty());
    cache.set("touched", "b", 600).unwrap();
    assert_eq!(cache.incr_version("moved", 1).unwrap(), 2);
    let there = || {
        let second = cache.with_version(2);
        let mut there = ["added", "many", "touched"].map(|key| (key, cache.get(key).unwrap()));
        there.sort();
        (there, second.get::<String>("moved").unwrap())
    };
    let b = || Some("b".to_owned());
    let all = (
        [
            ("added", Some("a".to_owned())),
            ("many", b()),
            ("touched", b()),
        ],
        Some("a".to_owned()),
    );
    assert_eq!(there(), all);
    // Whatever may arrive has arrived by now, and is looked for.
    world.clock.advance(80 * SECOND);
    cache.get::<String>("another").unwrap();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(there(), all);
}

#[cache_result(timeout = 60, refresh_ahead = 0.5, key(id), cache = world.cache)]
fn renewed_early(world: World, id: u64) -> u64 {
    let _ = id;
    world.run()
}

#[test]
fn a_store_that_is_full_keeps_what_cannot_be_renewed() {
    let world = World::new();
    assert_eq!(renewed_early(world.clone(), 1), 1);
    let full = Fault::Error(ErrorKind::Store);
    world.store.inject_on("set_unless", full, When::Always);
    world.clock.advance(40 * SECOND);
    assert_eq!(renewed_early(world.clone(), 1), 1, "renewed behind it");
    eventually("it was refused", || world.store.hit() > 0);
    thread::sleep(Duration::from_millis(50));
    let entry = renewed_early::entry(world.clone(), 1);
    assert_eq!(entry.get().unwrap(), Some(1));
}
