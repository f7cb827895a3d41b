//! Which entry is evicted when the level is full: S3-FIFO, which learns how far to trust its two guesses.
//!
//! New entries wait in a small queue; those read there move on to the main queue, the others
//! leave, and only their hash is remembered for a while. An entry whose hash is remembered starts
//! in the main queue. In the main queue, an entry that was read since its last turn gets another.
//! ("FIFO queues are all you need for cache eviction", SOSP 2023.)
//!
//! In the paper, the length of the small queue and how long a hash counts are fixed shares. Here they follow
//! the traffic, because steady traffic wants both short and shifting traffic wants both long; see
//! [`Tuning`](super::tuning::Tuning).

use std::collections::VecDeque;

use super::ghosts::Ghosts;
use super::tuning::Tuning;

/// Set in the `id` of a ticket in the main queue until its first turn there, if a remembered hash
/// brought it in.
const ON_TRIAL: u64 = 1 << 63;

/// An entry's place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) hash: u64,
    id: u64,
}

impl Ticket {
    pub(super) fn new(hash: u64, id: u64) -> Self {
        Self { hash, id }
    }

    /// Returns whether this is the ticket of the entry with this number.
    pub(super) fn is_of(self, id: u64) -> bool {
        self.id & !ON_TRIAL == id
    }

    fn is_on_trial(self) -> bool {
        self.id & ON_TRIAL != 0
    }
}

/// A ticket whose turn it is, taken out of its queue.
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
    tuning: Tuning,
    next_id: u64,
    /// How many entries were evicted.
    pub(super) evictions: u64,
}

impl Queues {
    /// Returns a number for a new entry.
    pub(super) fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Queues a new entry, one of `live`.
    pub(super) fn push(&mut self, mut ticket: Ticket, live: usize) {
        let age = self.ghosts.age(ticket.hash);
        if !self.ghosts.is_empty() {
            self.tuning.came(age, live);
        }
        if age.is_some_and(|age| self.tuning.counts(age)) {
            ticket.id |= ON_TRIAL;
            self.main.push_back(ticket);
        } else {
            self.small.push_back(ticket);
        }
    }

    /// Returns which of the `live` entries is evicted next, unless the caller lets it stay.
    pub(super) fn candidate(&mut self, live: usize) -> Option<Candidate> {
        let is_new = self.small.len() > self.tuning.small(live) || self.main.is_empty();
        let queue = if is_new {
            &mut self.small
        } else {
            &mut self.main
        };
        let ticket = queue.pop_front()?;
        Some(Candidate { ticket, is_new })
    }

    /// Lets it stay: it was read since its last turn.
    pub(super) fn stays(&mut self, candidate: Candidate, live: usize) {
        let mut ticket = candidate.ticket;
        if ticket.is_on_trial() {
            self.tuning.trial_ended(true, live);
            ticket.id &= !ON_TRIAL;
        }
        self.main.push_back(ticket);
    }

    /// Lets it go: it was not.
    pub(super) fn goes(&mut self, candidate: Candidate, live: usize) {
        self.evictions += 1;
        let ticket = candidate.ticket;
        if ticket.is_on_trial() {
            self.tuning.trial_ended(false, live);
        }
        if candidate.is_new {
            if self.ghosts.is_too_small(live) {
                self.ghosts = Ghosts::new(live);
                self.tuning = Tuning::new(live);
            }
            self.ghosts.remember(ticket.hash);
        }
    }

    /// Returns the oldest ticket of the small (0) or the main (1) queue.
    pub(super) fn oldest(&self, queue: usize) -> Option<Ticket> {
        [&self.small, &self.main][queue].front().copied()
    }

    /// Takes the oldest ticket out.
    pub(super) fn drop_oldest(&mut self, queue: usize) {
        [&mut self.small, &mut self.main][queue].pop_front();
    }

    /// Returns whether the tickets of removed entries outnumber those of the `live` ones.
    pub(super) fn is_stale(&self, live: usize) -> bool {
        self.small.len() + self.main.len() > 2 * live + 64
    }

    /// Keeps the tickets of live entries.
    pub(super) fn retain(&mut self, is_live: impl Fn(Ticket) -> bool) {
        self.small.retain(|ticket| is_live(*ticket));
        self.main.retain(|ticket| is_live(*ticket));
    }
}
