//! Circles: functions that reach themselves, or wait for each other, run instead of waiting.

use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::cache_result;

use crate::world::{World, current_thread, eventually, milliseconds, multi_thread};

in_both_places! {
    two_threads_that_need_each_others_keys_do_not_deadlock
    two_tasks_that_need_each_others_keys_do_not_deadlock
    two_futures_of_one_task_that_need_each_others_keys_do_not_deadlock
    a_function_that_reaches_itself_runs
    an_async_function_that_reaches_itself_runs
    fibonacci_runs_once_for_each_number
    the_wait_has_a_limit
    the_wait_of_tasks_has_a_limit
    a_circle_behind_a_thread_ends_with_the_wait
}

/// No circle may cost more than this, far below the default wait of 30 seconds.
const SOON: Duration = Duration::from_secs(5);

/// Counts in `runs` who is inside; the third and later ones answer at once, so that the circle
/// has an end.
#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn ping(world: &World, id: u64) -> u64 {
    if world.run() >= 2 {
        return id;
    }
    eventually("both are inside", || world.runs() >= 2);
    pong(world, id)
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn pong(world: &World, id: u64) -> u64 {
    if world.run() >= 2 {
        return id;
    }
    eventually("both are inside", || world.runs() >= 2);
    ping(world, id)
}

fn two_threads_that_need_each_others_keys_do_not_deadlock(world: Arc<World>) {
    let start = Instant::now();
    thread::scope(|scope| {
        let one = scope.spawn(|| ping(&world, 7));
        let two = scope.spawn(|| pong(&world, 7));
        assert_eq!(one.join().unwrap(), 7);
        assert_eq!(two.join().unwrap(), 7);
    });
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(world.flights(), 0);
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn tick(world: Arc<World>, id: u64) -> u64 {
    if world.run() >= 2 {
        return id;
    }
    while world.runs() < 2 {
        tokio::time::sleep(milliseconds(1)).await;
    }
    Box::pin(tock(world, id)).await
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn tock(world: Arc<World>, id: u64) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if world.run() >= 2 {
            return id;
        }
        while world.runs() < 2 {
            tokio::time::sleep(milliseconds(1)).await;
        }
        tick(world, id).await
    })
}

fn two_tasks_that_need_each_others_keys_do_not_deadlock(world: Arc<World>) {
    let runtime = multi_thread();
    let start = Instant::now();
    let one = runtime.spawn(tick(world.clone(), 7));
    let two = runtime.spawn(tock(world.clone(), 7));
    assert_eq!(runtime.block_on(one).unwrap(), 7);
    assert_eq!(runtime.block_on(two).unwrap(), 7);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(world.flights(), 0);
}

fn two_futures_of_one_task_that_need_each_others_keys_do_not_deadlock(world: Arc<World>) {
    let start = Instant::now();
    let answers = current_thread()
        .block_on(async { tokio::join!(tick(world.clone(), 7), tock(world.clone(), 7)) });
    assert_eq!(answers, (7, 7));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(world.flights(), 0);
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn again(world: &World, id: u64) -> u64 {
    if world.run() < 3 {
        again(world, id) + 1
    } else {
        id
    }
}

fn a_function_that_reaches_itself_runs(world: Arc<World>) {
    let start = Instant::now();
    assert_eq!(again(&world, 10), 13);
    assert!(start.elapsed() < SOON);
    assert_eq!(world.flights(), 0);
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn again_async(world: Arc<World>, id: u64) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        if world.run() < 3 {
            again_async(world, id).await + 1
        } else {
            id
        }
    })
}

fn an_async_function_that_reaches_itself_runs(world: Arc<World>) {
    let start = Instant::now();
    assert_eq!(multi_thread().block_on(again_async(world.clone(), 10)), 13);
    assert!(start.elapsed() < SOON);
    assert_eq!(world.flights(), 0);
}

#[cache_result(timeout = 60, key(n), cache = world.cache.clone())]
fn fibonacci(world: &World, n: u64) -> u64 {
    world.run();
    if n < 2 {
        return n;
    }
    fibonacci(world, n - 1) + fibonacci(world, n - 2)
}

fn fibonacci_runs_once_for_each_number(world: Arc<World>) {
    assert_eq!(fibonacci(&world, 60), 1_548_008_755_920);
    assert_eq!(world.runs(), 61);
}

/// The first execution takes long, the others do not.
#[cache_result(timeout = 60, key(id), cache = world.cache.clone(), wait = "50ms")]
fn impatient(world: &World, id: u64) -> usize {
    let run = world.run();
    if run == 0 {
        eventually("it is released", || world.is_released());
    }
    run + id as usize
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone(), wait = "50ms")]
async fn impatient_async(world: Arc<World>, id: u64) -> usize {
    let run = world.run();
    while run == 0 && !world.is_released() {
        tokio::time::sleep(milliseconds(1)).await;
    }
    run + id as usize
}

fn the_wait_has_a_limit(world: Arc<World>) {
    thread::scope(|scope| {
        let first = scope.spawn(|| impatient(&world, 100));
        eventually("the first runs", || world.runs() == 1);
        let start = Instant::now();
        assert_eq!(impatient(&world, 100), 101);
        let took = start.elapsed();
        assert!(took >= milliseconds(50) && took < SOON, "{took:?}");
        world.release();
        assert_eq!(first.join().unwrap(), 100);
    });
}

fn the_wait_of_tasks_has_a_limit(world: Arc<World>) {
    let runtime = multi_thread();
    let first = runtime.spawn(impatient_async(world.clone(), 100));
    eventually("the first runs", || world.runs() == 1);
    let start = Instant::now();
    assert_eq!(runtime.block_on(impatient_async(world.clone(), 100)), 101);
    let took = start.elapsed();
    assert!(took >= milliseconds(50) && took < SOON, "{took:?}");
    world.release();
    assert_eq!(runtime.block_on(first).unwrap(), 100);
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone(), wait = "50ms")]
fn hidden(world: &Arc<World>, id: u64) -> u64 {
    if world.run() > 0 {
        return id;
    }
    let world = world.clone();
    // Nobody sees that this thread is waited for.
    thread::spawn(move || hidden(&world, id)).join().unwrap()
}

fn a_circle_behind_a_thread_ends_with_the_wait(world: Arc<World>) {
    let start = Instant::now();
    assert_eq!(hidden(&world, 7), 7);
    assert!(start.elapsed() >= milliseconds(50));
    assert!(start.elapsed() < SOON);
}
