//! One execution across all processes that share a store: `lock`.
//!
//! The lock is an entry beside the value, `….:lock`, that only one process can add. It holds a token of its
//! owner, which alone deletes it, and it expires by itself if its owner dies. It saves work and guarantees
//! nothing: a caller that cannot get it (the store fails, the owner takes too long) runs the function without it.

use std::time::Duration;

use crate::background;
use crate::cache::{Cache, is_functions};
use crate::clock::Clock;
use crate::error::CacheError;
use crate::guarded::Guarded;
use crate::mode::Mode;
use crate::recovery::doubts::is_doubtful;
use crate::target::{Found, Target};
use crate::tools::random::random_bits;
use crate::value::How;

/// The suffix of the keys of locks.
const SUFFIX: &str = ":lock";

/// Returns whether this is the key of a function's lock.
pub(crate) fn is_name(key: &str) -> bool {
    key.strip_suffix(SUFFIX).is_some_and(is_functions)
}

/// How long to wait before the first look at another's lock, and at most between two looks.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A lock that is held, to be [released](Held::release); if it is dropped, it is released in the background.
// Boxed: there is room for it in every miss.
pub(crate) struct Held(Option<Box<Owned>>);

struct Owned {
    cache: Cache,
    key: String,
    token: String,
    mode: Mode,
}

/// The result of asking for a lock.
pub(crate) enum Locked<V> {
    /// The lock is held; and what was there when it was acquired.
    Held(Held, Option<Found<V>>),
    /// Another process has it; and what can be served instead of waiting.
    Elsewhere(Option<Found<V>>),
    /// Another process had it for as long as the caller waits.
    TimedOut,
    /// There is none, since the store cannot be asked. Everything goes on as without it.
    Without(Option<Found<V>>),
}

/// Returns whether the function asks for a lock, and there is a store for it.
pub(crate) fn is_wanted(target: &Target) -> bool {
    life(target).is_some() && target.stored_key().is_some() && target.cache.core().store().is_some()
}

fn life(target: &Target) -> Option<Duration> {
    target.binding.site.and_then(|site| site.lock)
}

/// Asks for the lock, waiting at most `limit` for another process's value. A caller that has `found` an old
/// value does not wait.
pub(crate) async fn acquire<V>(
    mode: Mode,
    target: &Target,
    how: &How<V>,
    found: Option<Found<V>>,
    limit: Duration,
) -> Locked<V> {
    let (Some(store), Some(stored_key)) = (target.cache.core().store(), target.stored_key()) else {
        return Locked::Without(found);
    };
    let life = life(target);
    let mut own = Some(Box::new(Owned {
        cache: target.cache.clone(),
        key: format!("{stored_key}{SUFFIX}"),
        token: format!("{:016x}{:016x}", random_bits(), random_bits()),
        mode,
    }));
    // Time in a store is the system's, whatever clock the cache uses.
    let clock = Clock::system();
    let waiting = clock.stopwatch();
    let mut pause = FIRST_PAUSE;
    while let Some(owned) = own.take() {
        // From here on: a caller that goes away while it asks may have got it.
        let mut held = Held(Some(owned));
        match held.ask(store, life).await {
            Ok(true) => {
                // The previous owner may have left a value.
                let again = target.look(mode, how).await.unwrap_or(found);
                return Locked::Held(held, again);
            }
            Ok(false) => own = held.0.take(),
            Err(error) => {
                if !is_doubtful(&error) {
                    held.0 = None;
                }
                target.failed(error, stored_key);
                return Locked::Without(found);
            }
        }
        let elapsed = waiting.elapsed();
        if found.is_some() {
            return Locked::Elsewhere(found);
        }
        if elapsed >= limit {
            return Locked::TimedOut;
        }
        mode.wait(clock.alarm(pause.min(limit - elapsed))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        match target.look(mode, how).await {
            Ok(None) => {}
            Ok(again) => return Locked::Elsewhere(again),
            Err(_) => return Locked::Without(None),
        }
    }
    Locked::Without(found)
}

impl Held {
    /// Asks for it; returns true if no other process has it.
    async fn ask(&self, store: &Guarded, life: Option<Duration>) -> Result<bool, CacheError> {
        let Some(Owned {
            key, token, mode, ..
        }) = self.0.as_deref()
        else {
            return Ok(false);
        };
        store
            .ask(*mode, "lock", |store| {
                store.add(key, token.as_bytes(), life)
            })
            .await
    }

    /// Lets the next process have it. If the store fails, it expires.
    pub(crate) async fn release(mut self, mode: Mode) {
        if let Some(owned) = self.0.take() {
            owned.release(mode).await;
        }
    }
}

impl Owned {
    async fn release(&self, mode: Mode) {
        if let Some(store) = self.cache.core().store() {
            let (key, token) = (&self.key, self.token.as_bytes());
            let released = store
                .ask(mode, "unlock", |store| store.delete_if(key, token))
                .await;
            if let Err(error) = released {
                tracing::debug!(%error, key, "a lock stays until it dies");
            }
        }
    }
}

// The call was cancelled, or the function panicked.
impl Drop for Held {
    fn drop(&mut self) {
        if let Some(owned) = self.0.take() {
            let mode = owned.mode;
            let _ = background::spawn(mode, async move { owned.release(mode).await });
        }
    }
}
