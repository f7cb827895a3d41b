//! What the in-process level holds: full keys, and slots with a value and its two clocks.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use once_cell::sync::Lazy;

use super::table::Node;
use crate::clock::Tick;
use crate::key::Tree;
use crate::value::Holding;

// Without it, people who choose arguments could choose collisions. Zero until it is chosen, which
// is before the first binding has a number; a hit need not ask.
static SECRET: AtomicU64 = AtomicU64::new(0);

/// Chooses the secret of this process, once.
pub(crate) fn choose_secret() {
    static CHOSEN: Lazy<u64> = Lazy::new(|| std::hash::RandomState::new().hash_one(0_u8));
    SECRET.store(*CHOSEN, Relaxed);
}

/// Which function in which cache, and which version of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) binding: u32,
    pub(crate) version: i64,
}

impl Header {
    /// The seed with which the arguments are hashed.
    #[inline]
    pub(crate) fn seed(self) -> u64 {
        SECRET.load(Relaxed)
            ^ u64::from(self.binding)
            ^ self.version.cast_unsigned().rotate_left(32)
    }
}

/// An exact key, owned.
#[derive(Debug, Clone)]
pub(crate) struct FullKey {
    pub(crate) header: Header,
    pub(crate) tree: Tree,
    pub(crate) hash: u64,
}

impl FullKey {
    pub(crate) fn new(header: Header, tree: Tree) -> Self {
        let hash = tree.hash(header.seed());
        Self { header, tree, hash }
    }

    pub(crate) fn lookup(&self) -> Lookup<'_> {
        Lookup {
            header: self.header,
            tree: &self.tree,
            hash: self.hash,
        }
    }
}

impl PartialEq for FullKey {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.tree == other.tree
    }
}

impl Eq for FullKey {}

impl Hash for FullKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// An exact key, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lookup<'a> {
    pub(crate) header: Header,
    pub(crate) tree: &'a Tree,
    pub(crate) hash: u64,
}

impl<'a> Lookup<'a> {
    #[inline]
    pub(crate) fn new(header: Header, tree: &'a Tree) -> Self {
        let hash = tree.hash(header.seed());
        Self { header, tree, hash }
    }

    /// Whether this is the key of `entry`.
    #[inline]
    pub(super) fn is_of(&self, entry: &Entry) -> bool {
        *self.tree == entry.key.tree && self.header == entry.key.header
    }
}

/// An entry in the table.
pub(crate) struct Entry {
    pub(crate) key: FullKey,
    pub(crate) slot: Slot,
    /// By which the eviction queue knows it; unique in its shard.
    pub(super) id: u64,
}

impl Node for Entry {
    fn hash(&self) -> u64 {
        self.key.hash
    }

    fn weight(&self) -> usize {
        self.slot.weight
    }
}

/// The hash was made when the key was; the table takes it as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ready(u64);

impl BuildHasher for Ready {
    type Hasher = Ready;

    #[inline]
    fn build_hasher(&self) -> Ready {
        Ready(0)
    }
}

impl Hasher for Ready {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A value with its times.
pub(crate) struct Slot {
    pub(crate) value: Holding,
    /// Until then it is fresh.
    expires: AtomicU64,
    /// What it weighs against `max_bytes`.
    pub(super) weight: usize,
    /// How often it was read lately, up to three. Written only while it is below three, so a hot
    /// entry's reads write nothing.
    visits: AtomicU8,
}

impl Slot {
    pub(crate) fn new(value: Holding, expires: Tick, weight: usize) -> Self {
        Self {
            value,
            expires: AtomicU64::new(expires),
            weight,
            visits: AtomicU8::new(0),
        }
    }

    #[inline]
    pub(crate) fn expires(&self) -> Tick {
        self.expires.load(Relaxed)
    }

    pub(crate) fn expire_at(&self, at: Tick) {
        self.expires.store(at, Relaxed);
    }

    #[inline]
    pub(super) fn visit(&self) {
        let visits = self.visits.load(Relaxed);
        if visits < 3 {
            self.visits.store(visits + 1, Relaxed);
        }
    }

    /// Takes one visit back; false if there was none.
    pub(super) fn unvisit(&self) -> bool {
        let visits = self.visits.load(Relaxed);
        if visits > 0 {
            self.visits.store(visits - 1, Relaxed);
        }
        visits > 0
    }

    pub(super) fn take_over(&self, old: &Slot) {
        self.visits.store(old.visits.load(Relaxed), Relaxed);
    }
}
