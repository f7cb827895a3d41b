//! A function that fails: those who wait have its error at once, and never queue up.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cache_runtime::cache_result;

use crate::world::{
    CROWD, World, in_one_of_three_tries, milliseconds, multi_thread, tasks, threads,
};

in_both_places! {
    threads_share_an_error_that_is_clone
    tasks_share_an_error_that_is_clone
    threads_have_an_error_that_is_not_clone_in_time
    tasks_have_an_error_that_is_not_clone_in_time
    an_error_is_not_kept
}

const SLOW: Duration = Duration::from_millis(50);
/// Far more than it takes on a busy machine, and far less than one behind the other: 3.2 seconds.
const LIMIT: Duration = Duration::from_millis(1500);

#[derive(Debug, Clone, PartialEq)]
struct Refused(u64);

/// As `std::io::Error`: cannot be cloned.
#[derive(Debug, PartialEq)]
struct Broken(u64);

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn refuses(world: &World, id: u64) -> Result<u64, Refused> {
    world.run();
    thread::sleep(SLOW);
    Err(Refused(id))
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn refuses_async(world: Arc<World>, id: u64) -> Result<u64, Refused> {
    world.run();
    tokio::time::sleep(SLOW).await;
    Err(Refused(id))
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
fn breaks(world: &World, id: u64) -> Result<u64, Broken> {
    world.run();
    thread::sleep(SLOW);
    Err(Broken(id))
}

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn breaks_async(world: Arc<World>, id: u64) -> Result<u64, Broken> {
    world.run();
    tokio::time::sleep(SLOW).await;
    Err(Broken(id))
}

/// The longest wait; all must have this answer.
fn longest<T: PartialEq + std::fmt::Debug>(answers: Vec<(T, Duration)>, expected: &T) -> Duration {
    let took = answers.into_iter().map(|(answer, took)| {
        assert_eq!(&answer, expected);
        took
    });
    took.max().unwrap()
}

fn threads_share_an_error_that_is_clone(world: Arc<World>) {
    in_one_of_three_tries(LIMIT, || {
        let before = world.runs();
        let answers = threads(|| refuses(&world, 7));
        // One that was late starts a flight of its own.
        assert!(world.runs() - before <= 2, "{}", world.runs() - before);
        longest(answers, &Err(Refused(7)))
    });
    assert!(refuses::stats_in(&world.cache).joined >= CROWD as u64 / 2);
}

fn tasks_share_an_error_that_is_clone(world: Arc<World>) {
    let runtime = multi_thread();
    in_one_of_three_tries(LIMIT, || {
        let before = world.runs();
        let answers = tasks(&runtime, || refuses_async(world.clone(), 7));
        assert!(world.runs() - before <= 2, "{}", world.runs() - before);
        longest(answers, &Err(Refused(7)))
    });
    assert!(refuses_async::stats_in(&world.cache).joined >= CROWD as u64 / 2);
}

fn threads_have_an_error_that_is_not_clone_in_time(world: Arc<World>) {
    in_one_of_three_tries(LIMIT, || {
        longest(threads(|| breaks(&world, 7)), &Err(Broken(7)))
    });
}

fn tasks_have_an_error_that_is_not_clone_in_time(world: Arc<World>) {
    let runtime = multi_thread();
    in_one_of_three_tries(LIMIT, || {
        let answers = tasks(&runtime, || breaks_async(world.clone(), 7));
        longest(answers, &Err(Broken(7)))
    });
}

fn an_error_is_not_kept(world: Arc<World>) {
    for runs in 1..4 {
        assert_eq!(refuses(&world, 1), Err(Refused(1)));
        assert_eq!(world.runs(), runs);
    }
    assert_eq!(refuses::entry(&world, 1).get().unwrap(), None);
    let start = std::time::Instant::now();
    assert_eq!(breaks(&world, 1), Err(Broken(1)));
    assert!(start.elapsed() < milliseconds(1000));
    assert_eq!(world.flights(), 0);
}
