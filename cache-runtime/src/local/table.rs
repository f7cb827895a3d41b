//! One shard of a hash table that is read without a lock and changed under one.
//!
//! An array of cells, each a hash and a pointer to a node, searched from the hash's place onwards
//! until an empty cell. A hash is compared before its node is looked at, so a search costs one look
//! at a node however full the array is. What is taken away leaves a dead cell, which the next new
//! node takes; the array is made anew when empty cells become rare.

use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Mutex, MutexGuard};

use crate::reclaim::{Bag, DOMAIN, Guard};
use crate::sync::lock;

/// What the table holds.
pub(crate) trait Node: Send + Sync {
    /// The hash of its key, always the same.
    fn hash(&self) -> u64;
    /// About how many bytes it holds.
    fn weight(&self) -> usize;
}

/// A shard of nodes `N`, with a state `S` of its owner under the same lock.
// Alone in its cache lines: who changes one shard must not slow down who reads the next one.
#[repr(align(128))]
pub(crate) struct Shard<N, S> {
    array: AtomicPtr<Array<N>>,
    inner: Mutex<Inner<N, S>>,
}

struct Inner<N, S> {
    live: usize,
    dead: usize,
    nodes: Bag<N>,
    arrays: Bag<Array<N>>,
    state: S,
}

struct Array<N>(Box<[Cell<N>]>);

struct Cell<N> {
    /// [`EMPTY`], [`DEAD`], or the marked hash of the node.
    hash: AtomicU64,
    node: AtomicPtr<N>,
}

const EMPTY: u64 = 0;
const DEAD: u64 = 1;
/// Set in the hash of every live cell.
const LIVE: u64 = 2;
/// The bits of a hash by which its shard is chosen.
pub(crate) const SHARD_BITS: std::ops::Range<u32> = 24..28;
const SMALLEST: usize = 8;

/// A shard while it is locked: what changes it, and a steady view.
pub(crate) struct Locked<'t, N: Node, S> {
    shard: &'t Shard<N, S>,
    // In this order: what is freed may lock the shard again.
    inner: MutexGuard<'t, Inner<N, S>>,
    freed: Vec<Box<N>>,
}

/// The nodes of a locked shard, without its state.
pub(crate) struct Nodes<'l, N, S>(&'l Shard<N, S>);

/// Where a node stands, until the next change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(usize);

impl<N> Array<N> {
    fn new(cells: usize) -> Box<Self> {
        let cell = || Cell {
            hash: AtomicU64::new(EMPTY),
            node: AtomicPtr::new(ptr::null_mut()),
        };
        Box::new(Self((0..cells).map(|_| cell()).collect()))
    }

    #[inline]
    fn start(&self, hash: u64) -> usize {
        // Bits that neither the marks hide nor the choice of the shard has used.
        (hash >> SHARD_BITS.end) as usize & (self.0.len() - 1)
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.0.len() - 1)
    }

    /// The cell for a new node: the first dead or empty one on its way.
    fn vacant(&self, hash: u64) -> usize {
        let mut at = self.start(hash);
        while self.0[at].hash.load(Relaxed) & !DEAD != EMPTY {
            at = self.next(at);
        }
        at
    }

    fn fill(&self, at: usize, hash: u64, node: *mut N) {
        let cell = &self.0[at];
        // Whoever sees the node sees what is in it, and whoever sees the hash sees the node.
        cell.node.store(node, Release);
        cell.hash.store(hash | LIVE, Release);
    }
}

impl<N: Node, S> Shard<N, S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            array: AtomicPtr::new(Box::into_raw(Array::new(SMALLEST))),
            inner: Mutex::new(Inner {
                live: 0,
                dead: 0,
                nodes: Bag::new(),
                arrays: Bag::new(),
                state,
            }),
        }
    }

    /// The node that `is_it` says, as long as the reader is pinned.
    #[inline(always)]
    pub(crate) fn get<'g>(
        &'g self,
        hash: u64,
        is_it: impl Fn(&N) -> bool,
        guard: &'g Guard<'_>,
    ) -> Option<&'g N> {
        self.search(self.array(guard), hash, is_it)
            .map(|(_, node)| node)
    }

    /// Visits every node.
    pub(crate) fn each<'g>(&'g self, guard: &'g Guard<'_>) -> impl Iterator<Item = &'g N> {
        let cells = self.array(guard).0.iter();
        cells.filter_map(move |cell| node_of(cell, guard))
    }

    #[inline]
    #[expect(unsafe_code, reason = "a pointer is followed")]
    fn array<'g>(&'g self, _: &'g Guard<'_>) -> &'g Array<N> {
        // SAFETY: an array is retired only after another took its place; the reader is pinned.
        unsafe { &*self.array.load(Acquire) }
    }

    #[expect(unsafe_code, reason = "a pointer is followed")]
    fn array_locked(&self) -> &Array<N> {
        // SAFETY: this is called with the lock held: only who has it retires the array, and nothing
        // of it is freed before the lock is released.
        unsafe { &*self.array.load(Relaxed) }
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "a pointer is followed")]
    fn search<'g>(
        &'g self,
        array: &'g Array<N>,
        hash: u64,
        is_it: impl Fn(&N) -> bool,
    ) -> Option<(usize, &'g N)> {
        let wanted = hash | LIVE;
        let mut at = array.start(hash);
        loop {
            let cell = &array.0[at];
            // Acquire: the node was there before its hash.
            let found = cell.hash.load(Acquire);
            if found == wanted {
                // SAFETY: a cell that ever had a hash has a node. It may be another by now, or one
                // that was taken away after this thread was pinned (or, with the lock, cannot be
                // freed before it is released): it is not freed yet in any case.
                let node = unsafe { &*cell.node.load(Acquire) };
                if is_it(node) {
                    return Some((at, node));
                }
            } else if found == EMPTY {
                return None;
            }
            at = array.next(at);
        }
    }

    pub(crate) fn lock(&self) -> Locked<'_, N, S> {
        Locked {
            shard: self,
            inner: lock(&self.inner),
            freed: Vec::new(),
        }
    }
}

#[expect(unsafe_code, reason = "a pointer is followed")]
fn node_of<'g, N>(cell: &'g Cell<N>, _: &'g Guard<'_>) -> Option<&'g N> {
    let is_live = cell.hash.load(Acquire) & LIVE != 0;
    // SAFETY: as in `search`.
    is_live.then(|| unsafe { &*cell.node.load(Acquire) })
}

impl<N: Node, S> Locked<'_, N, S> {
    pub(crate) fn len(&self) -> usize {
        self.inner.live
    }

    /// Where the node is that `is_it` says.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(&N) -> bool) -> Option<(Place, &N)> {
        let found = self.shard.search(self.array(), hash, is_it);
        found.map(|(at, node)| (Place(at), node))
    }

    fn array(&self) -> &Array<N> {
        self.shard.array_locked()
    }

    /// The owner's state, to change it, and the nodes, to look at them.
    pub(crate) fn parts(&mut self) -> (&mut S, Nodes<'_, N, S>) {
        (&mut self.inner.state, Nodes(self.shard))
    }

    /// Adds a node whose key is not there.
    pub(crate) fn insert(&mut self, node: Box<N>) {
        let room = self.array().0.len();
        if (self.inner.live + self.inner.dead + 1) * 4 > room * 3 {
            self.rebuild();
        }
        let hash = node.hash();
        let array = self.array();
        let at = array.vacant(hash);
        let was_dead = array.0[at].hash.load(Relaxed) == DEAD;
        array.fill(at, hash, Box::into_raw(node));
        self.inner.live += 1;
        self.inner.dead -= usize::from(was_dead);
    }

    /// Puts `node`, which has the same key, in the place of another.
    pub(crate) fn replace(&mut self, place: Place, node: Box<N>) {
        let cell = &self.array().0[place.0];
        let old = cell.node.swap(Box::into_raw(node), Release);
        self.retire(old);
    }

    /// Takes a node away.
    pub(crate) fn remove(&mut self, place: Place) {
        let array = self.array();
        let mut at = place.0;
        let old = array.0[at].node.load(Relaxed);
        array.0[at].hash.store(DEAD, Release);
        let mut dead = 1;
        // Where a search would end at the next cell, it may as well end here.
        if array.0[array.next(at)].hash.load(Relaxed) == EMPTY {
            while array.0[at].hash.load(Relaxed) == DEAD {
                array.0[at].hash.store(EMPTY, Release);
                dead -= 1;
                at = at.wrapping_sub(1) & (array.0.len() - 1);
            }
        }
        self.inner.live -= 1;
        self.inner.dead = self.inner.dead.saturating_add_signed(dead);
        self.retire(old);
    }

    #[expect(unsafe_code, reason = "a pointer is given away")]
    fn retire(&mut self, node: *mut N) {
        // SAFETY: it came out of a box, its cell does not have it any more, and it leaves the table
        // once.
        unsafe {
            let weight = (*node).weight();
            self.inner.nodes.retire(node, weight);
        }
    }

    #[expect(unsafe_code, reason = "a pointer is given away")]
    #[cold]
    fn rebuild(&mut self) {
        let array = Array::new(((self.inner.live + 1) * 2).next_power_of_two().max(SMALLEST));
        for cell in &self.array().0 {
            let hash = cell.hash.load(Relaxed);
            if hash & LIVE != 0 {
                array.fill(array.vacant(hash), hash, cell.node.load(Relaxed));
            }
        }
        let old = self.shard.array.swap(Box::into_raw(array), Release);
        self.inner.dead = 0;
        // SAFETY: it came out of a box and another has taken its place.
        unsafe { self.inner.arrays.retire(old, 0) };
        drop(self.inner.arrays.close(&DOMAIN));
    }

    /// Frees what nobody reads any more, once as much has come together as `count` nodes or `weight`
    /// bytes.
    pub(crate) fn tidy(&mut self, count: usize, weight: usize) {
        let (waiting, heavy) = self.inner.nodes.waiting();
        if waiting >= count || heavy >= weight {
            self.freed.extend(self.inner.nodes.close(&DOMAIN));
        }
    }
}

impl<N: Node, S> Nodes<'_, N, S> {
    pub(crate) fn has(&self, hash: u64, is_it: impl Fn(&N) -> bool) -> bool {
        let array = self.0.array_locked();
        self.0.search(array, hash, is_it).is_some()
    }
}

impl<N: Node, S> Deref for Locked<'_, N, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.inner.state
    }
}

impl<N: Node, S> DerefMut for Locked<'_, N, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.inner.state
    }
}

impl<N, S> Drop for Shard<N, S> {
    #[expect(unsafe_code, reason = "pointers become boxes again")]
    fn drop(&mut self) {
        // SAFETY: who drops the shard is alone with it. Every live cell of the last array has a node
        // out of a box; those that left it are in the bags.
        let array = unsafe { Box::from_raw(*self.array.get_mut()) };
        for mut cell in array.0 {
            if *cell.hash.get_mut() & LIVE != 0 {
                drop(unsafe { Box::from_raw(*cell.node.get_mut()) });
            }
        }
        let mut inner = lock(&self.inner);
        drop(unsafe { inner.nodes.empty() });
        drop(unsafe { inner.arrays.empty() });
    }
}
