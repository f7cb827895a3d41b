//! The markers of one entry: which there are, and what the store says about them.

use std::borrow::Cow;
use std::sync::Arc;

use super::Target;
use crate::cache::{Cache, Core};
use crate::clock::{Clock, Tick};
use crate::error::CacheError;
use crate::markers::stamp::Stamp;
use crate::markers::{self, MAX_AGE, Mark, Marks};
use crate::mode::Mode;
use crate::recovery;

impl Target {
    /// Returns the markers that may end an entry with these tags, whose computation began at `started`.
    pub(crate) fn marks(&self, started: Stamp, tags: &[String]) -> Marks {
        let mut marks = Vec::new();
        if self.cache.core().store().is_some() {
            marks.extend(self.whole_marks());
        }
        marks.extend(tags.iter().map(|tag| self.cache.mark_of_tag(tag)));
        if !tags.is_empty() {
            self.cache.core().markers.note_tagged(self.binding.id);
        }
        Marks { started, marks }
    }

    /// Returns the markers of all entries of the cache, and of all those of the function.
    fn whole_marks(&self) -> Vec<Arc<Mark>> {
        let cache = &self.cache;
        self.binding.whole_marks(cache.version_number(), || {
            let mut keys = vec![markers::of_cache(cache)];
            keys.extend(
                self.binding
                    .site
                    .map(|site| markers::of_function(cache, site)),
            );
            keys.into_iter().map(|key| cache.mark(key)).collect()
        })
    }

    /// Returns whether none of these has been set since, as far as the store knows; those that are not certain
    /// are read in one round trip.
    pub(crate) async fn are_silent(&self, mode: Mode, marks: &Marks) -> Result<bool, CacheError> {
        let unsure = self.cache.unsure(&marks.marks);
        if !unsure.is_empty() {
            Box::pin(self.confirm(mode, unsure)).await?;
        }
        Ok(marks.are_silent())
    }

    /// Returns the same for stored bytes: whether no marker has ended them.
    pub(crate) async fn is_alive(&self, mode: Mode, bytes: &[u8]) -> Result<bool, CacheError> {
        let codec = self.cache.core().settings.codec();
        match codec.stamp(bytes) {
            Some(started) => {
                let marks = self.marks(started, &codec.tags(bytes));
                self.are_silent(mode, &marks).await
            }
            None => Ok(true),
        }
    }

    async fn confirm(&self, mode: Mode, marks: Vec<Arc<Mark>>) -> Result<(), CacheError> {
        let core = self.cache.core();
        let Some(store) = core.store() else {
            return Ok(());
        };
        // Before the store is asked: what is set meanwhile is news.
        let (now, lost) = (Clock::system().now(), core.lost_news());
        let keys: Vec<String> = marks.iter().map(|mark| mark.key.clone()).collect();
        let values = store
            .ask(mode, "get_many", |store| store.get_many(&keys))
            .await;
        let values = match values {
            Ok(values) => values,
            // While part of the store is down, what was known of its markers holds: nobody can set them
            // either.
            Err(_) if marks.iter().all(|mark| mark.was_asked_for(now)) => return Ok(()),
            Err(error) => return Err(self.failed(error, &keys[0])),
        };
        Asked { marks, now, lost }.answered(core, values);
        recovery::tend(&self.cache, mode);
        Ok(())
    }

    /// Returns the markers of all entries of the cache and of the function, if the store has to be asked for
    /// them: along with whatever else it is asked for.
    pub(crate) fn ask_whole(&self) -> Asked {
        Asked {
            marks: self.cache.unsure(&self.whole_marks()),
            now: Clock::system().now(),
            lost: self.cache.core().lost_news(),
        }
    }
}

/// Markers for which the store is asked, and when.
pub(crate) struct Asked {
    marks: Vec<Arc<Mark>>,
    now: Tick,
    lost: u64,
}

impl Asked {
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.marks.iter().map(|mark| mark.key.clone())
    }

    /// Handles what the store has under their keys.
    pub(crate) fn answered(self, core: &Core, values: impl IntoIterator<Item = Option<Vec<u8>>>) {
        let Self { marks, now, lost } = self;
        for (mark, value) in marks.iter().zip(values) {
            let text = value.and_then(|value| String::from_utf8(value).ok());
            let there = text.and_then(|text| Stamp::parse(&text));
            if let Some(stamp) = there {
                core.marked(mark, stamp);
            }
            if mark.was_read(there, now, lost) {
                // The store has lost it: it is given it again, with its original time.
                mark.owe(true);
                core.owed.mark();
            }
        }
    }
}

/// Asks the store for the markers of many stored entries of one cache, in one round trip.
pub(crate) async fn confirm_many<'t>(
    mode: Mode,
    found: impl Iterator<Item = (&'t Target, &'t [u8])>,
) -> Result<(), CacheError> {
    let mut unsure: Vec<Arc<Mark>> = Vec::new();
    let mut first = None;
    for (target, bytes) in found {
        let settings = &target.cache.core().settings;
        let codec = settings.codec();
        let stored_key = target.stored_key().unwrap_or_default();
        let Ok(bytes) = settings.unseal(stored_key, Cow::Borrowed(bytes)) else {
            continue;
        };
        if let Some(started) = codec.stamp(&bytes) {
            let marks = target.marks(started, &codec.tags(&bytes));
            unsure.extend(target.cache.unsure(&marks.marks));
            first.get_or_insert(target);
        }
    }
    unsure.sort_by(|one, other| one.key.cmp(&other.key));
    unsure.dedup_by(|one, other| one.key == other.key);
    match first.filter(|_| !unsure.is_empty()) {
        Some(target) => target.confirm(mode, unsure).await,
        None => Ok(()),
    }
}

impl Cache {
    /// Returns those for which the store has to be asked.
    pub(crate) fn unsure(&self, marks: &[Arc<Mark>]) -> Vec<Arc<Mark>> {
        let core = self.core();
        if core.store().is_none() {
            return Vec::new();
        }
        let is_heard = core.news().is_some_and(|news| news.is_heard());
        let (now, lost) = (Clock::system().now(), core.lost_news());
        let unsure = marks
            .iter()
            .filter(|mark| !mark.is_sure(now, lost, is_heard, MAX_AGE));
        unsure.cloned().collect()
    }
}
