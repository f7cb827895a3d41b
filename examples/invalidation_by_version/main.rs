//! Invalidation by versions: nothing is searched for and nothing deleted; a caller that asks for the new version
//! does not find the old one, which times out.
//!
//! `cargo run --example invalidation_by_version`, with any `CACHE_URL` or none.

use std::error::Error;
use std::time::UNIX_EPOCH;

use cache_examples::tasks::{self, Task, counted};
use cache_runtime::{BlockingCache, Timeout, cache_result, caches};

/// A version of the code: raise it when what is computed, or its type, has changed. Processes with the
/// old and the new code share a store without seeing each other's entries.
#[cache_result(timeout = "1h", key_prefix = "summary", version = 2)]
fn summary(user_id: u64) -> String {
    format!("{} tasks", tasks::of_user(user_id).len())
}

/// A version of the data: a task that was changed has another key. This needs no invalidation at all, but
/// the task itself has to be at hand.
#[cache_result(timeout = "1h", key_prefix = "rendered", key(task.id, task.updated_at))]
fn rendered(task: &Task) -> String {
    let _ = tasks::of_user(task.user_id); // as a page does, which shows more than the task
    format!("<h1>{}</h1>", task.title)
}

/// A version that is kept in the cache: one number for all entries of a user, read by every call.
#[cache_result(timeout = "1h", key_prefix = "titles", version = generation(cache, user_id), skip(cache))]
fn titles(cache: &BlockingCache, user_id: u64) -> Vec<String> {
    let tasks = tasks::of_user(user_id).into_iter();
    tasks.map(|task| task.title).collect()
}

/// The generation of a user's entries. It starts with the time, so that one that the store has lost
/// does not start where it did before.
fn generation(cache: &BlockingCache, user_id: u64) -> i64 {
    let key = format!("generation:{user_id}");
    let generation = cache.get_or_set(&key, Timeout::Never, seconds);
    generation.unwrap_or_else(|_| seconds())
}

fn seconds() -> i64 {
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_secs() as i64
}

fn main() -> Result<(), Box<dyn Error>> {
    let cache = caches().get("default")?.blocking();
    cache.clear()?;

    println!("{}: {}", summary::entry(7).key(), summary(7));
    assert!(summary::entry(7).key().contains(":2:summary:"));

    let task = tasks::find(1)?;
    let before = rendered(&task);
    let task = tasks::update(1, |task| task.title = "Another title".to_owned())?;
    let (after, queries) = counted(|| rendered(&task));
    println!("{before} became {after}: {queries} query");
    assert_eq!((after.as_str(), queries), ("<h1>Another title</h1>", 1));

    let before = titles(&cache, 7);
    tasks::update(3, |task| task.title = "A third title".to_owned())?;
    assert_eq!(
        titles(&cache, 7),
        before,
        "the old ones, until somebody counts up"
    );
    cache.incr("generation:7", 1)?;
    let (after, queries) = counted(|| titles(&cache, 7));
    println!("{before:?} became {after:?}: {queries} query");
    assert_eq!((after[1].as_str(), queries), ("A third title", 1));

    // Django's versions of one key: the value moves, and readers of the old version miss it.
    cache.set("banner", "Spring sale", Timeout::Never)?;
    let version = cache.incr_version("banner", 1)?;
    let [old, new] = [1, version].map(|version| {
        let view = caches()
            .get("default")
            .map(|cache| cache.with_version(version));
        view.and_then(|view| view.blocking().get::<String>("banner"))
    });
    let (old, new) = (old?, new?);
    println!("the banner: {old:?} in version 1, {new:?} in version {version}");
    assert_eq!((old, new.as_deref()), (None, Some("Spring sale")));
    Ok(())
}
