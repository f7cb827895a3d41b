//! Ten thousand tasks, and a thousand threads, that want one key at once: one execution.

use std::sync::Arc;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::cache_result;

use crate::world::{World, milliseconds, multi_thread};

in_both_places! {
    ten_thousand_tasks_run_it_once
    a_thousand_threads_run_it_once
}

const TASKS: u64 = 10_000;
const THREADS: usize = 1000;
/// Longer than it takes all of them to come.
const SLOW: Duration = milliseconds(1500);
/// Far more than it takes on a slow machine to wake all of them, far less than one after another.
const LIMIT: Duration = Duration::from_secs(10);

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn slow_async(world: Arc<World>, id: u64) -> Arc<Vec<u64>> {
    world.run();
    tokio::time::sleep(SLOW).await;
    Arc::new(vec![id; 1000])
}

fn ten_thousand_tasks_run_it_once(world: Arc<World>) {
    let runtime = multi_thread();
    let start = Instant::now();
    let callers: Vec<_> = (0..TASKS)
        .map(|_| runtime.spawn(slow_async(world.clone(), 7)))
        .collect();
    for caller in callers {
        assert_eq!(runtime.block_on(caller).unwrap().len(), 1000);
    }
    let took = start.elapsed();
    let stats = slow_async::stats_in(&world.cache);
    println!("{TASKS} tasks: {took:?}, of which the function took {SLOW:?}; {stats:?}");
    assert_eq!(world.runs(), 1);
    assert_eq!(stats.joined + stats.hits, TASKS - 1, "{stats:?}");
    assert!(stats.joined > TASKS / 2, "they came too late: {stats:?}");
    assert!(took < SLOW + LIMIT, "{took:?}");
    assert_eq!(world.flights(), 0);
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn slow(world: &World, id: u64) -> Arc<Vec<u64>> {
    world.run();
    thread::sleep(SLOW);
    Arc::new(vec![id; 1000])
}

fn a_thousand_threads_run_it_once(world: Arc<World>) {
    let barrier = Barrier::new(THREADS);
    let caller = || {
        barrier.wait();
        let start = Instant::now();
        assert_eq!(slow(&world, 7).len(), 1000);
        start.elapsed()
    };
    let longest = thread::scope(|scope| {
        let spawn = |_| {
            // Their stacks are not what is tried.
            let small = thread::Builder::new().stack_size(256 * 1024);
            small.spawn_scoped(scope, caller).unwrap()
        };
        let callers: Vec<_> = (0..THREADS).map(spawn).collect();
        let took = callers.into_iter().map(|caller| caller.join().unwrap());
        took.max().unwrap()
    });
    let stats = slow::stats_in(&world.cache);
    println!("{THREADS} threads: {longest:?}, of which the function took {SLOW:?}; {stats:?}");
    assert_eq!(world.runs(), 1);
    assert_eq!(stats.joined + stats.hits, THREADS as u64 - 1, "{stats:?}");
    assert!(longest < SLOW + LIMIT, "{longest:?}");
    assert_eq!(world.flights(), 0);
}
