//! The shared store: one entry and its lock. Commands take no time there, however many come.

use std::time::Duration;

use crate::fleet::Micros;

/// What stands beside a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// In milliseconds, as in the envelope.
    pub(crate) created: u64,
    pub(crate) expires: u64,
    pub(crate) cost: Duration,
    /// From when on the store has it no more.
    pub(crate) gone: Micros,
}

#[derive(Debug, Default)]
pub(crate) struct Shop {
    entry: Option<Entry>,
    /// Whose lock it is, and when it dies.
    lock: Option<(usize, Micros)>,
}

impl Shop {
    pub(crate) fn get(&self, now: Micros) -> Option<Entry> {
        self.entry.filter(|entry| now < entry.gone)
    }

    pub(crate) fn set(&mut self, entry: Entry) {
        self.entry = Some(entry);
    }

    pub(crate) fn is_locked(&self, now: Micros) -> bool {
        self.lock.is_some_and(|(_, dies)| now < dies)
    }

    pub(crate) fn add_lock(&mut self, owner: usize, now: Micros, dies: Micros) -> bool {
        if self.is_locked(now) {
            return false;
        }
        self.lock = Some((owner, dies));
        true
    }

    pub(crate) fn release(&mut self, owner: usize) {
        self.lock = self.lock.filter(|(other, _)| *other != owner);
    }
}
