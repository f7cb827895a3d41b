//! The in-process level: what is in it, what is evicted, and the only places that change it.
//!
//! Reads take no lock. Every change takes the lock of the key's shard, so that a
//! read-modify-write needs nothing more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::entry::{Draft, Entry, FullKey, Lookup};
use super::guard::Guard;
use super::queue::{Queues, Ticket};
use super::table::{Locked, Node, SHARD_BITS, Shard};
use crate::clock::{Clock, NEVER, Tick};
use crate::context::thread;
use crate::observe::LocalReport;
use crate::reclaim::Pinned;

/// How much the level may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) max_entries: usize,
    pub(crate) max_bytes: Option<usize>,
    /// The weight of the largest usual entry.
    pub(crate) largest: usize,
    /// When `max_entries` is reached, one entry in this many is evicted at once, or all with 0; `None`: one is
    /// evicted for each new one.
    pub(crate) cull_frequency: Option<u32>,
}

// A shard has room for this many of the largest entries, and for this many bytes.
const LARGEST_IN_SHARD: usize = 4;
const LEAST_BYTES_IN_SHARD: usize = 4 << 20;

pub(crate) struct Level {
    read: Reading,
    bounds: Bounds,
    /// The weight of all entries; counted only if it is limited.
    bytes: AtomicUsize,
}

/// The part of a level that a hit needs, and no pointer more.
#[derive(Clone)]
pub(crate) struct Reading {
    shards: Arc<[Shard<Entry, Queues>]>,
    clock: Clock,
    guard: Arc<Guard>,
}

type Open<'a> = Locked<'a, Entry, Queues>;

/// What to do with an entry while its shard is locked.
pub(crate) enum Change<T> {
    /// Leave it as it is.
    Leave(T),
    /// Replace it with this.
    Put(Draft, T),
    /// Remove it.
    Remove(T),
}

impl Reading {
    /// Returns the entry under `key`, if it is fresh and nothing else has to be checked.
    #[inline(always)]
    pub(crate) fn get<'g>(&'g self, key: &Lookup<'_>, pinned: Pinned<'g>) -> Option<&'g Entry> {
        let entry = self.find(key, pinned)?;
        let calm = entry.calm();
        // Not known yet.
        let mut now = 0;
        if calm != NEVER {
            now = self.clock.now();
            if calm <= now {
                return None;
            }
        }
        if !entry.visit() && !self.admits(entry, now) {
            return None;
        }
        Some(entry)
    }

    /// Returns whether a watched entry is served: the level is trusted, and no marker has ended it.
    #[inline(never)]
    fn admits(&self, entry: &Entry, now: Tick) -> bool {
        let count = self.guard.marks();
        self.guard.is_trusted(&self.clock, now) && entry.is_unmarked(count)
    }

    /// Returns the entry under `key`, whatever its age.
    #[inline(always)]
    fn find<'g>(&'g self, key: &Lookup<'_>, pinned: Pinned<'g>) -> Option<&'g Entry> {
        let shard = self.shard(key.hash);
        shard.get(key.hash, |entry| key.is_of(entry), pinned)
    }

    #[inline(always)]
    fn shard(&self, hash: u64) -> &Shard<Entry, Queues> {
        &self.shards[(hash >> SHARD_BITS.start) as usize & (self.shards.len() - 1)]
    }
}

impl Level {
    /// Creates a level; `is_near`: it is in front of a store that others change, and is trusted when told so.
    pub(crate) fn new(bounds: Bounds, clock: Clock, is_near: bool) -> Self {
        // Small levels have one shard, so that their limit and their order are exact. A shard makes
        // room only among its own entries, so it must have room for several large ones.
        let least = LEAST_BYTES_IN_SHARD.max(bounds.largest.saturating_mul(LARGEST_IN_SHARD));
        let by_bytes = bounds.max_bytes.map_or(usize::MAX, |bytes| bytes / least);
        let shards = (bounds.max_entries / 4096)
            .min(by_bytes)
            .clamp(1, 1 << SHARD_BITS.len())
            .next_power_of_two();
        let shards = (0..shards).map(|_| Shard::new(Queues::default())).collect();
        Self {
            read: Reading {
                shards,
                clock,
                guard: Arc::new(Guard::new(is_near)),
            },
            bounds,
            bytes: AtomicUsize::new(0),
        }
    }

    /// Returns the part for callers that only read.
    pub(crate) fn reading(&self) -> &Reading {
        &self.read
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.read.guard
    }

    /// Returns whether what is there may be served.
    pub(crate) fn is_trusted(&self) -> bool {
        self.guard().is_trusted(&self.read.clock, 0)
    }

    /// Returns what `f` makes of the fresh entry under `key`; `None` if there is none.
    pub(crate) fn read<T>(&self, key: &Lookup<'_>, f: impl FnOnce(&Entry) -> T) -> Option<T> {
        self.look(key, |entry, now| entry.is_fresh(now).then(|| f(entry)))?
    }

    /// Returns what `f` makes of the entry under `key`, fresh or stale, and of the time; `None` if there is
    /// none.
    pub(crate) fn look<T>(&self, key: &Lookup<'_>, f: impl FnOnce(&Entry, Tick) -> T) -> Option<T> {
        thread::with(|own| {
            let guard = own.pin();
            let entry = self.read.find(key, guard.pinned())?;
            let count = self.guard().marks();
            let now = self.read.clock.now();
            if entry.is_dead(now) || !entry.visit() && !entry.is_unmarked(count) {
                return None;
            }
            Some(f(entry, now))
        })
    }

    /// Ends the timeout of the entry under `key`, which stays for `stale`; returns whether it was fresh.
    pub(crate) fn expire(&self, key: &FullKey, stale: Duration) -> bool {
        let shard = self.read.shard(key.hash).lock();
        let now = self.read.clock.now();
        let lookup = key.lookup();
        let count = self.guard().marks();
        let found = shard.find(key.hash, |entry| lookup.is_of(entry));
        let is_there = |entry: &Entry| entry.is_fresh(now) && entry.is_unmarked(count);
        let Some((_, entry)) = found.filter(|(_, entry)| is_there(entry)) else {
            return false;
        };
        entry.live(entry.life().expired(now, stale));
        true
    }

    /// Changes the entry under `key`; `f` sees it only if it is fresh. Nothing else changes the
    /// same key meanwhile.
    pub(crate) fn change<T>(
        &self,
        key: &FullKey,
        f: impl FnOnce(Option<&Entry>) -> Change<T>,
    ) -> T {
        let hash = key.hash;
        // Declared before the lock, so that it is dropped after it: a value's destructor may use the cache.
        let mut _refused = None;
        let mut shard = self.read.shard(hash).lock();
        let now = self.read.clock.now();
        let lookup = key.lookup();
        let old = shard.find(hash, |entry| lookup.is_of(entry));
        let count = self.guard().marks();
        let fresh = old
            .map(|(_, entry)| entry)
            .filter(|entry| entry.is_fresh(now) && entry.is_unmarked(count));
        let (draft, answer) = match f(fresh) {
            Change::Leave(answer) => return answer,
            Change::Put(draft, answer) if self.may_hold(&draft) => (Some(draft), answer),
            // What was there is out of date; nothing else has to be evicted for it.
            Change::Put(draft, answer) => {
                _refused = Some(draft);
                (None, answer)
            }
            Change::Remove(answer) => (None, answer),
        };
        match (draft, old) {
            (Some(draft), Some((bucket, old))) => {
                let before = old.weight();
                self.heavier(draft.weight());
                let entry = draft.after(key, old);
                shard.replace(bucket, entry);
                self.lighter(before);
                self.make_room(&mut shard, 0, now);
            }
            (Some(draft), None) => {
                self.heavier(draft.weight());
                self.add(&mut shard, key, draft, now);
            }
            (None, Some((bucket, old))) => {
                let weight = old.weight();
                shard.remove(bucket);
                self.lighter(weight);
                forget_tickets(&mut shard);
            }
            (None, None) => return answer,
        }
        self.tidy(&mut shard);
        answer
    }

    /// Returns whether there is room for it if nothing else is there.
    fn may_hold(&self, draft: &Draft) -> bool {
        self.bounds
            .max_bytes
            .is_none_or(|max| draft.weight() <= max)
    }

    /// Removes every entry that `condemned` selects; returns how many there were.
    pub(crate) fn remove_where(&self, condemned: impl Fn(&FullKey) -> bool) -> usize {
        let mut count = 0;
        for shard in &*self.read.shards {
            let keys: Vec<FullKey> = thread::with(|own| {
                let guard = own.pin();
                let entries = shard.each(guard.pinned());
                entries.map(Entry::key).filter(&condemned).collect()
            });
            count += keys.len();
            for key in keys {
                self.change(&key, |_| Change::Remove(()));
            }
            // A caller that clears wants the memory back.
            shard.lock().tidy(1, 0);
        }
        count
    }

    /// Removes what has this hash, whatever its key; by chance that may be another, which is one more
    /// miss.
    pub(crate) fn remove_hash(&self, hash: u64) {
        let mut shard = self.read.shard(hash).lock();
        while let Some((bucket, entry)) = shard.find(hash, |_| true) {
            let weight = entry.weight();
            shard.remove(bucket);
            self.lighter(weight);
        }
        forget_tickets(&mut shard);
        self.tidy(&mut shard);
    }

    /// Returns whether something has this hash.
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        let shard = self.read.shard(hash).lock();
        shard.find(hash, |_| true).is_some()
    }

    /// Visits every fresh entry.
    pub(crate) fn each(&self, mut f: impl FnMut(&FullKey)) {
        let count = self.guard().marks();
        let now = self.read.clock.now();
        thread::with(|own| {
            let guard = own.pin();
            for entry in self
                .read
                .shards
                .iter()
                .flat_map(|shard| shard.each(guard.pinned()))
            {
                if entry.is_fresh(now) && entry.is_unmarked(count) {
                    f(&entry.key());
                }
            }
        });
    }

    /// Returns how much is there, and how much may be.
    pub(crate) fn report(&self) -> LocalReport {
        let shards = &*self.read.shards;
        let entries = shards.iter().map(|shard| shard.lock().len()).sum();
        // Counted continuously if it is limited; otherwise added up here.
        let bytes = match self.bounds.max_bytes {
            Some(_) => self.bytes.load(Relaxed),
            None => thread::with(|own| {
                let guard = own.pin();
                let entries = shards.iter().flat_map(|shard| shard.each(guard.pinned()));
                entries.map(Entry::bytes).sum()
            }),
        };
        LocalReport {
            entries,
            max_entries: self.bounds.max_entries,
            bytes,
            max_bytes: self.bounds.max_bytes,
        }
    }

    /// Returns the weight of all entries, while nobody changes any.
    #[cfg(test)]
    pub(super) fn weight(&self) -> usize {
        use super::table::Node;

        let shards = &*self.read.shards;
        let _locked: Vec<_> = shards.iter().map(Shard::lock).collect();
        thread::with(|own| {
            let guard = own.pin();
            let entries = shards.iter().flat_map(|shard| shard.each(guard.pinned()));
            entries.map(Node::weight).sum()
        })
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.read
            .shards
            .iter()
            .map(|shard| shard.lock().evictions)
            .sum()
    }

    fn capacity(&self) -> usize {
        // Their number is a power of two.
        (self.bounds.max_entries >> self.read.shards.len().trailing_zeros()).max(1)
    }

    fn heavier(&self, weight: usize) {
        if self.bounds.max_bytes.is_some() {
            self.bytes.fetch_add(weight, Relaxed);
        }
    }

    fn lighter(&self, weight: usize) {
        if self.bounds.max_bytes.is_some() {
            self.bytes.fetch_sub(weight, Relaxed);
        }
    }

    fn add(&self, shard: &mut Open<'_>, key: &FullKey, draft: Draft, now: Tick) {
        let before = shard.evictions;
        // Before it is queued: a new entry must not be the one that is evicted, unless it is too large to
        // stay even alone.
        self.make_room(shard, 1, now);
        let hash = key.hash;
        let id = shard.number();
        shard.insert(hash, draft.under(key, id));
        let live = shard.len();
        shard.push(Ticket::new(hash, id), live);
        if self.bounds.max_bytes.is_some() {
            self.make_room(shard, 0, now);
        }
        // Making room has looked at the oldest of a queue already, nearly always the small one.
        let is_small_done = shard.evictions != before;
        self.sweep(shard, usize::from(is_small_done), now);
    }

    fn is_full(&self, shard: &Open<'_>, incoming: usize) -> bool {
        let too_heavy = |max: usize| self.bytes.load(Relaxed) > max && shard.len() > 0;
        shard.len() + incoming > self.capacity() || self.bounds.max_bytes.is_some_and(too_heavy)
    }

    fn make_room(&self, shard: &mut Open<'_>, incoming: usize, now: Tick) {
        let mut culled = self.to_cull(shard, incoming);
        while self.is_full(shard, incoming) || culled > 0 {
            let live = shard.len();
            let Some(candidate) = shard.candidate(live) else {
                return;
            };
            let ticket = candidate.ticket;
            match shard.find(ticket.hash, |entry| ticket.is_of(entry.id)) {
                // It was removed in another way.
                None => {}
                // An expired entry does not get another turn.
                Some((_, entry)) if entry.unvisit() && !entry.is_dead(now) => {
                    shard.stays(candidate, live);
                }
                Some((bucket, entry)) => {
                    let weight = entry.weight();
                    shard.remove(bucket);
                    self.lighter(weight);
                    shard.goes(candidate, live);
                    culled = culled.saturating_sub(1);
                }
            }
        }
    }

    /// Returns how many are evicted at once if there is no place for `incoming`.
    fn to_cull(&self, shard: &Open<'_>, incoming: usize) -> usize {
        let live = shard.len();
        match self.bounds.cull_frequency {
            Some(frequency) if live + incoming > self.capacity() => {
                live.checked_div(frequency as usize).unwrap_or(live)
            }
            _ => 0,
        }
    }

    /// Looks at the oldest of each queue from `from` on, which every new entry pays for: expired ones are removed
    /// little by little.
    fn sweep(&self, shard: &mut Open<'_>, from: usize, now: Tick) {
        for queue in from..2 {
            // A ticket whose entry is gone costs little: look at the next one too.
            while let Some(ticket) = shard.oldest(queue) {
                let found = shard.find(ticket.hash, |entry| ticket.is_of(entry.id));
                match found {
                    Some((_, entry)) if !entry.is_dead(now) => break,
                    Some((bucket, entry)) => {
                        let weight = entry.weight();
                        shard.remove(bucket);
                        self.lighter(weight);
                        shard.drop_oldest(queue);
                        break;
                    }
                    None => shard.drop_oldest(queue),
                }
            }
        }
    }

    /// Frees what was removed, in batches that are small compared with what is there.
    fn tidy(&self, shard: &mut Open<'_>) {
        let weight = self.bounds.max_bytes.unwrap_or(usize::MAX).min(64 << 20) / 64;
        shard.tidy(64 + shard.len() / 16, weight / self.read.shards.len());
    }
}

fn forget_tickets(shard: &mut Open<'_>) {
    if !shard.is_stale(shard.len()) {
        return;
    }
    let (queues, nodes) = shard.parts();
    queues.retain(|ticket| nodes.has(ticket.hash, |entry| ticket.is_of(entry.id)));
}

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries: usize = self
            .read
            .shards
            .iter()
            .map(|shard| shard.lock().len())
            .sum();
        f.debug_struct("Level")
            .field("entries", &entries)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}
