//! Which keys are being read and written right now.
//!
//! A copy is made of what was read a moment before. If the key was changed in between, by this process
//! or another, the copy is old, and nothing would remove it again: so it is not put in. Keys share a
//! thousand slots; a key that shares one with a busy key is copied less often.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

const SLOTS: usize = 1024;
/// The low bits count the current writers; the others how often the key has changed.
const WRITERS: u64 = 0xFFFF;
const CHANGE: u64 = WRITERS + 1;

pub(super) struct Slots(Box<[AtomicU64]>);

/// The state of a slot before the store was asked; `None`: someone was writing, and what is read may be
/// the old or the new value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket(Option<(usize, u64)>);

/// A running change, for as long as it lives.
#[must_use]
pub(crate) struct Writing<'a> {
    slot: &'a AtomicU64,
    ticket: Ticket,
}

impl Default for Slots {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Slots {
    fn at(stored_hash: u64) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "a remainder")]
        let at = (stored_hash % SLOTS as u64) as usize;
        at
    }

    pub(super) fn reading(&self, stored_hash: u64) -> Ticket {
        let at = Self::at(stored_hash);
        let word = self.0[at].load(SeqCst);
        Ticket((word & WRITERS == 0).then_some((at, word)))
    }

    pub(super) fn writing(&self, stored_hash: u64) -> Writing<'_> {
        let at = Self::at(stored_hash);
        let before = self.0[at].fetch_add(CHANGE + 1, SeqCst);
        // If two write at once, it is unknown whose value is in the store.
        let is_alone = before & WRITERS == 0;
        let word = before.wrapping_add(CHANGE + 1);
        Writing {
            slot: &self.0[at],
            ticket: Ticket(is_alone.then_some((at, word))),
        }
    }

    pub(super) fn changed(&self, stored_hash: u64) {
        self.0[Self::at(stored_hash)].fetch_add(CHANGE, SeqCst);
    }

    pub(super) fn all_changed(&self) {
        for slot in &self.0 {
            slot.fetch_add(CHANGE, SeqCst);
        }
    }

    /// Returns whether nothing has changed since.
    pub(super) fn is_valid(&self, ticket: Ticket) -> bool {
        ticket
            .0
            .is_some_and(|(at, word)| self.0[at].load(SeqCst) == word)
    }
}

impl Writing<'_> {
    /// Returns the ticket with which the writer may put in a copy of what it wrote, while this lives.
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.slot.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn a_reader_whose_key_is_changed_makes_no_copy() {
        let slots = Slots::default();
        let ticket = slots.reading(7);
        assert!(slots.is_valid(ticket));
        slots.changed(8);
        assert!(slots.is_valid(ticket), "another key");
        slots.changed(7);
        assert!(!slots.is_valid(ticket));
        let ticket = slots.reading(7);
        slots.all_changed();
        assert!(!slots.is_valid(ticket));
    }

    #[test]
    fn a_reader_beside_a_writer_makes_no_copy() {
        let slots = Slots::default();
        let before = slots.reading(7);
        let writing = slots.writing(7);
        let beside = slots.reading(7);
        assert!(slots.is_valid(writing.ticket()));
        assert!(!slots.is_valid(before) && !slots.is_valid(beside));
        drop(writing);
        assert!(!slots.is_valid(before) && !slots.is_valid(beside));
        assert!(slots.is_valid(slots.reading(7)));
    }

    #[test]
    fn of_two_writers_at_once_none_makes_a_copy() {
        let slots = Slots::default();
        let first = slots.writing(7);
        let second = slots.writing(7);
        assert!(!slots.is_valid(first.ticket()) && !slots.is_valid(second.ticket()));
        drop(second);
        assert!(!slots.is_valid(first.ticket()));
        let news = slots.writing(3);
        slots.changed(3);
        assert!(!slots.is_valid(news.ticket()), "another process, too");
    }
}
