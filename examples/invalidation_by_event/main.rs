//! Invalidation by events: the code that saves tasks emits an event, and knows nothing of the cache;
//! the code that caches listens.
//!
//! `cargo run --example invalidation_by_event`, with any `CACHE_URL` or none.

mod cached;
mod saving;

use std::error::Error;

use cache_examples::tasks::counted;
use cache_runtime::{caches, events};

fn main() -> Result<(), Box<dyn Error>> {
    caches().get("default")?.blocking().clear()?;
    cached::listen();

    let before = cached::open_tasks(7);
    saving::finish(1)?;
    let (after, queries) = counted(|| cached::open_tasks(7));
    println!("open tasks of user 7: {before}, and {after} when one is finished; {queries} query");
    assert_eq!((after, queries), (before - 1, 1));

    let (_, queries) = counted(|| cached::title(1));
    println!("the title of task 1 was written by the handler: {queries} queries");
    assert_eq!(queries, 0);

    // A handler for a while; its failure affects neither `saving` nor the other handlers.
    let subscription = events().on(|saved: &saving::TaskSaved| {
        Err::<(), _>(format!(
            "no mail about task {} could be sent",
            saved.task.id
        ))
    });
    saving::finish(3)?;
    drop(subscription);
    saving::finish(3)?;
    println!("open tasks of user 7: {}", cached::open_tasks(7));
    assert_eq!(cached::open_tasks(7), before - 2);

    let stats = events().stats();
    println!(
        "{} events, {} calls of handlers, {} failed",
        stats.emitted, stats.handled, stats.failed
    );
    assert_eq!((stats.emitted, stats.handled, stats.failed), (3, 7, 1));
    Ok(())
}
