//! Warming: the cache is filled before users come, so that the first of them does not have to wait.
//!
//! `cargo run --example warming`, with any `CACHE_URL` or none. The example `warm` is a command that does
//! this for a deploy or a timer.

use std::error::Error;

use cache_examples::tasks::{self, NoSuchTask, Task, counted};
use cache_runtime::{cache_result, caches};

/// How many of a user's tasks are open.
#[cache_result(timeout = "10m", jitter = 0.1, key_prefix = "open_tasks")]
fn open_tasks(user_id: u64) -> usize {
    let tasks = tasks::of_user(user_id);
    tasks.iter().filter(|task| !task.done).count()
}

/// If many are missing at once, `task_batch` reads them all.
#[cache_result(timeout = "10m", jitter = 0.1, key_prefix = "task", batch = task_batch)]
fn task(id: u64) -> Result<Task, NoSuchTask> {
    tasks::find(id)
}

fn task_batch(ids: &[u64]) -> Vec<Result<Task, NoSuchTask>> {
    tasks::find_many(ids)
}

fn main() -> Result<(), Box<dyn Error>> {
    caches().get("default")?.blocking().clear()?;

    // When the service starts.
    let (report, queries) = counted(|| open_tasks::warm([7, 8]).run());
    println!("users: {report}; {queries} queries");
    assert_eq!((report.warmed, queries), (2, 2));
    let (_, queries) = counted(|| (open_tasks(7), open_tasks(8)));
    println!("the first users who come: {queries} queries");
    assert_eq!(queries, 0);

    // One query for all, instead of one for each.
    let (report, queries) = counted(|| task::warm(1..=6).run());
    println!("tasks: {report}; {queries} query");
    assert_eq!((report.warmed, queries), (6, 1));

    // Only what is missing.
    task::entry(3).delete()?;
    let report = task::warm(1..=6).run();
    println!("again: {report}");
    assert_eq!((report.warmed, report.there), (1, 5));

    // All of it again, before it times out.
    let report = task::warm(1..=6).refresh().run();
    println!("refreshed: {report}");
    assert_eq!(report.warmed, 6);

    // An item that fails stops nothing.
    let report = task::warm([99, 1]).refresh().run();
    println!(
        "with one that is not there: {} warmed, {} failed",
        report.warmed, report.failed
    );
    assert_eq!((report.warmed, report.failed), (1, 1));
    Ok(())
}
