//! Leaders that go away: cancelled or panicking, they hand the lead to one of those who wait.

use std::sync::Arc;
use std::thread;

use cache_runtime::cache_result;

use crate::world::{CROWD, World, current_thread, eventually, milliseconds, multi_thread};

in_both_places! {
    a_cancelled_leader_is_followed_by_one_other
    a_chain_of_cancelled_leaders_ends_well
    a_panicking_leader_of_threads_is_followed_by_one_other
    a_panicking_leader_of_tasks_is_followed_by_one_other
    a_leader_that_panics_alone_leaves_nothing_behind
    one_who_waits_and_leaves_with_its_leader_leaves_nothing_behind
}

/// Held back until it is released.
#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn held(world: Arc<World>, id: u64) -> u64 {
    world.run();
    while !world.is_released() {
        tokio::time::sleep(milliseconds(1)).await;
    }
    id * 2
}

fn a_cancelled_leader_is_followed_by_one_other(world: Arc<World>) {
    let world = world.standing_still();
    let runtime = multi_thread();
    let leader = runtime.spawn(held(world.clone(), 21));
    eventually("the leader runs", || world.runs() == 1);
    let others: Vec<_> = (1..CROWD)
        .map(|_| runtime.spawn(held(world.clone(), 21)))
        .collect();
    eventually("the others wait", || world.waiting() == CROWD - 1);
    leader.abort();
    assert!(runtime.block_on(leader).unwrap_err().is_cancelled());
    world.release();
    for other in others {
        assert_eq!(runtime.block_on(other).unwrap(), 42);
    }
    assert_eq!(world.runs(), 2);
    assert_eq!(held::stats_in(&world.cache).joined, CROWD as u64 - 2);
    assert_eq!(world.flights(), 0);
}

fn a_chain_of_cancelled_leaders_ends_well(world: Arc<World>) {
    let runtime = multi_thread();
    let mut tasks: Vec<_> = (0..10)
        .map(|_| runtime.spawn(held(world.clone(), 21)))
        .collect();
    let last = tasks.pop().unwrap();
    for (at, task) in tasks.iter().enumerate() {
        eventually("somebody leads", || {
            world.runs() > 0 && world.flights() == 1
        });
        thread::sleep(milliseconds(5));
        task.abort();
        assert!(world.runs() <= at + 2);
    }
    world.release();
    assert_eq!(runtime.block_on(last).unwrap(), 42);
    eventually("nothing is left", || world.flights() == 0);
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn panics_once(world: &World, id: u64) -> u64 {
    let is_first = world.run() == 0;
    thread::sleep(milliseconds(50));
    assert!(!is_first, "the first one panics, as it shall");
    id * 2
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn panics_once_async(world: Arc<World>, id: u64) -> u64 {
    let is_first = world.run() == 0;
    tokio::time::sleep(milliseconds(50)).await;
    assert!(!is_first, "the first one panics, as it shall");
    id * 2
}

fn a_panicking_leader_of_threads_is_followed_by_one_other(world: Arc<World>) {
    let callers: Vec<_> = (0..CROWD)
        .map(|_| {
            let world = world.clone();
            thread::spawn(move || panics_once(&world, 21))
        })
        .collect();
    let answers = callers.into_iter().filter_map(|caller| caller.join().ok());
    assert_eq!(answers.collect::<Vec<_>>(), [42; CROWD - 1]);
    assert_eq!(world.runs(), 2);
    assert_eq!(world.flights(), 0);
}

fn a_panicking_leader_of_tasks_is_followed_by_one_other(world: Arc<World>) {
    let runtime = multi_thread();
    let callers: Vec<_> = (0..CROWD)
        .map(|_| runtime.spawn(panics_once_async(world.clone(), 21)))
        .collect();
    let answers = callers
        .into_iter()
        .filter_map(|caller| runtime.block_on(caller).ok());
    assert_eq!(answers.collect::<Vec<_>>(), [42; CROWD - 1]);
    assert_eq!(world.runs(), 2);
    assert_eq!(world.flights(), 0);
}

fn a_leader_that_panics_alone_leaves_nothing_behind(world: Arc<World>) {
    let alone = {
        let world = world.clone();
        thread::spawn(move || panics_once(&world, 21)).join()
    };
    assert!(alone.is_err());
    assert_eq!(world.flights(), 0);
    assert_eq!(panics_once(&world, 21), 42);
    assert_eq!(panics_once(&world, 21), 42);
    assert_eq!(world.runs(), 2);
}

fn one_who_waits_and_leaves_with_its_leader_leaves_nothing_behind(world: Arc<World>) {
    current_thread().block_on(async {
        let mut leader = Box::pin(held(world.clone(), 21));
        while world.runs() == 0 {
            assert!(futures::poll!(leader.as_mut()).is_pending());
            tokio::time::sleep(milliseconds(1)).await;
        }
        let mut waiting = Box::pin(held(world.clone(), 21));
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        assert_eq!(world.flights(), 1);
        drop(leader);
        // It is told that the lead is free, and goes without looking.
        drop(waiting);
        assert_eq!(world.flights(), 0);
        world.release();
        assert_eq!(held(world.clone(), 21).await, 42);
    });
}
