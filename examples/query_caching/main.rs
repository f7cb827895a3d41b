//! Query results in the cache: lists and counts carry a tag of the user they belong to, and create, update and
//! delete invalidate the tag, whichever lists there are.
//!
//! `cargo run --example query_caching`, with any `CACHE_URL` or none.

use std::error::Error;

use cache_examples::tasks::{self, NoSuchTask, Task, counted};
use cache_runtime::{cache_evict, cache_result, caches};

/// A user's tasks, in one state or all.
#[cache_result(timeout = "10m", key_prefix = "user_tasks", tags("user:{user_id}"))]
fn user_tasks(user_id: u64, done: Option<bool>) -> Vec<Task> {
    let tasks = tasks::of_user(user_id).into_iter();
    tasks
        .filter(|task| done.is_none_or(|done| task.done == done))
        .collect()
}

/// How many tasks are done, and how many there are.
#[cache_result(timeout = "10m", key_prefix = "progress", tags("user:{user_id}"))]
fn progress(user_id: u64) -> (usize, usize) {
    let tasks = tasks::of_user(user_id);
    (tasks.iter().filter(|task| task.done).count(), tasks.len())
}

#[cache_evict(tag("user:{user_id}"))]
fn create(user_id: u64, title: &str) -> Task {
    tasks::insert(user_id, title)
}

/// Whose task it is, is known only afterwards: `result` is the `Ok` value.
#[cache_evict(tag("user:{result.user_id}"))]
fn finish(id: u64) -> Result<Task, NoSuchTask> {
    tasks::update(id, |task| task.done = true)
}

/// Two users' lists change: the one before and the one after.
#[cache_evict(tag("user:{from}", "user:{to}"))]
fn hand_over(id: u64, from: u64, to: u64) -> Result<Task, NoSuchTask> {
    tasks::update(id, |task| task.user_id = to)
}

#[cache_evict(tag("user:{result.user_id}"))]
fn delete(id: u64) -> Result<Task, NoSuchTask> {
    tasks::remove(id)
}

/// Every query about a user: how many tasks, how many of them open, the progress.
fn overview(user_id: u64) -> (usize, usize, (usize, usize)) {
    let all = user_tasks(user_id, None).len();
    let open = user_tasks(user_id, Some(false)).len();
    (all, open, progress(user_id))
}

/// Reads everything about users 7 and 8, and prints how many queries that took.
fn read(after: &str) -> [(usize, usize, (usize, usize)); 2] {
    let (seen, queries) = counted(|| [overview(7), overview(8)]);
    println!(
        "{after:<12} user 7: {:?}, user 8: {:?}; {queries} queries",
        seen[0], seen[1]
    );
    seen
}

fn main() -> Result<(), Box<dyn Error>> {
    caches().get("default")?.blocking().clear()?;
    println!("             (tasks, open ones, (done, of all))");

    assert_eq!(read("at first"), [(3, 2, (1, 3)), (3, 2, (1, 3))]);
    let (_, queries) = counted(|| read("again"));
    assert_eq!(queries, 0, "all of it was kept");

    let task = create(7, "A new one");
    let (seen, queries) = counted(|| read("create"));
    assert_eq!(seen[0], (4, 3, (1, 4)));
    assert_eq!(queries, 3, "user 8's stay");

    finish(task.id)?;
    assert_eq!(read("finish")[0], (4, 2, (2, 4)));

    hand_over(task.id, 7, 8)?;
    assert_eq!(read("hand over"), [(3, 2, (1, 3)), (4, 2, (2, 4))]);

    delete(task.id)?;
    assert_eq!(read("delete")[1], (3, 2, (1, 3)));

    assert!(delete(task.id).is_err());
    let (_, queries) = counted(|| read("a failure"));
    assert_eq!(queries, 0, "what fails forgets nothing");
    Ok(())
}
