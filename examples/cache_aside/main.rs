//! Cache-aside: look into the cache, or else ask the database and keep its answer. By hand, and with the
//! attribute.
//!
//! `cargo run --example cache_aside`; with `CACHE_URL='redis://127.0.0.1/1?key_prefix=aside'` in front, it keeps
//! the results in Redis.

use std::error::Error;
use std::thread;

use cache_examples::tasks::{self, NoSuchTask, Task, counted};
use cache_runtime::{BlockingCache, cache_result, caches};

/// By hand: the key, the timeout and how to treat a cache that fails are all written here.
fn task_by_hand(cache: &BlockingCache, id: u64) -> Result<Task, NoSuchTask> {
    let key = format!("task_by_hand:{id}");
    // A cache that fails is a miss.
    if let Ok(Some(task)) = cache.get::<Task>(&key) {
        return Ok(task);
    }
    let task = tasks::find(id)?;
    let _ = cache.set(&key, &task, 600);
    Ok(task)
}

/// With the attribute: the same, and concurrent callers ask the database only once.
#[cache_result(timeout = 600, key_prefix = "task")]
fn task(id: u64) -> Result<Task, NoSuchTask> {
    tasks::find(id)
}

fn main() -> Result<(), Box<dyn Error>> {
    let cache = caches().get("default")?.blocking();
    cache.clear()?;

    let (first, on_miss) = counted(|| task_by_hand(&cache, 1));
    let (second, on_hit) = counted(|| task_by_hand(&cache, 1));
    println!("by hand: {on_miss} query, then {on_hit}");
    assert_eq!((first?, on_miss, on_hit), (second?, 1, 0));

    let (first, on_miss) = counted(|| task(1));
    let (second, on_hit) = counted(|| task(1));
    println!("by the attribute: {on_miss} query, then {on_hit}");
    assert_eq!((first?, on_miss, on_hit), (second?, 1, 0));

    // Neither keeps an error.
    let (_, by_hand) = counted(|| [task_by_hand(&cache, 99), task_by_hand(&cache, 99)]);
    let (_, attribute) = counted(|| [task(99), task(99)]);
    println!("a task that is not there, twice: {by_hand} queries by hand, {attribute} otherwise");
    assert_eq!((by_hand, attribute), (2, 2));

    // By hand, it would be up to 8.
    let (_, queries) = counted(|| {
        thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(|| task(2)))));
    });
    println!("eight threads that miss at once, by the attribute: {queries} query");
    assert_eq!(queries, 1);
    Ok(())
}
