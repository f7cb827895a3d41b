//! Invalidating many entries at once: by a tag, which every store has; by function; and by a pattern of
//! keys, for which a store has to be searched.
//!
//! `cargo run --example invalidation_by_tag`, with any `CACHE_URL` or none.

use std::error::Error;

use cache_examples::tasks::{self, NoSuchTask, Task, counted};
use cache_runtime::{ErrorKind, cache_result, caches, current};

/// Before the body, it is known whose they are. After it, which they are.
#[cache_result(
    timeout = "1h",
    key_prefix = "board",
    tags("user:{user_id}", ..result.iter().map(|task| format!("task:{}", task.id))),
)]
fn board(user_id: u64) -> Vec<Task> {
    tasks::of_user(user_id)
}

/// Known in the middle of the body, which adds the tag itself.
#[cache_result(timeout = "1h", key_prefix = "owner")]
fn owner(id: u64) -> Result<String, NoSuchTask> {
    let task = tasks::find(id)?;
    current().tag(format!("user:{}", task.user_id));
    Ok(format!("user {}", task.user_id))
}

/// Reads boards and owners, and counts how many reads had to query the database.
fn queries() -> u64 {
    let ((), queries) = counted(|| {
        let _ = (board(7), board(8), owner(1), owner(2));
    });
    queries
}

fn main() -> Result<(), Box<dyn Error>> {
    let cache = caches().get("default")?.blocking();
    cache.clear()?;
    assert_eq!((queries(), queries()), (4, 0));

    cache.delete_tag("user:7")?;
    let anew = queries();
    println!("tag user:7: {anew} of 4 are read anew");
    assert_eq!(anew, 2, "the board and the owner of task 1");

    cache.delete_tag("task:4")?;
    let anew = queries();
    println!("tag task:4: {anew} of 4");
    assert_eq!(anew, 1, "the board that shows task 4");

    owner::clear()?;
    let anew = queries();
    println!("all of `owner`: {anew} of 4");
    assert_eq!(anew, 2);

    // By pattern: for keys that were set by hand, since those of functions end in a hash. Each key is searched for
    // and deleted, which takes longer the fuller the store is.
    for key in ["page:7:1", "page:7:2", "page:8:1"] {
        cache.set(key, "<html>", 600)?;
    }
    match cache.keys("page:7:*") {
        Ok(keys) => {
            println!(
                "pattern page:7:*: {} pages deleted",
                cache.delete_many(&keys)?
            );
            assert_eq!((keys.len(), cache.has_key("page:8:1")?), (2, true));
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => println!("pattern: {error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
