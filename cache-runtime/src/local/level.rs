//! The table of the in-process level, and the only places that change it.
//!
//! Reads go through `papaya`, which takes no lock. Every change takes the mutex of the key's
//! shard, so that a read-modify-write needs nothing more.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

use super::ending::thread_is_alive;
use super::entry::{ById, FullKey, Lookup, Ready, Slot, TableKey};
use super::queue::{Queues, Swept, Ticket, Turn};
use crate::clock::{Clock, NEVER};
use crate::sync::lock;

/// How much the level may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) max_entries: usize,
    pub(crate) max_bytes: Option<usize>,
}

type Table = papaya::HashMap<TableKey, Slot, Ready>;

pub(crate) struct Level {
    table: Table,
    shards: Box<[Mutex<Queues>]>,
    bounds: Bounds,
    bytes: AtomicUsize,
    next_id: AtomicU64,
    evictions: AtomicU64,
    clock: Clock,
}

/// What to do with an entry while its shard is locked.
pub(crate) enum Change<T> {
    /// Leave it as it is.
    Leave(T),
    /// Put this in its place.
    Put(Slot, T),
    /// Take it away.
    Remove(T),
}

impl Level {
    pub(crate) fn new(bounds: Bounds, clock: Clock) -> Self {
        // Small levels have one shard, so that their bound and their order are exact. A shard makes
        // room among its own entries only, so it must have room for several large ones.
        let by_bytes = bounds.max_bytes.map_or(usize::MAX, |bytes| bytes >> 22);
        let shards = (bounds.max_entries / 4096)
            .min(by_bytes)
            .clamp(1, 16)
            .next_power_of_two();
        Self {
            table: papaya::HashMap::builder().hasher(Ready::default()).build(),
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            bounds,
            bytes: AtomicUsize::new(0),
            next_id: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            clock,
        }
    }

    /// What `f` makes of the fresh entry under `key`; `None` if there is none.
    #[inline]
    pub(crate) fn read<T>(&self, key: &Lookup<'_>, f: impl FnOnce(&Slot) -> T) -> Option<T> {
        if !thread_is_alive() {
            return None;
        }
        let guard = self.table.guard();
        let slot = self.table.get(key, &guard)?;
        if slot.expires() != NEVER && slot.expires() <= self.clock.now() {
            return None;
        }
        slot.visit();
        Some(f(slot))
    }

    /// Changes the entry under `key`; `f` sees it only if it is fresh. Nothing else changes the
    /// same key meanwhile.
    pub(crate) fn change<T>(&self, key: FullKey, f: impl FnOnce(Option<&Slot>) -> Change<T>) -> T {
        if !thread_is_alive() {
            // Nothing can be kept from here any more; what `f` answers stands.
            let (Change::Leave(answer) | Change::Put(_, answer) | Change::Remove(answer)) = f(None);
            return answer;
        }
        // In this order: what the guard frees, it frees after the lock is gone, so that a value's
        // `drop` may use the cache.
        let guard = self.table.guard();
        let mut queues = self.shard(key.hash);
        let old = self.table.get_key_value(&key.lookup(), &guard);
        let now = self.clock.now();
        let fresh = old
            .map(|(_, slot)| slot)
            .filter(|slot| slot.expires() > now);
        match f(fresh) {
            Change::Leave(answer) => answer,
            Change::Put(slot, answer) => {
                let hash = key.hash;
                let id = if let Some((key, old)) = old {
                    slot.take_over(old);
                    self.lighter(old.weight);
                    key.id
                } else {
                    self.next_id.fetch_add(1, Relaxed)
                };
                let is_new = old.is_none();
                self.bytes.fetch_add(slot.weight, Relaxed);
                self.table.insert(TableKey { full: key, id }, slot, &guard);
                if is_new {
                    // Before it queues: what is new must not be the one that goes, unless it is
                    // too large to stay even alone.
                    self.make_room(&mut queues, 1);
                    queues.push(Ticket { hash, id });
                    self.make_room(&mut queues, 0);
                    self.sweep(&mut queues, now);
                } else {
                    self.make_room(&mut queues, 0);
                }
                answer
            }
            Change::Remove(answer) => {
                if let Some((key, old)) = old {
                    self.lighter(old.weight);
                    let by_id = ById {
                        hash: key.full.hash,
                        id: key.id,
                    };
                    self.table.remove(&by_id, &guard);
                    self.forget_tickets(&mut queues, 1);
                }
                answer
            }
        }
    }

    /// Takes away every entry that `condemned` says; how many there were.
    pub(crate) fn remove_where(&self, condemned: impl Fn(&FullKey, &Slot) -> bool) -> usize {
        if !thread_is_alive() {
            return 0;
        }
        let keys: Vec<FullKey> = {
            let guard = self.table.guard();
            self.table
                .iter(&guard)
                .filter(|(key, slot)| condemned(&key.full, slot))
                .map(|(key, _)| key.full.clone())
                .collect()
        };
        let count = keys.len();
        for key in keys {
            self.change(key, |_| Change::Remove(()));
        }
        count
    }

    /// Visits every fresh entry.
    pub(crate) fn each(&self, mut f: impl FnMut(&FullKey, &Slot)) {
        if !thread_is_alive() {
            return;
        }
        let now = self.clock.now();
        let guard = self.table.guard();
        for (key, slot) in self.table.iter(&guard) {
            if slot.expires() > now {
                f(&key.full, slot);
            }
        }
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.evictions.load(Relaxed)
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Queues> {
        // The table uses the high and the low bits; the shard is chosen by those between.
        let at = (hash >> 24) as usize & (self.shards.len() - 1);
        lock(&self.shards[at])
    }

    fn shard_capacity(&self) -> usize {
        (self.bounds.max_entries / self.shards.len()).max(1)
    }

    fn lighter(&self, weight: usize) {
        self.bytes.fetch_sub(weight, Relaxed);
    }

    fn is_full(&self, queues: &Queues, incoming: usize) -> bool {
        queues.live() + incoming > self.shard_capacity()
            || self
                .bounds
                .max_bytes
                .is_some_and(|max| self.bytes.load(Relaxed) > max && queues.live() > 0)
    }

    fn make_room(&self, queues: &mut Queues, incoming: usize) {
        let guard = self.table.guard();
        while self.is_full(queues, incoming) {
            let now = self.clock.now();
            let evicted = queues.evict(self.shard_capacity(), |ticket| {
                match self.table.get(&by_id(ticket), &guard) {
                    None => Turn::Gone,
                    // What has expired does not get another turn.
                    Some(slot) if slot.expires() > now && slot.unvisit() => Turn::Visited,
                    Some(_) => Turn::Idle,
                }
            });
            let Some(ticket) = evicted else { return };
            if let Some(slot) = self.table.remove(&by_id(ticket), &guard) {
                self.lighter(slot.weight);
                self.evictions.fetch_add(1, Relaxed);
            }
        }
    }

    /// Every new entry pays for a look at the two oldest: what has expired goes, little by little.
    fn sweep(&self, queues: &mut Queues, now: u64) {
        let guard = self.table.guard();
        queues.sweep(|ticket| {
            let by_id = by_id(ticket);
            match self.table.get(&by_id, &guard) {
                None => Swept::Gone,
                Some(slot) if slot.expires() > now => Swept::Alive,
                Some(slot) => {
                    self.lighter(slot.weight);
                    self.table.remove(&by_id, &guard);
                    Swept::Expired
                }
            }
        });
    }

    fn forget_tickets(&self, queues: &mut Queues, count: usize) {
        let guard = self.table.guard();
        queues.removed(count, |ticket| {
            self.table.contains_key(&by_id(ticket), &guard)
        });
    }
}

fn by_id(ticket: Ticket) -> ById {
    ById {
        hash: ticket.hash,
        id: ticket.id,
    }
}

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Level")
            .field("entries", &self.table.len())
            .field("bytes", &self.bytes)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}
