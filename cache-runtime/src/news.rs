//! News between the processes that share a store: what has changed is published in the background, and what
//! others publish is received.
//!
//! ```text
//! news/message.rs   what is said
//! news/telling.rs   what waits to be told
//! news/running.rs   the task that tells and listens
//! ```
//!
//! The news is trusted for [`LEASE`] after each sign of life. So whatever happens (a connection is cut, a
//! process sleeps, a server hangs), what was missed is served no longer than that, as long as the store
//! can be asked instead; if it cannot, copies are served until their `local_timeout`.

mod message;
mod running;
mod telling;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cache::Core;
use crate::clock::{Clock, millis};
use crate::near::hash_of;
use crate::store::Store;
use crate::store::backplane::{Heard, SIGN_OF_LIFE};
use crate::tools::random::random_bits;
pub(crate) use message::Event;
use telling::Telling;

/// How long the news is trusted after a sign of life.
const LEASE: Duration = SIGN_OF_LIFE.saturating_mul(4);

/// The news of one cache.
pub(crate) struct News {
    /// The id of this process's cache, to recognize its own news.
    id: u64,
    channel: String,
    telling: Telling,
    is_started: AtomicBool,
    /// How often listening has started anew; what was read from the store before that is not certain.
    lost: AtomicU64,
    /// Until when what has been received is complete, on the system's clock.
    heard_until: AtomicU64,
}

impl News {
    /// Returns the news of a cache with this key prefix: caches with another one have other keys.
    pub(crate) fn new(key_prefix: &str) -> Arc<Self> {
        Arc::new(Self {
            id: random_bits(),
            channel: format!("cache-news:{key_prefix}"),
            telling: Telling::default(),
            is_started: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            heard_until: AtomicU64::new(0),
        })
    }

    /// Starts publishing and listening, unless that has started.
    pub(crate) fn start(
        self: &Arc<Self>,
        core: &Arc<Core>,
        store: impl FnOnce() -> Arc<dyn Store>,
    ) {
        if !self.is_started.load(Ordering::Relaxed)
            && !self.is_started.swap(true, Ordering::Relaxed)
        {
            running::start(self, core, store());
        }
    }

    /// Publishes an event, in the background.
    pub(crate) fn tell(&self, event: Event) {
        self.telling.add(event);
    }

    /// Waits until everything has been published, for at most `limit`.
    pub(crate) async fn told(&self, limit: Duration) {
        if self.is_started.load(Ordering::Relaxed) {
            // A server's time is the system's.
            let _ = Clock::system().within(limit, self.telling.told()).await;
        }
    }

    /// Ends it: the cache is being dropped.
    pub(crate) fn close(&self) {
        self.telling.close();
    }

    /// Returns how many times the news has been lost.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Acquire)
    }

    /// Returns whether all news has been received.
    pub(crate) fn is_heard(&self) -> bool {
        Clock::system().now() < self.heard_until.load(Ordering::Acquire)
    }

    /// Notes that everything published before `then` has been received.
    fn trust(&self, core: &Core, then: Instant) {
        let ago = millis(then.elapsed());
        let until = (Clock::system().now() + millis(LEASE)).saturating_sub(ago);
        self.heard_until.store(until, Ordering::Release);
        if let Some(near) = core.near() {
            near.guard().trust_until(until);
        }
    }

    /// Notes that nothing is received any more.
    fn distrust(&self, core: &Core) {
        self.heard_until.store(0, Ordering::Release);
        if let Some(near) = core.near() {
            near.guard().distrust();
        }
    }

    fn hear(&self, core: &Core, heard: Heard<'_>) {
        match heard {
            Heard::Listening => {
                self.doubt_all(core);
                self.trust(core, Instant::now());
            }
            Heard::Alive { asked } => self.trust(core, asked),
            Heard::Message(text) => {
                for (who, event) in message::read(text) {
                    if who != self.id {
                        self.note(core, event);
                    }
                }
            }
        }
    }

    fn note(&self, core: &Core, event: Event) {
        match event {
            Event::Renewed(key) => {
                if let Some(near) = core.near() {
                    near.changed(hash_of(&key));
                }
            }
            Event::Changed(key) => {
                let stored_hash = hash_of(&key);
                if let Some(near) = core.near() {
                    near.changed(stored_hash);
                }
                // A computation that began before must not reach later callers.
                core.flights.overtake_stored(stored_hash);
            }
            Event::Marked(key, stamp) => {
                // A marker that has not been used here will be read from the store.
                if let Some(mark) = core.markers.met(&key) {
                    core.marked(&mark, stamp);
                }
            }
            Event::Everything => self.doubt_all(core),
        }
    }

    /// Assumes that anything may have changed.
    fn doubt_all(&self, core: &Core) {
        let has_listened = self.lost.fetch_add(1, Ordering::AcqRel) > 0;
        if let Some(near) = core.near() {
            near.forget_all();
        }
        // A running computation must not reach later callers. Before the first news there were no such
        // guarantees, and a program that starts runs each of its functions only once.
        if has_listened {
            core.flights.end_where(|_| true);
        }
    }
}
