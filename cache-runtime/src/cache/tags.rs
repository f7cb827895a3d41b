//! Invalidating many entries at once by what they have in common: a marker is set, nothing is searched for.

use std::sync::Arc;

use super::handle::Cache;
use crate::error::{CacheError, ErrorKind};
use crate::markers::tombstone::Unless;
use crate::markers::{self, Mark};
use crate::mode::Mode;
use crate::news::Event;
use crate::recovery;

impl Cache {
    /// Invalidates every entry with this tag.
    pub(crate) async fn op_delete_tag(&self, mode: Mode, tag: &str) -> Result<(), CacheError> {
        self.check_marks("delete_tag")?;
        let mark = self.mark_of_tag(tag);
        self.set_mark(mode, &mark).await
    }

    /// Checks that entries carry what markers are compared with.
    pub(crate) fn check_marks(&self, operation: &'static str) -> Result<(), CacheError> {
        if self.has_marks() {
            return Ok(());
        }
        let text = "the formats `json` and `django` carry no times and no tags; what has tags is kept in \
                    `native` or `compact`";
        Err(CacheError::new(ErrorKind::Unsupported, text).in_operation(operation))
    }

    pub(crate) fn has_marks(&self) -> bool {
        self.core().store().is_none() || self.core().settings.format.is_own()
    }

    /// Sets a marker: from now on, what began before it is invalid; here at once, elsewhere when the news
    /// arrives or the marker is read again.
    pub(crate) async fn set_mark(&self, mode: Mode, mark: &Arc<Mark>) -> Result<(), CacheError> {
        let core = self.core();
        let mut stamp = core.stamp();
        if let Some(known) = mark.stamp() {
            // Another machine's clock may be ahead of this one's; this stamp must be the later one all the same.
            stamp.at = stamp.at.max(known.at + 1);
        }
        core.marked(mark, stamp);
        if core.store().is_none() {
            return Ok(());
        }
        let set = self.write_mark(mode, mark).await;
        if let Err(error) = &set
            && recovery::leaves_it(error)
        {
            mark.owe(true);
            core.owed.mark();
        }
        set
    }

    /// Writes a marker to the store, unless a later one is there, and tells the other processes.
    pub(crate) async fn write_mark(&self, mode: Mode, mark: &Arc<Mark>) -> Result<(), CacheError> {
        let (Some(store), Some(stamp)) = (self.core().store(), mark.stamp()) else {
            return Ok(());
        };
        // There are few markers of functions and caches, so that they need not expire.
        let life = mark.is_tag().then_some(markers::LIFE);
        let text = stamp.to_text();
        let unless = Unless::exactly(&mark.key, stamp);
        store
            .ask(mode, "mark", |store| {
                store.set_unless(&mark.key, text.as_bytes(), life, unless)
            })
            .await
            .map_err(|error| error.on_key(&mark.key))?;
        mark.owe(false);
        self.tell(|| Event::Marked(mark.key.clone(), stamp));
        Ok(())
    }

    /// Returns the marker under this whole key.
    pub(crate) fn mark(&self, key: String) -> Arc<Mark> {
        let core = self.core();
        core.markers.mark(key, None, core.settings.clock.now())
    }

    pub(crate) fn mark_of_tag(&self, tag: &str) -> Arc<Mark> {
        let core = self.core();
        let key = markers::of_tag(self, tag);
        core.markers.mark(key, Some(tag), core.settings.clock.now())
    }

    /// Returns the marker of every entry of this prefix and version.
    pub(crate) fn mark_of_all(&self) -> Arc<Mark> {
        self.mark(markers::of_cache(self))
    }
}
