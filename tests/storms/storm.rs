//! The storm itself, and what has to be true after it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::alive;
use crate::functions::{branch, endless, leaf, lonely, restless, ring};
use crate::giving_up::given_up;
use crate::world::{World, eventually};

/// What bodies say that panic on purpose.
pub(crate) const AS_IT_SHALL: &str = "a body panics, as it shall";

const CALLS: u64 = 3000;

/// How many keys the calls are about.
#[derive(Clone, Copy)]
enum Keys {
    One,
    Few,
    Many,
}

impl Keys {
    fn number(self) -> u64 {
        match self {
            Keys::One => 1,
            Keys::Few => 6,
            Keys::Many => 1000,
        }
    }
}

async fn call(world: Arc<World>, keys: Keys) {
    let dice = world.dice.clone();
    let id = dice.below(keys.number());
    let _ = match dice.below(8) {
        0 | 1 => given_up(&dice, leaf(world, id)).await.map(drop),
        2 => given_up(&dice, lonely(world, id)).await.map(drop),
        3 => given_up(&dice, branch(world, id)).await.map(drop),
        4 => given_up(&dice, ring(world, id % 3, 4)).await.map(drop),
        5 => given_up(&dice, restless(world, id)).await.map(drop),
        6 => given_up(&dice, leaf::refresh(world, id)).await.map(drop),
        _ => {
            let entry = leaf::entry(world, id);
            given_up(&dice, entry.delete()).await.map(drop)
        }
    };
}

async fn storm(world: Arc<World>, keys: Keys) {
    let mut calls = Vec::new();
    for number in 0..CALLS {
        calls.push(tokio::spawn(call(world.clone(), keys)));
        if world.dice.one_in(8) {
            // From outside as well, wherever it stands.
            calls[world.dice.below(number + 1) as usize].abort();
        }
        if world.dice.one_in(16) {
            tokio::time::sleep(Duration::from_micros(world.dice.below(1000))).await;
        }
    }
    for call in calls {
        let _ = call.await;
    }
}

/// After a storm, calls are as they were before.
async fn calm(world: &Arc<World>, keys: Keys) {
    world.is_stormy.store(false, Ordering::SeqCst);
    // What was on its way when its caller was dropped is remembered for a minute, and then deleted where
    // it may have come too late.
    world.clock.advance(Duration::from_secs(61));
    for _ in 0..100 {
        world.cache.get::<u64>("anything").await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.cache.clear().await.unwrap();
    for id in 0..keys.number().min(50) {
        let before = world.runs();
        let crowd = (0..4).map(|_| tokio::spawn(branch(world.clone(), id * 10)));
        for caller in crowd.collect::<Vec<_>>() {
            let answer = timeout(Duration::from_secs(10), caller).await;
            assert_eq!(answer.expect("nobody waits for ever").unwrap(), id * 20 + 1);
        }
        // The branch, and its leaf and its lonely one.
        assert_eq!(world.runs() - before, 3, "one execution each");
        world.cache.clear().await.unwrap();
    }
    world.is_stormy.store(true, Ordering::SeqCst);
}

/// Storms in a runtime of their own: what is alive after the first one is alive after the last.
fn weather(world: &Arc<World>, runtime: &Runtime, keys: Keys) {
    hush();
    let mut first = None;
    let is_long = std::env::var_os("CACHE_TESTS_LONG").is_some();
    for _ in 0..if is_long { 60 } else { 3 } {
        let start = Instant::now();
        let all = async { timeout(Duration::from_secs(60), storm(world.clone(), keys)).await };
        runtime.block_on(all).expect("nobody waits for ever");
        let took = start.elapsed();
        eventually("no flight is left", || world.flights() == 0);
        runtime.block_on(calm(world, keys));
        assert_eq!(world.flights(), 0);
        let first = *first.get_or_insert_with(alive::allocations);
        println!(
            "{CALLS} calls in {took:?}, {} runs so far, {} allocations",
            world.runs(),
            alive::allocations()
        );
        let is_back = || alive::allocations() < first + CALLS as isize / 50;
        eventually("no memory is left", is_back);
    }
}

/// Panics that shall be are not told.
fn hush() {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let payload = panic.payload();
            let text = payload.downcast_ref::<String>().map(String::as_str);
            if text.or(payload.downcast_ref().copied()) != Some(AS_IT_SHALL) {
                tell(panic);
            }
        }));
    });
}

fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Callers who give up while their leader goes on, which is longer than they live.
#[test]
fn who_gives_up_leaves_nothing_with_a_leader_who_goes_on() {
    let _alone = alive::alone();
    let world = World::in_process();
    current_thread().block_on(async {
        let leader = tokio::spawn(endless(world.clone(), 1));
        tokio::task::yield_now().await;
        let mut first = None;
        for _ in 0..3 {
            for _ in 0..CALLS {
                let mut waiting = Box::pin(endless(world.clone(), 1));
                assert!(futures::poll!(waiting.as_mut()).is_pending());
            }
            let first = *first.get_or_insert_with(alive::allocations);
            assert!(alive::allocations() < first + 100, "something is left");
        }
        assert_eq!((world.runs(), world.flights()), (1, 1));
        leader.abort();
        assert!(leader.await.unwrap_err().is_cancelled());
        assert_eq!(world.flights(), 0);
    });
}

macro_rules! in_every_place {
    ($($place:ident)*) => {$(
        mod $place {
            use super::*;

            #[test]
            fn on_one_key() {
                let _alone = alive::alone();
                weather(&World::$place(), &multi_thread(), Keys::One);
            }

            #[test]
            fn on_few_keys() {
                let _alone = alive::alone();
                weather(&World::$place(), &multi_thread(), Keys::Few);
            }

            #[test]
            fn on_many_keys() {
                let _alone = alive::alone();
                weather(&World::$place(), &multi_thread(), Keys::Many);
            }

            #[test]
            fn on_one_thread() {
                let _alone = alive::alone();
                weather(&World::$place(), &current_thread(), Keys::Few);
            }
        }
    )*};
}

in_every_place! { in_process on_a_slow_store on_redis }
