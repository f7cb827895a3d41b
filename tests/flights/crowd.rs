//! Many callers of one cold key: the function runs once, whatever it returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{Stats, cache_result};

use crate::world::{CROWD, World, milliseconds, multi_thread, tasks, threads};

in_both_places! {
    sixty_four_threads_run_it_once
    sixty_four_tasks_run_it_once
    threads_that_wait_share_a_none
    tasks_that_wait_share_a_none
    a_result_that_is_not_kept_is_shared_too
    sixty_four_keys_run_side_by_side
    those_who_await_and_those_who_block_share_one_execution
}

const SLOW: Duration = Duration::from_millis(50);

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn slow(world: &World, id: u64) -> u64 {
    world.run();
    thread::sleep(SLOW);
    id * 2
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn slow_async(world: Arc<World>, id: u64) -> u64 {
    world.run();
    tokio::time::sleep(SLOW).await;
    id * 2
}

/// One missed and ran it; the others waited, or came after it.
fn all_but_one_took_part(stats: Stats) {
    assert_eq!(stats.misses, 1, "{stats:?}");
    assert_eq!(stats.joined + stats.hits, CROWD as u64 - 1, "{stats:?}");
    assert!(stats.joined >= CROWD as u64 / 2, "{stats:?}");
    assert_eq!(stats.sets, 1, "{stats:?}");
}

fn sixty_four_threads_run_it_once(world: Arc<World>) {
    for (answer, _) in threads(|| slow(&world, 21)) {
        assert_eq!(answer, 42);
    }
    assert_eq!(world.runs(), 1);
    all_but_one_took_part(slow::stats_in(&world.cache));
    assert_eq!(world.flights(), 0);
}

fn sixty_four_tasks_run_it_once(world: Arc<World>) {
    let runtime = multi_thread();
    for (answer, _) in tasks(&runtime, || slow_async(world.clone(), 21)) {
        assert_eq!(answer, 42);
    }
    assert_eq!(world.runs(), 1);
    all_but_one_took_part(slow_async::stats_in(&world.cache));
    assert_eq!(world.flights(), 0);
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn nothing(world: &World, id: u64) -> Option<u64> {
    world.run();
    thread::sleep(SLOW);
    (id == 0).then_some(id)
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn nothing_async(world: Arc<World>, id: u64) -> Option<u64> {
    world.run();
    tokio::time::sleep(SLOW).await;
    (id == 0).then_some(id)
}

fn threads_that_wait_share_a_none(world: Arc<World>) {
    for (answer, _) in threads(|| nothing(&world, 1)) {
        assert_eq!(answer, None);
    }
    // A thread that was late finds nothing kept, and runs it.
    assert!(world.runs() <= 2, "{}", world.runs());
    assert!(nothing::stats_in(&world.cache).joined >= CROWD as u64 / 2);
    assert_eq!(nothing::entry(&world, 1).get().unwrap(), None);
}

fn tasks_that_wait_share_a_none(world: Arc<World>) {
    let runtime = multi_thread();
    for (answer, _) in tasks(&runtime, || nothing_async(world.clone(), 1)) {
        assert_eq!(answer, None);
    }
    assert!(world.runs() <= 2, "{}", world.runs());
    assert!(nothing_async::stats_in(&world.cache).joined >= CROWD as u64 / 2);
}

#[cache_result(timeout = 0, key(id), cache = world.cache.clone())]
fn unkept(world: &World, id: u64) -> String {
    world.run();
    thread::sleep(SLOW);
    format!("no. {id}")
}

fn a_result_that_is_not_kept_is_shared_too(world: Arc<World>) {
    for (answer, _) in threads(|| unkept(&world, 1)) {
        assert_eq!(answer, "no. 1");
    }
    assert!(world.runs() <= 2, "{}", world.runs());
    assert_eq!(unkept::entry(&world, 1).get().unwrap(), None);
}

fn sixty_four_keys_run_side_by_side(world: Arc<World>) {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    threads(|| slow(&world, next.fetch_add(1, Ordering::Relaxed) as u64));
    assert_eq!(world.runs(), CROWD);
    let took = start.elapsed();
    println!("64 keys of 50 ms: {took:?}");
    // One behind the other they would take 3.2 seconds.
    assert!(took < milliseconds(2500), "one behind the other: {took:?}");
}

fn those_who_await_and_those_who_block_share_one_execution(world: Arc<World>) {
    let runtime = multi_thread();
    let awaiting: Vec<_> = (0..16)
        .map(|_| {
            let world = world.clone();
            runtime.spawn(async move {
                let make = async || {
                    tokio::time::sleep(SLOW).await;
                    world.run() + 7
                };
                world.cache.get_or_set("key", 60, make).await.unwrap()
            })
        })
        .collect();
    let blocking: Vec<_> = (0..16)
        .map(|_| {
            let world = world.clone();
            thread::spawn(move || {
                let make = || {
                    thread::sleep(SLOW);
                    world.run() + 7
                };
                world.cache.blocking().get_or_set("key", 60, make).unwrap()
            })
        })
        .collect();
    for caller in blocking {
        assert_eq!(caller.join().unwrap(), 7);
    }
    for caller in awaiting {
        assert_eq!(runtime.block_on(caller).unwrap(), 7);
    }
    assert_eq!(world.runs(), 1);
}
