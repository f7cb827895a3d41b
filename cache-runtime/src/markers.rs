//! Tags and clears: a marker with a time, before which everything of that name is invalid.
//!
//! Nothing is searched for and nothing is deleted: a reader of an entry checks whether one of its markers has
//! been set since the entry's computation began. A marker is read from the store once and then kept, as long
//! as the news from other processes is received; without news it is read again every second.

mod mark;
mod names;
pub(crate) mod stamp;
pub(crate) mod tombstone;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Tick;
use crate::sync::lock;
use stamp::Stamp;

pub(crate) use mark::Mark;
pub(crate) use names::{ends_all_of, is_name, of_cache, of_function, of_tag};

/// How long a marker stays in the store. An entry with tags lives no longer.
pub(crate) const LIFE: Duration = Duration::from_secs(30 * 86_400);

/// How old the knowledge of a marker may be if no news is received.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(1);

/// From this many markers on, those that are not in use are dropped.
const MANY: usize = 10_000;
/// How long a marker is remembered in process: no computation takes longer.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// The markers that a cache has used, by their whole keys.
#[derive(Default)]
pub(crate) struct Markers {
    known: Mutex<Known>,
    /// The bindings whose entries have tags.
    tagged: Mutex<HashSet<u32>>,
}

#[derive(Default)]
struct Known {
    marks: HashMap<String, Arc<Mark>>,
    /// At this number, unused ones are searched for.
    next_look: usize,
}

impl Markers {
    /// Returns the marker under this key; with its tag, if it belongs to one.
    pub(crate) fn mark(&self, key: String, tag: Option<&str>, now: Tick) -> Arc<Mark> {
        let mut known = lock(&self.known);
        if let Some(mark) = known.marks.get(&key) {
            return mark.clone();
        }
        if known.marks.len() >= known.next_look.max(MANY) {
            known
                .marks
                .retain(|_, mark| Arc::strong_count(mark) > 1 || !mark.may_go(now, REMEMBERED));
            known.next_look = known.marks.len() * 2;
        }
        let mark = Arc::new(Mark::new(key.clone(), tag, now));
        known.marks.insert(key, mark.clone());
        mark
    }

    /// Returns the marker under this key, if it has been used.
    pub(crate) fn met(&self, key: &str) -> Option<Arc<Mark>> {
        lock(&self.known).marks.get(key).cloned()
    }

    /// Returns those that could not be written, to be written now.
    pub(crate) fn owed(&self) -> Vec<Arc<Mark>> {
        let known = lock(&self.known);
        let owed = known.marks.values().filter(|mark| mark.is_owed());
        owed.cloned().collect()
    }

    /// Notes that the entries of this binding may have tags.
    pub(crate) fn note_tagged(&self, binding: u32) {
        lock(&self.tagged).insert(binding);
    }

    pub(crate) fn has_tags(&self, binding: u32) -> bool {
        lock(&self.tagged).contains(&binding)
    }
}

/// The markers that may end an entry, and when its computation began.
#[derive(Debug, Clone)]
pub(crate) struct Marks {
    pub(crate) started: Stamp,
    pub(crate) marks: Vec<Arc<Mark>>,
}

impl Marks {
    /// Returns no markers, for something made at that time on an unknown machine, in milliseconds since 1970;
    /// 0 if the time is not known.
    pub(crate) fn none(created: u64) -> Self {
        Self {
            started: Stamp {
                at: created.saturating_mul(1000),
                machine: 0,
            },
            marks: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Returns the names of those that are tags.
    pub(crate) fn tags(&self) -> Vec<String> {
        let tags = self.marks.iter().filter_map(|mark| mark.tag());
        tags.map(str::to_owned).collect()
    }

    /// Returns whether none of them has been set since, as far as is known.
    pub(crate) fn are_silent(&self) -> bool {
        !self.marks.iter().any(|mark| mark.ends(self.started))
    }
}
