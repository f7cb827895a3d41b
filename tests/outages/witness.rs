//! An entry that nobody changes: it is gone once its store has lost what it held.

use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::Cache;

/// For a store that other callers keep busy.
const LIMIT: Duration = Duration::from_secs(20);
const KEY: &str = "witness";
/// Longer than any fault.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Puts it there; whether the store has taken it.
pub(crate) fn place(cache: &Cache) -> bool {
    let cache = cache.blocking();
    first_answer(|| cache.set(KEY, &1_u8, TIMEOUT).ok()).is_some()
}

/// Whether the store answers that it has no such entry any more.
pub(crate) fn is_gone(cache: &Cache) -> bool {
    let cache = cache.blocking();
    let found = first_answer(|| cache.get::<u8>(KEY).ok());
    found.is_some_and(|value| value.is_none())
}

/// Asks until there is an answer.
fn first_answer<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || start.elapsed() > LIMIT {
            return answer;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
