//! What is evicted when the folder is full, and what is left behind.
//!
//! The 256 shards are limited in groups: all of them together if there may be few entries, so that the
//! limit is exact; each by itself if there may be many, so that making room costs a walk through
//! a few hundred files. When a group is full, a share of its entries is evicted at once, as in Django: the
//! expired ones first, then those written first.

use std::fs;
use std::hash::BuildHasher;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Instant, SystemTime};

use super::FileConfig;
use super::failure;
use super::folder::{EntryPath, Folder};
use super::ledger::{Count, Counts, Ledger, remove};
use super::locks::Gate;
use super::names::{self, Ours, SHARDS};
use super::reading::{self, Seen, now};
use super::writing;

/// A group of this many entries keeps its bound by a walk of a few milliseconds.
const GROUP: usize = 128;
/// A group has room for several of the largest values that are usual.
const GROUP_BYTES: usize = 4 << 20;
/// One write in this many walks through a shard in turn, and removes what has expired.
const TIDY_EVERY: u32 = 256;
/// For how many files the lock is held without a pause.
pub(super) const AT_ONCE: usize = 64;

/// The limits of a group, and whether it is being worked on.
#[derive(Debug)]
pub(super) struct Culling {
    /// One for each group: their number is a power of two.
    gates: Box<[Gate]>,
    most: Count,
    max_bytes: Option<u64>,
    frequency: u64,
    writes: AtomicU32,
}

/// An entry that may have to be evicted.
pub(super) struct Candidate {
    shard: u8,
    path: PathBuf,
    is_over: bool,
    modified: SystemTime,
    len: u64,
}

impl Culling {
    pub(super) fn new(config: &FileConfig) -> Self {
        let by_bytes = config.max_bytes.map_or(SHARDS, |bytes| bytes / GROUP_BYTES);
        let groups = (config.max_entries / GROUP).min(by_bytes).clamp(1, SHARDS);
        // Rounded down to a power of two.
        let groups = 1 << groups.ilog2();
        Self {
            gates: std::iter::repeat_with(Gate::default).take(groups).collect(),
            most: Count {
                entries: (config.max_entries.max(1) / groups) as u64,
                bytes: config
                    .max_bytes
                    .map_or(u64::MAX, |bytes| (bytes / groups) as u64),
            },
            max_bytes: config.max_bytes.map(|bytes| bytes as u64),
            frequency: u64::from(config.cull_frequency),
            // Not from the first shard on in every process: many are short-lived.
            writes: AtomicU32::new(
                (std::hash::RandomState::new().hash_one(0) as u32).wrapping_mul(TIDY_EVERY),
            ),
        }
    }

    /// Returns whether a file of this length is not kept even alone.
    pub(super) fn never_fits(&self, len: u64) -> bool {
        len > self.most.bytes || self.max_bytes.is_some_and(|most| len > most)
    }

    fn group(&self, shard: u8) -> usize {
        usize::from(shard) & (self.gates.len() - 1)
    }

    fn shards(&self, group: usize) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |shard| self.group(*shard) == group)
    }

    fn has_room(&self, there: Count, incoming: Count) -> bool {
        let sum = there.plus(incoming);
        sum.entries <= self.most.entries && sum.bytes <= self.most.bytes
    }

    fn count(&self, counts: &Counts, group: usize) -> Count {
        let shards = self.shards(group).map(|shard| counts.of(shard));
        shards.fold(Count::default(), Count::plus)
    }
}

impl Folder {
    /// Makes room for a file of this length, if there is none.
    pub(super) fn make_room(
        &self,
        ledger: &Ledger,
        place: &EntryPath<'_>,
        len: u64,
    ) -> io::Result<()> {
        let culling = &self.culling;
        let group = culling.group(place.name.shard);
        let has_room = |counts: &Counts| {
            let count = culling.count(counts, group);
            if culling.has_room(count, Count::one(len)) {
                return true;
            }
            // If it replaces another, it needs less.
            let old = place.path.symlink_metadata();
            let old = old.map_or(Count::default(), |old| Count::one(old.len()));
            culling.has_room(count.minus(old), Count::one(len))
        };
        if has_room(&ledger.counts) {
            return Ok(());
        }
        let gate = &culling.gates[group];
        let _passed = gate.pass(place.until).ok_or_else(failure::locked)?;
        // Whoever held the gate before has made room.
        if has_room(&ledger.read()?) {
            return Ok(());
        }
        self.cull(ledger, group, len, place.until)
    }

    fn cull(&self, ledger: &Ledger, group: usize, len: u64, until: Instant) -> io::Result<()> {
        let culling = &self.culling;
        let counts = ledger.read()?;
        let mut candidates = Vec::new();
        for shard in culling.shards(group) {
            if counts.of(shard) != Count::default() {
                candidates.extend(self.survey(ledger, shard)?);
            }
        }
        let mut left = candidates
            .iter()
            .map(|candidate| Count::one(candidate.len))
            .fold(Count::default(), Count::plus);
        if culling.has_room(left, Count::one(len)) {
            return Ok(());
        }
        let share = match culling.frequency {
            0 => left.entries,
            frequency => left.entries / frequency,
        };
        candidates.sort_by_key(|candidate| (!candidate.is_over, candidate.modified));
        let mut go = 0;
        for candidate in &candidates {
            let must = candidate.is_over
                || (go as u64) < share
                || !culling.has_room(left, Count::one(len));
            if !must {
                break;
            }
            left = left.minus(Count::one(candidate.len));
            go += 1;
        }
        candidates.truncate(go);
        candidates.sort_by_key(|candidate| candidate.shard);
        for of_one_shard in candidates.chunk_by(|one, other| one.shard == other.shard) {
            self.remove_all(ledger, of_one_shard, until)?;
        }
        Ok(())
    }

    /// Removes the files of one shard, those that are unchanged.
    pub(super) fn remove_all(
        &self,
        ledger: &Ledger,
        candidates: &[Candidate],
        until: Instant,
    ) -> io::Result<()> {
        for some in candidates.chunks(AT_ONCE) {
            let Some(Candidate { shard, .. }) = some.first() else {
                continue;
            };
            let folder = names::folder(self.root(), *shard);
            let held = match self.locks.lock(*shard, &folder, until) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                held => held?,
            };
            for candidate in some {
                // A newer one may have taken its place.
                if let Some(seen) = reading::see(&candidate.path)?
                    && candidate.is(&seen)
                    && remove(&candidate.path)?
                {
                    ledger.change(*shard, |count| count.minus(Count::one(seen.len)))?;
                }
            }
            drop(held);
        }
        Ok(())
    }

    /// Walks through a shard and returns its entries. Corrects its numbers and removes what a killed process
    /// left there.
    pub(super) fn survey(&self, ledger: &Ledger, shard: u8) -> io::Result<Vec<Candidate>> {
        let before = ledger.read()?.of(shard);
        let folder = names::folder(self.root(), shard);
        let files = match fs::read_dir(&folder) {
            Ok(files) => Some(files),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let now = now();
        let mut candidates = Vec::new();
        for file in files.into_iter().flatten() {
            let file = file?;
            match names::ours(&file.file_name(), shard) {
                Some(Ours::Entry) => {
                    let path = file.path();
                    if let Some(seen) = reading::see(&path)? {
                        candidates.push(Candidate::new(shard, path, &seen, now));
                    }
                }
                Some(Ours::Temporary) if writing::is_left(&file) => {
                    let _ = fs::remove_file(file.path());
                }
                _ => {}
            }
        }
        let there = candidates
            .iter()
            .map(|candidate| Count::one(candidate.len))
            .fold(Count::default(), Count::plus);
        if before != there {
            self.correct(ledger, shard, before, there);
        }
        Ok(candidates)
    }

    /// Corrects the numbers of a shard, unless someone wrote there while the files were counted.
    fn correct(&self, ledger: &Ledger, shard: u8, before: Count, there: Count) {
        let folder = names::folder(self.root(), shard);
        let is_as_before = |count: Count| if count == before { there } else { count };
        // The next walk finds the difference again.
        let _ = match self.locks.lock(shard, &folder, self.until()) {
            Ok(_held) => ledger.change(shard, is_as_before),
            // Without a folder there is nothing to lock.
            Err(error) if error.kind() == ErrorKind::NotFound => ledger.change(shard, is_as_before),
            Err(error) => Err(error),
        };
    }

    /// Occasionally walks through the shard whose turn it is: what has expired and is never asked
    /// for again must be removed some day.
    pub(super) fn tidy_in_turn(&self, ledger: &Ledger) {
        let write = self.culling.writes.fetch_add(1, Relaxed);
        if write.is_multiple_of(TIDY_EVERY) {
            // The write is done; whatever fails here does not matter to its caller.
            let _ = self.tidy(ledger, (write / TIDY_EVERY) as u8);
        }
    }

    fn tidy(&self, ledger: &Ledger, shard: u8) -> io::Result<()> {
        let mut over = self.survey(ledger, shard)?;
        over.retain(|candidate| candidate.is_over);
        self.remove_all(ledger, &over, self.until())
    }
}

impl Candidate {
    fn new(shard: u8, path: PathBuf, seen: &Seen, now: u64) -> Self {
        Self {
            shard,
            path,
            is_over: seen.is_over(now),
            modified: seen.modified,
            len: seen.len,
        }
    }

    /// Returns whether the file is still this one. The time of a file advances every few milliseconds, so what
    /// has just expired is checked again.
    fn is(&self, seen: &Seen) -> bool {
        seen.modified == self.modified
            && seen.len == self.len
            && (!self.is_over || seen.is_over(now()))
    }
}
