//! Many callers that do the same thing, and how long each of them waited.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cache_runtime::{Cache, CacheError, ErrorKind};
use tokio::task::JoinSet;

/// What an interrupted run leaves behind expires soon.
const LIFE: Duration = Duration::from_secs(600);

/// What is measured, in this order, so that there is something to get and to delete.
pub(super) const OPERATIONS: [Operation; 3] = [Operation::Set, Operation::Get, Operation::Delete];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Set,
    Get,
    Delete,
}

impl Operation {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Get => "get",
            Self::Delete => "delete",
        }
    }

    async fn once(self, cache: &Cache, key: &str, value: &str) -> Result<(), CacheError> {
        match self {
            Self::Set => cache.set(key, value, LIFE).await,
            Self::Get => match cache.get::<String>(key).await? {
                Some(read) if read == value => Ok(()),
                // A full store: the times would be those of misses.
                _ => Err(CacheError::new(
                    ErrorKind::Store,
                    "what was written a moment ago is not there: the store is too small for this",
                )),
            },
            Self::Delete => cache.delete(key).await.map(drop),
        }
    }
}

/// How long each operation took, the shortest first, and how long all took together.
pub(super) struct Measured {
    times: Vec<Duration>,
    all: Duration,
}

impl Measured {
    /// Returns the time within which this share of them ended.
    pub(super) fn at(&self, share: f64) -> Duration {
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        let at = rank.clamp(1, self.times.len().max(1)) - 1;
        self.times.get(at).copied().unwrap_or_default()
    }

    pub(super) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.all.as_secs_f64().max(1e-9)
    }
}

/// Runs the operation on `ops` keys, each once, by this many callers.
pub(super) async fn run(
    cache: &Cache,
    operation: Operation,
    value: &Arc<str>,
    callers: u32,
    ops: u32,
) -> Result<Measured, CacheError> {
    let next = Arc::new(AtomicU32::new(0));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers.min(ops) {
        let (cache, value, next) = (cache.clone(), Arc::clone(value), Arc::clone(&next));
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= ops {
                    return Ok(times);
                }
                let key = key(number);
                let began = Instant::now();
                operation.once(&cache, &key, &value).await?;
                times.push(began.elapsed());
            }
        });
    }
    let mut times = Vec::with_capacity(ops as usize);
    while let Some(done) = tasks.join_next().await {
        let done = done.unwrap_or_else(|error| {
            let text = format!("a caller ended: {error}");
            Err(CacheError::new(ErrorKind::Store, text))
        });
        times.extend(done?);
    }
    let all = began.elapsed();
    times.sort_unstable();
    Ok(Measured { times, all })
}

/// Returns the key of this number.
pub(super) fn key(number: u32) -> String {
    format!("entry-{number}")
}

/// Returns a text of this length that does not compress to nothing.
pub(super) fn value(bytes: usize) -> Arc<str> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letter = |_| {
        // Xorshift: the same text in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state % 26) as u8)
    };
    (0..bytes).map(letter).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Measured, value};

    #[test]
    fn percentiles() {
        let measured = Measured {
            times: (1..=100).map(Duration::from_millis).collect(),
            all: Duration::from_secs(2),
        };
        let millis = |share| measured.at(share).as_millis();
        assert_eq!([millis(0.5), millis(0.99), millis(1.0)], [50, 99, 100]);
        assert_eq!(measured.per_second(), 50.0);
        assert_eq!(value(1000).len(), 1000);
    }
}
