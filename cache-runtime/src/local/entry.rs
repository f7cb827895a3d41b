//! What the in-process level holds: entries with a full key, a value and its times.

use std::hash::{BuildHasher, Hash, Hasher};
use std::time::Duration;

use once_cell::sync::Lazy;

use super::kind::{Held, Value, allocate};
use super::table::{Node, Owned};
use crate::clock::Tick;
use crate::error::CacheError;
use crate::key::{Head, Tree};
use crate::life::Life;
use crate::markers::Marks;
use crate::near::hash_of;
use crate::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

// Without it, people who choose arguments could choose collisions. Zero until it is chosen, which
// is before the first binding has a number; a hit need not check.
static SECRET: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

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
    /// The hash of the whole key in the store, by which other processes know it; 0 if there is
    /// none. Not part of the key.
    pub(crate) stored_hash: u64,
}

impl FullKey {
    pub(crate) fn new(header: Header, tree: Tree) -> Self {
        let hash = tree.hash(header.seed());
        Self {
            header,
            tree,
            hash,
            stored_hash: 0,
        }
    }

    /// Returns the same key, known to other processes by this whole key.
    pub(crate) fn stored_as(mut self, stored_key: &str) -> Self {
        self.stored_hash = hash_of(stored_key);
        self
    }

    /// Returns whether other processes know it by a whole key of this hash.
    pub(crate) fn is_stored_as(&self, stored_hash: u64) -> bool {
        self.stored_hash == stored_hash
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

    /// Returns whether this is the key of `entry`.
    #[inline]
    pub(super) fn is_of(&self, entry: &Entry) -> bool {
        self.tree.is(entry.len, &entry.head, &entry.tail)
            && self.header.binding == entry.binding
            && self.header.version == entry.version
    }
}

/// Passes a hash through: it was computed with the key, and the table uses it as it is.
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

/// An entry in the table: what a hit looks at comes first, in as few cache lines as possible.
#[repr(C)]
pub(crate) struct Entry {
    value: Value,
    /// The time until which it is fresh without further checks.
    calm: AtomicU64,
    /// Its weight against `max_bytes`, up to 4 GiB.
    weight: u32,
    /// How often it was read lately, up to two, and whether it is [`WATCHED`]. Written only while it is
    /// below two, so that reads of a hot entry write nothing.
    visits: AtomicU8,
    version: i64,
    binding: u32,
    /// How many bytes the arguments have.
    len: u32,
    /// The first of them.
    head: Head,
    /// The others.
    tail: Box<[u8]>,
    /// The number by which the eviction queue knows it; unique in its shard.
    pub(super) id: u64,
    /// Present if its timeout is not all there is.
    later: Option<Box<Later>>,
}

/// What follows the calm time of an entry, if that is not its end; and what may end it earlier.
struct Later {
    expires: AtomicU64,
    dead: AtomicU64,
    /// How long the computation took.
    cost: Duration,
    watch: Option<Watch>,
}

/// Marks an entry for which a hit has to check more than the time: it is stored with the visits, so that a hit on
/// any other entry checks nothing more.
const WATCHED: u8 = 0x80;
const MOST_VISITS: u8 = 2;

/// The markers that may end an entry.
struct Watch {
    marks: Marks,
    /// The level's count of markers when they were last checked.
    seen: AtomicU64,
}

// SAFETY: the value is `Send` and `Sync` (`Held`), and the entry owns it; the rest is so by itself.
#[expect(unsafe_code, reason = "a pointer into its own allocation")]
unsafe impl Send for Entry {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "a pointer into its own allocation")]
unsafe impl Sync for Entry {}

impl Node for Entry {
    fn weight(&self) -> usize {
        self.weight as usize
    }

    #[expect(unsafe_code, reason = "the value is freed with it")]
    unsafe fn free(this: *mut Self) {
        // SAFETY: every entry comes from `allocate`; the caller owns it.
        unsafe { (*this).value.free(this) }
    }
}

impl Entry {
    /// Returns the value, if it is of exactly this type.
    #[inline(always)]
    pub(crate) fn value<H: Held>(&self) -> Option<&H> {
        self.value.downcast()
    }

    /// Returns the value as JSON text; `None` if it has no bytes.
    pub(crate) fn encode(&self) -> Option<Result<Vec<u8>, CacheError>> {
        self.value.encode()
    }

    /// Returns the size of its value.
    pub(crate) fn bytes(&self) -> usize {
        self.weight as usize
    }

    /// Sets the value, which is known once the allocation exists.
    pub(super) fn set_value(&mut self, value: Value) {
        self.value = value;
    }

    #[inline(always)]
    pub(super) fn calm(&self) -> Tick {
        self.calm.load(Relaxed)
    }

    pub(crate) fn life(&self) -> Life {
        let calm = self.calm();
        match &self.later {
            None => Life::plain(calm),
            Some(later) => Life {
                calm,
                expires: later.expires.load(Relaxed),
                dead: later.dead.load(Relaxed),
            },
        }
    }

    pub(crate) fn expires(&self) -> Tick {
        self.life().expires
    }

    pub(super) fn is_fresh(&self, now: Tick) -> bool {
        let life = self.life();
        now < life.expires.min(life.dead)
    }

    pub(super) fn is_dead(&self, now: Tick) -> bool {
        now >= self.life().dead
    }

    /// Returns how long the computation took, if that was recorded.
    pub(crate) fn cost(&self) -> Duration {
        self.later
            .as_ref()
            .map_or(Duration::ZERO, |later| later.cost)
    }

    /// Gives it another life, under the lock of its shard.
    ///
    /// Readers take no lock and may see some of the old times and some of the new: an entry that looks
    /// less fresh than it is, never one that looks fresher than either.
    pub(crate) fn live(&self, life: Life) {
        match &self.later {
            None => self.calm.store(life.expires, Relaxed),
            Some(later) => {
                self.calm.store(life.calm, Relaxed);
                later.expires.store(life.expires, Relaxed);
                later.dead.store(life.dead, Relaxed);
            }
        }
    }

    /// Returns its key.
    pub(crate) fn key(&self) -> FullKey {
        let header = Header {
            binding: self.binding,
            version: self.version,
        };
        FullKey::new(header, Tree::from_parts(self.len, self.head, &self.tail))
    }

    /// Notes a visit; returns false if the entry is watched, and more than the time has to be checked.
    #[inline(always)]
    pub(super) fn visit(&self) -> bool {
        let visits = self.visits.load(Relaxed);
        if visits == MOST_VISITS {
            return true;
        }
        if visits & !WATCHED < MOST_VISITS {
            self.visits.store(visits + 1, Relaxed);
        }
        visits & WATCHED == 0
    }

    /// Returns whether no marker has ended it; `count` is the level's, read before.
    pub(super) fn is_unmarked(&self, count: u64) -> bool {
        let watch = self.later.as_ref().and_then(|later| later.watch.as_ref());
        let Some(watch) = watch else { return true };
        if watch.seen.load(Relaxed) == count {
            return true;
        }
        let is_alive = watch.marks.are_silent();
        if is_alive {
            watch.seen.store(count, Relaxed);
        }
        is_alive
    }

    /// Returns the markers that may end it.
    pub(crate) fn marks(&self) -> Marks {
        let watch = self.later.as_ref().and_then(|later| later.watch.as_ref());
        watch.map_or_else(|| Marks::none(0), |watch| watch.marks.clone())
    }

    /// Takes one visit back; returns false if there was none.
    pub(super) fn unvisit(&self) -> bool {
        let visits = self.visits.load(Relaxed);
        let is_visited = visits & !WATCHED > 0;
        if is_visited {
            self.visits.store(visits - 1, Relaxed);
        }
        is_visited
    }
}

/// An entry that has no key yet.
pub(crate) struct Draft(Owned<Entry>);

impl Draft {
    #[expect(unsafe_code, reason = "an allocation is owned")]
    pub(crate) fn new<H: Held>(value: H) -> Self {
        let entry = allocate(value, |value| Entry {
            value,
            calm: AtomicU64::new(0),
            version: 0,
            binding: 0,
            len: 0,
            head: Head::default(),
            tail: Box::default(),
            id: 0,
            weight: 0,
            visits: AtomicU8::new(0),
            later: None,
        });
        // SAFETY: it has just been allocated, for this alone.
        Self(unsafe { Owned::new(entry) })
    }

    /// Returns the same, until `expires`.
    pub(crate) fn until(mut self, expires: Tick, weight: usize) -> Self {
        let entry = self.0.get_mut();
        entry.calm = AtomicU64::new(expires);
        entry.weight = u32::try_from(weight).unwrap_or(u32::MAX);
        self
    }

    /// Returns the same, for this life, which has more than two ages, or may be given them; computing it took
    /// `cost`.
    pub(crate) fn living(self, life: Life, cost: Duration, weight: usize) -> Self {
        let mut draft = self.until(life.calm, weight);
        draft.0.get_mut().later = Some(Box::new(Later {
            expires: AtomicU64::new(life.expires),
            dead: AtomicU64::new(life.dead),
            cost,
            watch: None,
        }));
        draft
    }

    /// Returns the same, ended by these markers, if there are any; `is_near`: it is checked in any case.
    pub(crate) fn watched(mut self, marks: Marks, is_near: bool) -> Self {
        let entry = self.0.get_mut();
        if !marks.is_empty() {
            let expires = entry.calm.load(Relaxed);
            let later = entry.later.get_or_insert_with(|| {
                Box::new(Later {
                    expires: AtomicU64::new(expires),
                    dead: AtomicU64::new(expires),
                    cost: Duration::ZERO,
                    watch: None,
                })
            });
            later.watch = Some(Watch {
                marks,
                // Never a level's count: it is checked on the first hit.
                seen: AtomicU64::new(u64::MAX),
            });
        }
        if is_near
            || entry
                .later
                .as_ref()
                .is_some_and(|later| later.watch.is_some())
        {
            entry.visits = AtomicU8::new(entry.visits.load(Relaxed) | WATCHED);
        }
        self
    }

    pub(super) fn weight(&self) -> usize {
        self.0.get().weight()
    }

    /// Returns a new entry under this key.
    pub(super) fn under(mut self, key: &FullKey, id: u64) -> Owned<Entry> {
        let entry = self.0.get_mut();
        entry.version = key.header.version;
        entry.binding = key.header.binding;
        (entry.len, entry.head) = key.tree.head();
        entry.tail = key.tree.tail().into();
        entry.id = id;
        self.0
    }

    /// Returns an entry that replaces `old`.
    pub(super) fn after(mut self, key: &FullKey, old: &Entry) -> Owned<Entry> {
        let entry = self.0.get_mut();
        let visits = old.visits.load(Relaxed) & !WATCHED;
        entry.visits = AtomicU8::new(entry.visits.load(Relaxed) | visits);
        self.under(key, old.id)
    }
}
