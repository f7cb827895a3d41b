//! Many calls at once: one request to the store for what is there, one query for what is not.
//!
//! `cargo run --example many`, with any `CACHE_URL` or none.

use std::error::Error;

use cache_examples::tasks::{self, NoSuchTask, Task, counted};
use cache_runtime::{cache_result, caches};

/// One task; if many are asked for, `tasks_of` reads those that have no entry.
#[cache_result(timeout = 600, key_prefix = "task", batch = tasks_of)]
fn task(id: u64) -> Result<Task, NoSuchTask> {
    tasks::find(id)
}

/// Like `SELECT … WHERE id IN (…)`; in the order of the ids.
fn tasks_of(ids: &[u64]) -> Vec<Result<Task, NoSuchTask>> {
    println!("  (one query for {ids:?})");
    tasks::find_many(ids)
}

fn main() -> Result<(), Box<dyn Error>> {
    caches().get("default")?.blocking().clear()?;

    task(2)?;
    let (found, queries) = counted(|| task::many(1..=5));
    println!("1 to 5, of which 2 was there: {queries} query");
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(queries, 1);

    let (found, queries) = counted(|| task::many([5, 99, 1]));
    let titles: Vec<_> = found
        .iter()
        .map(|task| match task {
            Ok(task) => task.title.as_str(),
            Err(NoSuchTask(_)) => "not there",
        })
        .collect();
    println!("5, 99 and 1: {titles:?}, {queries} query");
    assert_eq!(queries, 1, "for the one that is not there");

    let report = task::warm(1..=6).quiet().run();
    println!("warming 1 to 6: {report}");
    assert_eq!((report.warmed, report.there), (1, 5));
    Ok(())
}
