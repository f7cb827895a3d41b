//! A cached function whose every answer can be checked, and what was found.
//!
//! An answer says its key and its generation. The generation of a key goes up before it is
//! invalidated; once the cache has acknowledged that, no call that begins later may see an older one.
//!
//! An older one where the store has failed is counted for itself: most likely it is a write that was
//! given up, because the store did not answer in time, and that the store has done after all.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{Cache, CacheError, Stats, cache_result};
use serde::{Deserialize, Serialize};

use crate::witness;

/// What the function itself takes.
pub(crate) const FUNCTION: Duration = Duration::from_millis(5);
pub(crate) const KEYS: u64 = 256;

/// The answer for one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    key: u64,
    generation: u64,
    /// Of four lengths, and different for every key and generation, so that it tells pieces of
    /// other answers.
    text: String,
}

impl Answer {
    fn new(key: u64, generation: u64) -> Self {
        let length = [16, 200, 1000, 4000][(key % 4) as usize];
        let seed = format!("{key}/{generation};");
        Self {
            key,
            generation,
            text: seed.repeat(length / seed.len() + 1),
        }
    }
}

/// One cache, its function's truth, and what its callers saw.
pub(crate) struct Ledger {
    cache: Cache,
    /// The generation of each key that the function answers now.
    truth: Vec<AtomicU64>,
    /// The generation of each key that the cache has acknowledged.
    acknowledged: Vec<AtomicU64>,
    pub(crate) found: Found,
}

/// Counts of what was seen.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) calls: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) wrong: AtomicU64,
    /// Invalidations that the cache acknowledged, and those that it could not do.
    pub(crate) acknowledged: AtomicU64,
    pub(crate) refused: AtomicU64,
    /// Entries of a write that was given up, by key and generation.
    late: Mutex<HashSet<(u64, u64)>>,
    slowest_micros: AtomicU64,
}

/// A call under way.
pub(crate) struct Call {
    key: u64,
    floor: u64,
    start: Instant,
}

/// A new generation, to be told to the cache.
pub(crate) struct News {
    key: u64,
    pub(crate) answer: Answer,
}

impl Ledger {
    pub(crate) fn at(url: &str) -> Result<Arc<Self>, CacheError> {
        let zeros = || (0..KEYS).map(|_| AtomicU64::new(0)).collect();
        Ok(Arc::new(Self {
            cache: Cache::from_url(url)?,
            truth: zeros(),
            acknowledged: zeros(),
            found: Found::default(),
        }))
    }

    pub(crate) fn stats(&self) -> Stats {
        self.cache.stats()
    }

    /// Before what may befall the store; whether it took the entry.
    pub(crate) fn place_witness(&self) -> bool {
        witness::place(&self.cache)
    }

    pub(crate) fn has_lost_witness(&self) -> bool {
        witness::is_gone(&self.cache)
    }

    pub(crate) fn slowest(&self) -> Duration {
        Duration::from_micros(self.found.slowest_micros.load(Ordering::SeqCst))
    }

    /// How many entries were of a write that was given up.
    pub(crate) fn late(&self) -> usize {
        let late = self.found.late.lock();
        late.unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn begin(&self, key: u64) -> Call {
        Call {
            key,
            floor: load(&self.acknowledged, key),
            start: Instant::now(),
        }
    }

    /// Looks at the answer of a call; `None`: it panicked.
    pub(crate) fn end(&self, call: &Call, answer: Option<&Answer>) {
        let found = &self.found;
        let micros = call
            .start
            .elapsed()
            .as_micros()
            .try_into()
            .unwrap_or(u64::MAX);
        found.slowest_micros.fetch_max(micros, Ordering::SeqCst);
        found.calls.fetch_add(1, Ordering::SeqCst);
        let Some(answer) = answer else {
            found.panics.fetch_add(1, Ordering::SeqCst);
            return;
        };
        let possible = call.floor..=load(&self.truth, call.key);
        let is_whole = *answer == Answer::new(call.key, answer.generation);
        if is_whole && answer.generation < call.floor && self.stats().errors > 0 {
            let mut late = found.late.lock().unwrap_or_else(PoisonError::into_inner);
            late.insert((answer.key, answer.generation));
        } else if !is_whole || !possible.contains(&answer.generation) {
            found.wrong.fetch_add(1, Ordering::SeqCst);
            let (key, generation) = (answer.key, answer.generation);
            println!(
                "wrong: {key}/{generation} for {}, of which {possible:?} are possible",
                call.key
            );
        }
    }

    /// From now on the function answers something else for `key`. One caller at a time for each key.
    pub(crate) fn change(&self, key: u64) -> News {
        let generation = self.truth[at(key)].fetch_add(1, Ordering::SeqCst) + 1;
        News {
            key,
            answer: Answer::new(key, generation),
        }
    }

    /// The cache was told to forget the answers before these news.
    pub(crate) fn told<T>(&self, news: &News, outcome: &Result<T, CacheError>) {
        if outcome.is_err() {
            self.found.refused.fetch_add(1, Ordering::SeqCst);
            return;
        }
        self.acknowledged[at(news.key)].fetch_max(news.answer.generation, Ordering::SeqCst);
        self.found.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    fn answer(&self, key: u64) -> Answer {
        Answer::new(key, load(&self.truth, key))
    }
}

fn at(key: u64) -> usize {
    (key % KEYS) as usize
}

fn load(generations: &[AtomicU64], key: u64) -> u64 {
    generations[at(key)].load(Ordering::SeqCst)
}

#[cache_result(timeout = 600, key(key), key_prefix = "threads", cache = ledger.cache.clone())]
pub(crate) fn ask(ledger: &Ledger, key: u64) -> Answer {
    // What is true when it begins: it may be overtaken while it runs.
    let answer = ledger.answer(key);
    thread::sleep(FUNCTION);
    answer
}

#[cache_result(timeout = 600, key(key), key_prefix = "tasks", cache = ledger.cache.clone())]
pub(crate) async fn ask_async(ledger: Arc<Ledger>, key: u64) -> Answer {
    let answer = ledger.answer(key);
    tokio::time::sleep(FUNCTION).await;
    answer
}
