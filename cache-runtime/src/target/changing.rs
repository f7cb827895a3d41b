//! A change of one entry that others have to know of: executions in this process, copies of it
//! in process, and other processes.

use super::Target;
use crate::cache::Cache;
use crate::flight::Overtaking;
use crate::guarded::Guarded;
use crate::markers::stamp::Stamp;
use crate::markers::tombstone::{self, Unless};
use crate::mode::Mode;
use crate::near::{Ticket, Writing};
use crate::news::Event;
use crate::store::Store;

/// A change of what is in the store, for as long as it lives: no reader makes a copy of what it reads
/// meanwhile. Afterwards the others are told, whatever the result: a change that failed may still have
/// changed something.
#[must_use]
pub(crate) struct Changing<'t> {
    target: &'t Target,
    news: Option<StoreChange>,
    writing: Option<Writing<'t>>,
}

/// What a change means to processes that may have copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreChange {
    /// What was there must not be served any more.
    Invalidated,
    /// A newer value replaced it, because its time had come.
    Renewed,
}

/// What came of a tombstone that says when a computation began.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Buried {
    /// It stands there, with this time.
    At(Stamp),
    /// Another machine has changed the entry at about the time: which of the two is newer, nobody knows.
    Unsure,
    /// The entry was invalidated since, or made anew by what began later.
    Not,
}

/// A running invalidation: what is being computed or written now does not outlast it.
#[must_use]
pub(crate) struct Invalidation<'t> {
    target: &'t Target,
    began: Option<u64>,
    // In this order: the news is sent while later callers still start anew.
    _changing: Option<Changing<'t>>,
    overtaking: Overtaking<'t>,
}

impl Invalidation<'_> {
    /// What was written before may not arrive any more.
    pub(crate) fn condemn(&self) {
        if let Some(began) = self.began {
            self.target.doubt(&self.overtaking, began);
        }
    }
}

impl Target {
    /// Begins a change of the store; `news`: what it means to other processes, which may have copies of what was
    /// there.
    pub(crate) fn changing(&self, news: Option<StoreChange>) -> Option<Changing<'_>> {
        let core = self.cache.core();
        core.store()?;
        self.stored_key()?;
        Some(Changing {
            target: self,
            news,
            writing: core.near().map(|near| near.writing(self.key.stored_hash)),
        })
    }

    /// Begins an invalidation of this entry.
    pub(crate) async fn overtake(&self, mode: Mode) -> Invalidation<'_> {
        let invalidation = self.hold_off(mode).await;
        invalidation.condemn();
        invalidation
    }

    /// The same for a change that may leave what is there: what was written before is condemned when it is
    /// known that it does not.
    pub(crate) async fn hold_off(&self, mode: Mode) -> Invalidation<'_> {
        let core = self.cache.core();
        let began = core.store().map(|_| core.settings.clock.wall());
        core.retries.forget(&self.key);
        let changing = self.changing(Some(StoreChange::Invalidated));
        let overtaking = core.flights.overtake(mode, &self.key).await;
        Invalidation {
            target: self,
            began,
            _changing: changing,
            overtaking,
        }
    }

    /// Keeps writes with an unknown outcome from bringing back what was created before `began`, in
    /// milliseconds since 1970. Called after waiting for the running writes, whose outcome may not have been known.
    pub(crate) fn doubt(&self, overtaking: &Overtaking<'_>, began: u64) {
        let core = self.cache.core();
        if let Some(stored_key) = self.stored_key() {
            if !overtaking.have_landed {
                core.doubts.remember(stored_key, &core.settings.clock);
            }
            core.doubts.invalidated(stored_key, began);
        }
    }

    /// Forbids the results of computations that began before, in any process, to be written to the store
    /// after this. If the store cannot be reached, the invalidation itself will fail.
    pub(crate) async fn bury(&self, mode: Mode) {
        let stamp = self.cache.core().stamp();
        // Of two at once the later one stays.
        self.set_tombstone(mode, stamp, |key| Unless::exactly(key, stamp))
            .await;
    }

    /// The same for a computation that began at `started` and takes the place of what is there: it ends
    /// those that began before it.
    pub(crate) async fn bury_before(&self, mode: Mode, started: Stamp) -> Buried {
        // In several steps an older time could take the place of a newer one.
        let is_atomic = self
            .cache
            .core()
            .store()
            .is_some_and(Guarded::is_set_unless_atomic);
        let stamp = if is_atomic {
            started
        } else {
            self.cache.core().stamp()
        };
        let set = self.set_tombstone(mode, stamp, |key| Unless::own_time(key, started));
        if set.await {
            Buried::At(stamp)
        } else if is_atomic && self.is_newer_elsewhere(mode, started).await {
            Buried::Not
        } else {
            Buried::Unsure
        }
    }

    /// Whether the tombstone that stands there is surely later, whatever another machine's clock says.
    async fn is_newer_elsewhere(&self, mode: Mode, started: Stamp) -> bool {
        let core = self.cache.core();
        let (Some(store), Some(stored_key)) = (core.store(), self.stored_key()) else {
            return false;
        };
        let Some(key) = tombstone::key_of(stored_key, store.hash_tags()) else {
            return false;
        };
        let there = store.ask(mode, "bury", |store| store.get(&key)).await;
        there.is_ok_and(|there| Unless::surely(&key, started).forbids(there.as_deref()))
    }

    /// False if there is one that forbids it.
    async fn set_tombstone(
        &self,
        mode: Mode,
        stamp: Stamp,
        unless: impl FnOnce(&str) -> Unless<'_>,
    ) -> bool {
        let core = self.cache.core();
        let (Some(store), Some(stored_key)) = (core.store(), self.stored_key()) else {
            return true;
        };
        let Some(key) = tombstone::key_of(stored_key, store.hash_tags()) else {
            return true;
        };
        let text = stamp.to_text();
        let unless = unless(&key);
        let buried = store
            .ask(mode, "bury", |store: &dyn Store| {
                store.set_unless(&key, text.as_bytes(), Some(tombstone::LIFE), unless)
            })
            .await;
        buried.unwrap_or_else(|error| {
            tracing::debug!(%error, key, "a tombstone could not be set");
            true
        })
    }

    /// Returns whether functions compute it: what users set under a key of their own is nobody's result.
    pub(crate) fn is_computed(&self) -> bool {
        self.binding.site.is_some()
            || self
                .key
                .tree
                .as_text()
                .is_some_and(crate::cache::is_functions)
    }
}

impl Changing<'_> {
    /// Returns the ticket with which a copy of what was written may be put in, while this lives.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.writing.as_ref().map(Writing::ticket)
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        if let (Some(news), Some(stored_key)) = (self.news, self.target.stored_key()) {
            // Before the news is sent, so that this process is not the last to know.
            self.writing = None;
            self.target.cache.tell(|| match news {
                StoreChange::Invalidated => Event::Changed(stored_key.to_owned()),
                StoreChange::Renewed => Event::Renewed(stored_key.to_owned()),
            });
        }
    }
}

impl Cache {
    /// Tells the other processes, in the background.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(news) = self.core().news() {
            self.listen();
            news.tell(event());
        }
    }
}
