//! Timeouts: how long an entry lives, set by the attribute, by the value, by the body or by the call;
//! and spread, so that not all entries expire together.
//!
//! `cargo run --example ttl`, with any `CACHE_URL` or none.

use std::collections::BTreeSet;
use std::error::Error;
use std::thread::sleep;
use std::time::Duration;

use cache_examples::tasks::{self, NoSuchTask, Task, counted};
use cache_runtime::{BlockingCache, Timeout, Ttl, cache_result, current};
use serde::{Deserialize, Serialize};

/// The same for all. `600` would be seconds, `never` is for ever.
#[cache_result(timeout = "200ms", key_prefix = "task")]
fn task(id: u64) -> Result<Task, NoSuchTask> {
    tasks::find(id)
}

#[derive(Clone, Serialize, Deserialize)]
struct Token {
    text: String,
    expires_in: u64,
}

/// As the value says, less a margin.
#[cache_result(timeout = |token: &Token| token.expires_in.saturating_sub(30), key_prefix = "token")]
fn token(user_id: u64) -> Token {
    Token {
        text: format!("token of {user_id}"),
        expires_in: 3600,
    }
}

/// As the body says: it knows best.
#[cache_result(timeout = "10m", key_prefix = "open_tasks")]
fn open_tasks(user_id: u64) -> usize {
    let tasks = tasks::of_user(user_id);
    if tasks.is_empty() {
        current().timeout(50); // perhaps a new user, who will have some soon
    }
    tasks.iter().filter(|task| !task.done).count()
}

/// Filled all at once, without expiring all at once: each gets 480 to 600 s.
#[cache_result(timeout = 600, jitter = 0.2, key_prefix = "page")]
fn page(number: u64) -> String {
    format!("page {number}")
}

fn main() -> Result<(), Box<dyn Error>> {
    let cache = cache_runtime::caches().get("default")?.blocking();
    cache.clear()?;

    task(1)?;
    sleep(Duration::from_millis(300));
    let (_, queries) = counted(|| task(1));
    println!("after its timeout a task is read anew: {queries} query");
    assert_eq!(queries, 1);

    let text = token(7).text;
    let left = seconds_left(&cache, "token:*")?;
    assert_eq!(left, [3570]);
    println!("{text} lives for {} s", left[0]);

    println!(
        "user 7 has {} open tasks, user 1 {}",
        open_tasks(7),
        open_tasks(1)
    );
    let lives = seconds_left(&cache, "open_tasks:*")?;
    println!("kept for {lives:?} s");
    assert_eq!(lives, [50, 600]);

    (0..100).for_each(|number| drop(page(number)));
    let lives = seconds_left(&cache, "page:*")?;
    let all_differ = lives.iter().collect::<BTreeSet<_>>().len() > 5;
    println!(
        "100 pages expire at {} times",
        if all_differ { "many" } else { "few" }
    );
    assert!(all_differ && lives.iter().all(|life| (480..=600).contains(life)));

    // By hand, as in Django: the cache's own timeout, seconds, for ever, not at all.
    cache.set("own", &1, Timeout::Default)?;
    cache.set("minute", &1, 60)?;
    cache.set("never", &1, Timeout::Never)?;
    cache.set("expired", &1, 0)?;
    assert_eq!(cache.ttl("never")?, Ttl::Never);
    assert_eq!(cache.ttl("expired")?, Ttl::Missing);
    cache.touch("minute", 120)?;
    println!(
        "a minute that was touched: {} s",
        seconds_left(&cache, "minute")?[0]
    );
    assert_eq!(seconds_left(&cache, "minute")?, [120]);
    Ok(())
}

/// How long the entries whose keys match still live, the shortest first; to the nearest 10 s, since
/// time goes by.
fn seconds_left(cache: &BlockingCache, pattern: &str) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut left = Vec::new();
    for key in cache.keys(pattern)? {
        if let Ttl::After(time) = cache.ttl(&key)? {
            left.push((time.as_secs() + 8) / 10 * 10);
        }
    }
    left.sort_unstable();
    Ok(left)
}
