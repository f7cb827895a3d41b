//! Who goes when the level is full: S3-FIFO.
//!
//! New entries wait in a small queue; those read there move on to the main queue, the others
//! leave, and only their hash is remembered for a while. An entry whose hash is remembered starts
//! in the main queue. In the main queue, what was read since its last turn gets another.
//! ("FIFO queues are all you need for cache eviction", SOSP 2023.)

use std::collections::{HashMap, VecDeque};

use super::entry::Ready;

/// An entry's place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) hash: u64,
    pub(super) id: u64,
}

/// What the table says about a ticket whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The entry is not there any more.
    Gone,
    /// It was read since; one visit has been taken back.
    Visited,
    /// It was not read since.
    Idle,
}

/// What a look at an old ticket found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swept {
    Alive,
    /// Its entry is not there any more.
    Gone,
    /// Its entry had expired, and has been removed.
    Expired,
}

/// The queues of one shard.
#[derive(Debug, Default)]
pub(super) struct Queues {
    small: VecDeque<Ticket>,
    main: VecDeque<Ticket>,
    ghosts: VecDeque<u64>,
    ghost_counts: HashMap<u64, u32, Ready>,
    /// Entries that are in the table.
    live: usize,
}

impl Queues {
    pub(super) fn live(&self) -> usize {
        self.live
    }

    pub(super) fn push(&mut self, ticket: Ticket) {
        self.live += 1;
        if self.ghost_counts.contains_key(&ticket.hash) {
            self.main.push_back(ticket);
        } else {
            self.small.push_back(ticket);
        }
    }

    /// An entry left the table by another way than eviction. Its ticket stays until its turn.
    pub(super) fn removed(&mut self, count: usize, is_live: impl Fn(Ticket) -> bool) {
        self.live -= count;
        // Tickets of the dead may not outnumber those of the living.
        if self.small.len() + self.main.len() > 2 * self.live + 64 {
            self.small.retain(|ticket| is_live(*ticket));
            self.main.retain(|ticket| is_live(*ticket));
        }
    }

    /// The ticket of the next entry to evict, already out of the queues.
    pub(super) fn evict(
        &mut self,
        capacity: usize,
        mut turn: impl FnMut(Ticket) -> Turn,
    ) -> Option<Ticket> {
        let small_share = capacity / 10;
        while self.live > 0 {
            let from_small = self.small.len() > small_share || self.main.is_empty();
            let queue = if from_small {
                &mut self.small
            } else {
                &mut self.main
            };
            let ticket = queue.pop_front()?;
            match turn(ticket) {
                Turn::Gone => {}
                Turn::Visited => self.main.push_back(ticket),
                Turn::Idle => {
                    if from_small {
                        self.remember(ticket.hash, capacity);
                    }
                    self.live -= 1;
                    return Some(ticket);
                }
            }
        }
        None
    }

    fn remember(&mut self, hash: u64, capacity: usize) {
        self.ghosts.push_back(hash);
        *self.ghost_counts.entry(hash).or_insert(0) += 1;
        while self.ghosts.len() > capacity {
            let Some(oldest) = self.ghosts.pop_front() else {
                return;
            };
            if let Some(count) = self.ghost_counts.get_mut(&oldest) {
                *count -= 1;
                if *count == 0 {
                    self.ghost_counts.remove(&oldest);
                }
            }
        }
    }

    /// Looks at the oldest tickets of both queues, and takes out those that are dead.
    pub(super) fn sweep(&mut self, mut turn: impl FnMut(Ticket) -> Swept) {
        for queue in [&mut self.small, &mut self.main] {
            // A ticket whose entry is gone costs little: look at the next one too.
            while let Some(ticket) = queue.front() {
                let swept = turn(*ticket);
                if swept == Swept::Alive {
                    break;
                }
                queue.pop_front();
                if swept == Swept::Expired {
                    self.live -= 1;
                    break;
                }
            }
        }
    }
}
