//! Who goes when the level is full: S3-FIFO.
//!
//! New entries wait in a small queue; those read there move on to the main queue, the others
//! leave, and only their hash is remembered for a while. An entry whose hash is remembered starts
//! in the main queue. In the main queue, what was read since its last turn gets another.
//! ("FIFO queues are all you need for cache eviction", SOSP 2023.)

use std::collections::VecDeque;

use super::ghosts::Ghosts;

/// An entry's place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) hash: u64,
    pub(super) id: u64,
}

/// A ticket whose turn it is, out of its queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) ticket: Ticket,
    is_new: bool,
}

/// The queues of one shard.
#[derive(Debug, Default)]
pub(super) struct Queues {
    small: VecDeque<Ticket>,
    main: VecDeque<Ticket>,
    ghosts: Ghosts,
    next_id: u64,
    /// How many entries had to go.
    pub(super) evictions: u64,
}

impl Queues {
    /// A number for a new entry.
    pub(super) fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Queues a new entry.
    pub(super) fn push(&mut self, ticket: Ticket, capacity: usize) {
        if self.ghosts.has(ticket.hash, capacity) {
            self.main.push_back(ticket);
        } else {
            self.small.push_back(ticket);
        }
    }

    /// Whose turn it is to go, unless the caller lets it stay.
    pub(super) fn candidate(&mut self, capacity: usize) -> Option<Candidate> {
        let is_new = self.small.len() > capacity / 10 || self.main.is_empty();
        let queue = if is_new {
            &mut self.small
        } else {
            &mut self.main
        };
        let ticket = queue.pop_front()?;
        Some(Candidate { ticket, is_new })
    }

    /// It was read since its last turn.
    pub(super) fn stays(&mut self, candidate: Candidate) {
        self.main.push_back(candidate.ticket);
    }

    /// It was not.
    pub(super) fn goes(&mut self, candidate: Candidate, capacity: usize) {
        self.evictions += 1;
        if candidate.is_new {
            self.ghosts.remember(candidate.ticket.hash, capacity);
        }
    }

    /// The oldest ticket of the small (0) or the main (1) queue.
    pub(super) fn oldest(&self, queue: usize) -> Option<Ticket> {
        [&self.small, &self.main][queue].front().copied()
    }

    /// Takes the oldest ticket out.
    pub(super) fn drop_oldest(&mut self, queue: usize) {
        [&mut self.small, &mut self.main][queue].pop_front();
    }

    /// Whether the tickets of the dead outnumber those of the `live`.
    pub(super) fn is_stale(&self, live: usize) -> bool {
        self.small.len() + self.main.len() > 2 * live + 64
    }

    /// Keeps the tickets of the living.
    pub(super) fn retain(&mut self, is_live: impl Fn(Ticket) -> bool) {
        self.small.retain(|ticket| is_live(*ticket));
        self.main.retain(|ticket| is_live(*ticket));
    }
}
