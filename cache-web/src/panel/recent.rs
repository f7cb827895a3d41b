//! The last requests, as many as there is room for.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use cache_runtime::{Outcome, Trace};

/// One request that was traced.
#[derive(Debug, Clone)]
pub(super) struct Traced {
    /// Counted from 1.
    pub(super) id: u64,
    pub(super) at: SystemTime,
    pub(super) method: String,
    /// Without its query, which may be private.
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) trace: Trace,
}

impl Traced {
    /// Returns how many calls were answered by a cache, and how many were not.
    pub(super) fn hits_and_misses(&self) -> (usize, usize) {
        let count = |is_it: fn(Outcome) -> bool| {
            let events = self.trace.events.iter();
            events.filter(|event| is_it(event.outcome)).count()
        };
        (count(is_hit), count(is_miss))
    }
}

pub(super) fn is_hit(outcome: Outcome) -> bool {
    use Outcome::{Hit, Joined, Stale, StoreHit};
    matches!(outcome, Hit | StoreHit | Stale | Joined)
}

pub(super) fn is_miss(outcome: Outcome) -> bool {
    use Outcome::{Failed, Miss, Refreshed};
    matches!(outcome, Miss | Refreshed | Failed)
}

/// The last requests; the oldest is dropped when there is no room.
#[derive(Debug)]
pub(super) struct Recent(Mutex<Ring>);

#[derive(Debug)]
struct Ring {
    requests: VecDeque<Traced>,
    room: usize,
    last: u64,
}

impl Recent {
    pub(super) fn new(room: usize) -> Self {
        Self(Mutex::new(Ring {
            requests: VecDeque::new(),
            room,
            last: 0,
        }))
    }

    pub(super) fn set_room(&self, room: usize) {
        let mut ring = self.ring();
        ring.room = room;
        while ring.requests.len() > room {
            ring.requests.pop_front();
        }
    }

    /// Adds it after the others; its number is assigned here.
    pub(super) fn push(&self, mut request: Traced) {
        let mut ring = self.ring();
        ring.last += 1;
        request.id = ring.last;
        if ring.room == 0 {
            return;
        }
        while ring.requests.len() >= ring.room {
            ring.requests.pop_front();
        }
        ring.requests.push_back(request);
    }

    /// Returns those with a greater number, the oldest first, and the last number assigned.
    pub(super) fn after(&self, id: u64) -> (Vec<Traced>, u64) {
        let ring = self.ring();
        let news = ring.requests.iter().filter(|request| request.id > id);
        (news.cloned().collect(), ring.last)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Nothing in it can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
