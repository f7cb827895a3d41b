//! Write-through: code that changes a task writes the new one into the cache, so that the next read is a hit
//! and correct. With `#[cache_put]`, and by hand.
//!
//! `cargo run --example write_through`, with any `CACHE_URL` or none.

use std::error::Error;

use cache_examples::tasks::{self, NoSuchTask, Task, counted};
use cache_runtime::{cache_put, cache_result, caches};

#[cache_result(timeout = 600, key_prefix = "task")]
fn task(id: u64) -> Result<Task, NoSuchTask> {
    tasks::find(id)
}

/// The returned task becomes the entry of `task(id)`; an error changes nothing.
#[cache_put(task::entry(id))]
fn rename(id: u64, title: &str) -> Result<Task, NoSuchTask> {
    tasks::update(id, |task| task.title = title.to_owned())
}

/// The same by hand, if the value is not what is returned.
fn finish(id: u64) -> Result<(), NoSuchTask> {
    let task = tasks::update(id, |task| task.done = true)?;
    // A write that could not reach the store is made up for when it is back; the update stands.
    let _ = task::entry(id).set(&task);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    caches().get("default")?.blocking().clear()?;

    task(1)?;
    rename(1, "Write it down")?;
    let (read, queries) = counted(|| task(1));
    let read = read?;
    println!("after rename: {:?}, {queries} queries", read.title);
    assert_eq!((read.title.as_str(), queries), ("Write it down", 0));

    finish(1)?;
    let (read, queries) = counted(|| task(1));
    let read = read?;
    println!("after finish: done {}, {queries} queries", read.done);
    assert_eq!((read.done, queries), (true, 0));

    // This also works for a task that nobody has read yet.
    rename(3, "Never read before")?;
    let (read, queries) = counted(|| task(3));
    println!("never read before: {:?}, {queries} queries", read?.title);
    assert_eq!(queries, 0);

    let failure = rename(99, "Nobody's");
    println!("a failure: {}", failure.clone().unwrap_err());
    assert_eq!(failure, Err(NoSuchTask(99)));
    assert_eq!(task::entry(99).get()?, None);
    Ok(())
}
