//! The guide's `TaskService` on a real SQLite database: the first calls, the next calls, and an
//! update that the next read sees.
//!
//! `cargo run --example quickstart` keeps the results in this process;
//! `CACHE_URL='redis://127.0.0.1/1?key_prefix=task_api' cargo run --example quickstart` keeps them
//! in Redis, without changing a line; `--features all-stores` adds the schemes of all other stores.

mod database;
mod report;
mod service;

use std::error::Error;

use cache_runtime::{CacheError, caches};

use crate::report::Report;
use crate::service::TaskService;

const USER: i64 = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let cache = caches().get("default")?.blocking();
    if let Err(error) = cache.ping() {
        println!("The cache does not answer ({error}); every call will run its function.\n");
    }
    cache.clear().ok();

    let folder = tempfile::tempdir()?;
    let service = TaskService::new(database::build(&folder.path().join("tasks.sqlite"))?);

    let some_task = service.first_task_of(USER)?;

    let mut report = Report::new();
    report.measure("statistics of a user", || service.user_statistics(USER))?;
    report.measure("a user's pending tasks", || {
        service.user_tasks(USER, Some("pending"))
    })?;
    report.measure("a task by its id", || service.task(some_task))?;
    report.print();

    let before = service.task(some_task)?.ok_or("the task is there")?;
    let status = if before.status == "done" {
        "pending"
    } else {
        "done"
    };
    service.set_status(some_task, status)?;
    let after = service.task(some_task)?.ok_or("the task is there")?;
    println!(
        "\nTask {some_task} was {:?}; after the update the next read says {:?}.",
        before.status, after.status
    );
    assert_eq!(after.status, status, "an update is seen by the next read");

    // Before looking into the store, which is counted as well.
    let stats = cache.stats();
    println!("\nThe entries by their whole keys:");
    let statistics = service.user_statistics_entry(USER);
    println!("  {}  {}", statistics.key(), state(statistics.get()));
    let pending = service.user_tasks_entry(USER, Some("pending"));
    println!("  {}  {}", pending.key(), state(pending.get()));
    let task = service.task_entry(some_task);
    println!("  {}  {}", task.key(), state(task.get()));

    println!(
        "\nThe cache: {} hits, {} misses ({:.1} % hits), {} sets, {} deletes, {} errors.",
        stats.hits,
        stats.misses,
        stats.hit_ratio() * 100.0,
        stats.sets,
        stats.deletes,
        stats.errors,
    );
    Ok(())
}

/// Describes what the store has of an entry.
fn state<T>(found: Result<Option<T>, CacheError>) -> &'static str {
    match found {
        Ok(Some(_)) => "is there",
        Ok(None) => "is not there",
        Err(_) => "cannot be looked for",
    }
}
