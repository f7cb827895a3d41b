//! The in-process level in front of a store that other processes change too.
//!
//! ```text
//! near/slots.rs   who reads and who writes a key just now: what came too late is not put in
//! near/index.rs   which entry is known to others by which key
//! ```
//!
//! It holds copies. They are dropped when the news arrives that their key has changed, and live no longer
//! than `local_timeout` nor than the entry in the store. Without news the level is not trusted: then
//! the store is asked, and a copy is served as it is only if that fails.

mod index;
mod slots;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock::{Clock, NEVER, Tick, millis};
use crate::life::Life;
use crate::local::{Bounds, Change, Draft, FullKey, Guard, Level};
use index::Index;
pub(crate) use index::hash_of;
use slots::Slots;
pub(crate) use slots::{Ticket, Writing};

/// How long a copy lives by default: with news, and without.
const WITH_NEWS: Duration = Duration::from_secs(30);
const WITHOUT_NEWS: Duration = Duration::from_secs(1);

pub(crate) struct Near {
    level: Level,
    /// How long a copy lives, in milliseconds.
    timeout: AtomicU64,
    /// Whether that was configured.
    is_told: bool,
    index: Index,
    slots: Slots,
}

impl Near {
    pub(crate) fn new(
        bounds: Bounds,
        timeout: Option<Duration>,
        has_news: bool,
        clock: Clock,
    ) -> Self {
        let usual = if has_news { WITH_NEWS } else { WITHOUT_NEWS };
        let level = Level::new(bounds, clock, true);
        if !has_news {
            level.guard().trust_until(NEVER);
        }
        Self {
            level,
            timeout: AtomicU64::new(millis(timeout.unwrap_or(usual))),
            is_told: timeout.is_some(),
            index: Index::new(bounds.max_entries),
            slots: Slots::default(),
        }
    }

    pub(crate) fn level(&self) -> &Level {
        &self.level
    }

    pub(crate) fn guard(&self) -> &Guard {
        self.level.guard()
    }

    /// Prepares for reading this key from the store, to put a copy here.
    pub(crate) fn reading(&self, stored_hash: u64) -> Ticket {
        self.slots.reading(stored_hash)
    }

    /// Prepares for changing this key in the store: there is no copy until that is done.
    pub(crate) fn writing(&self, stored_hash: u64) -> Writing<'_> {
        let writing = self.slots.writing(stored_hash);
        self.drop_copy(stored_hash);
        writing
    }

    /// Notes that another process has changed this key.
    pub(crate) fn changed(&self, stored_hash: u64) {
        self.slots.changed(stored_hash);
        self.drop_copy(stored_hash);
    }

    /// Drops everything: what was missed may have been about any key.
    pub(crate) fn forget_all(&self) {
        self.slots.all_changed();
        // In this order: a copy that is put in meanwhile is taken away with the others, or by itself.
        self.index.clear();
        self.level.remove_where(|_| true);
    }

    /// Puts a copy here, unless the key has changed since the ticket was given.
    pub(crate) fn put(&self, ticket: Ticket, key: &FullKey, draft: Draft) {
        self.index
            .note(key.stored_hash, key.hash, |hash| self.level.has_hash(hash));
        // What is not put in is dropped after the lock is released: its destructor may use the cache.
        let mut draft = Some(draft);
        self.level.change(key, |_| {
            // Under the lock of the shard: a writer of the key removes the copy after it has announced that.
            match draft.take_if(|_| self.slots.is_valid(ticket)) {
                Some(draft) => Change::Put(draft, ()),
                None => Change::Leave(()),
            }
        });
        // The index may have been trimmed by another while the copy was not there yet, or the copy removed.
        if !self.index.has(key.stored_hash) {
            self.level.remove_hash(key.hash);
        }
    }

    /// Returns the life of a copy that is made now of an entry with this life: the copy is dropped earlier, but
    /// its timeout is the entry's.
    pub(crate) fn life(&self, of: Life, now: Tick) -> Life {
        let end = now.saturating_add(self.timeout.load(Relaxed));
        Life {
            calm: of.calm.min(end),
            expires: of.expires,
            dead: of.dead.min(end),
        }
    }

    /// Notes that the store carries no news after all.
    pub(crate) fn without_news(&self) {
        if !self.is_told {
            self.timeout.store(millis(WITHOUT_NEWS), Relaxed);
        }
        self.guard().trust_until(NEVER);
    }

    fn drop_copy(&self, stored_hash: u64) {
        if let Some(hash) = self.index.take(stored_hash) {
            self.level.remove_hash(hash);
        }
    }
}

impl std::fmt::Debug for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Near")
            .field("level", &self.level)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
