//! One shard of a hash table that is read without a lock and changed under one.
//!
//! An array of cells, each a hash and a pointer to a node, searched from the hash's place onwards
//! until an empty cell. A hash is compared before its node is looked at, so a search costs one look
//! at a node however full the array is. A removal leaves a dead cell, which the next new
//! node takes; the array is rebuilt when empty cells become rare.

use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::reclaim::atomic::{AtomicPtr, AtomicU64, Mutex, MutexGuard};
use crate::reclaim::{Bag, DOMAIN, Pinned};
use crate::sync::lock;

/// What the table holds.
pub(crate) trait Node: Send + Sync {
    /// Returns about how many bytes it holds.
    fn weight(&self) -> usize;

    /// Frees it.
    ///
    /// # Safety
    ///
    /// The caller owns it, as an [`Owned`] does.
    #[expect(unsafe_code, reason = "a pointer becomes a box again")]
    unsafe fn free(this: *mut Self)
    where
        Self: Sized,
    {
        // SAFETY: where this is not overridden, nodes come out of boxes.
        drop(unsafe { Box::from_raw(this) });
    }
}

/// A node that is owned, as a box would own it; others may still read it.
pub(crate) struct Owned<N: Node>(*mut N);

// SAFETY: it owns the node, as a `Box<N>` would.
#[expect(unsafe_code, reason = "raw pointers are not Send by themselves")]
unsafe impl<N: Node> Send for Owned<N> {}

impl<N: Node> Owned<N> {
    /// Owns the node.
    ///
    /// # Safety
    ///
    /// [`Node::free`] may free it, nobody else does, and who drops this knows that nobody reads it.
    #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
    pub(crate) unsafe fn new(node: *mut N) -> Self {
        Self(node)
    }

    #[expect(unsafe_code, reason = "a pointer is followed")]
    pub(crate) fn get(&self) -> &N {
        // SAFETY: it is owned.
        unsafe { &*self.0 }
    }

    /// To change it, before anybody can find it.
    #[expect(unsafe_code, reason = "a pointer is followed")]
    pub(crate) fn get_mut(&mut self) -> &mut N {
        // SAFETY: it is owned, and not in a table: from there it comes back into bags alone.
        unsafe { &mut *self.0 }
    }

    fn give_away(self) -> *mut N {
        std::mem::ManuallyDrop::new(self).0
    }
}

impl<N: Node> From<Box<N>> for Owned<N> {
    fn from(node: Box<N>) -> Self {
        Self(Box::into_raw(node))
    }
}

impl<N: Node> Drop for Owned<N> {
    #[expect(unsafe_code, reason = "a node is freed")]
    fn drop(&mut self) {
        // SAFETY: it is owned.
        unsafe { N::free(self.0) };
    }
}

/// A shard of nodes `N`, with a state `S` of its owner under the same lock.
// Alone in its cache lines: a writer of one shard must not slow down a reader of the next one.
#[repr(align(128))]
pub(crate) struct Shard<N: Node, S> {
    array: AtomicPtr<Cell<N>>,
    inner: Mutex<Inner<N, S>>,
}

struct Inner<N: Node, S> {
    live: usize,
    dead: usize,
    nodes: Bag<Owned<N>>,
    arrays: Bag<Cells<N>>,
    state: S,
}

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
/// Changing a dead cell would free its node twice.
const STALE: &str = "a bucket was used after a change";

/// A shard while it is locked: what changes it, and a steady view.
pub(crate) struct Locked<'t, N: Node, S> {
    shard: &'t Shard<N, S>,
    // In this order: what is freed may lock the shard again.
    inner: MutexGuard<'t, Inner<N, S>>,
    freed: Vec<Owned<N>>,
}

/// The nodes of a locked shard, without its state.
pub(crate) struct Nodes<'l, N: Node, S>(&'l Shard<N, S>);

/// Where a node is, until the next change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket(usize);

/// An array of cells, as long as it is not freed.
///
/// In memory it is one row of cells, the first of which holds their count, less one, in place of a hash: so
/// one pointer is enough, and a search follows one less.
struct Array<'g, N> {
    cells: &'g [Cell<N>],
}

/// An array that is owned.
struct Cells<N>(*mut Cell<N>);

// SAFETY: it owns the cells; the nodes that they point to are another's.
#[expect(unsafe_code, reason = "raw pointers are not Send by themselves")]
unsafe impl<N: Send> Send for Cells<N> {}

impl<N> Cell<N> {
    fn is_live(&self) -> bool {
        self.hash.load(Relaxed) & LIVE != 0
    }
}

impl<N> Cells<N> {
    fn new(count: usize) -> Self {
        let cell = |hash| Cell::<N> {
            hash: AtomicU64::new(hash),
            node: AtomicPtr::new(ptr::null_mut()),
        };
        let header = std::iter::once(cell(count as u64 - 1));
        let cells: Box<[_]> = header.chain((0..count).map(|_| cell(EMPTY))).collect();
        Self(Box::into_raw(cells).cast())
    }

    fn give_away(self) -> *mut Cell<N> {
        std::mem::ManuallyDrop::new(self).0
    }
}

impl<N> Drop for Cells<N> {
    #[expect(unsafe_code, reason = "a pointer becomes a box again")]
    fn drop(&mut self) {
        // SAFETY: `new` made a box of so many cells and the first, which says how many.
        unsafe {
            let count = (*self.0).hash.load(Relaxed) as usize + 2;
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(self.0, count)));
        }
    }
}

impl<N> Clone for Array<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Array<'_, N> {}

impl<'g, N> Array<'g, N> {
    /// # Safety
    ///
    /// `first` comes from [`Cells::new`] and is not freed as long as this lives.
    #[inline(always)]
    #[expect(unsafe_code, reason = "a pointer is followed")]
    unsafe fn at(first: *const Cell<N>) -> Self {
        // SAFETY: the first cell is followed by as many as it says, and one.
        let cells = unsafe {
            let count = (*first).hash.load(Relaxed) as usize + 1;
            std::slice::from_raw_parts(first.add(1), count)
        };
        Self { cells }
    }

    #[inline(always)]
    fn start(self, hash: u64) -> usize {
        // The bits that neither the marks hide nor the choice of the shard has used.
        (hash >> SHARD_BITS.end) as usize & (self.cells.len() - 1)
    }

    #[inline(always)]
    fn next(self, at: usize) -> usize {
        (at + 1) & (self.cells.len() - 1)
    }

    /// Returns the cell for a new node: the first dead or empty one on its way.
    fn vacant(self, hash: u64) -> usize {
        let mut at = self.start(hash);
        while self.cells[at].hash.load(Relaxed) & !DEAD != EMPTY {
            at = self.next(at);
        }
        at
    }

    fn fill(self, at: usize, hash: u64, node: *mut N) {
        let cell = &self.cells[at];
        // A reader that sees the node sees what is in it, and one that sees the hash sees the node.
        cell.node.store(node, Release);
        cell.hash.store(hash | LIVE, Release);
    }

    /// Returns the node that `is_it` selects, and its cell.
    #[inline(always)]
    #[expect(unsafe_code, reason = "a pointer is followed")]
    fn search(self, hash: u64, is_it: impl Fn(&N) -> bool) -> Option<(usize, &'g N)> {
        let wanted = hash | LIVE;
        let mut at = self.start(hash);
        loop {
            let cell = &self.cells[at];
            // Acquire: the node was there before its hash.
            let found = cell.hash.load(Acquire);
            if found == wanted {
                // SAFETY: a cell that ever had a hash has a node. It may be another by now, or one
                // that was taken away since: who has an `Array` is pinned since before, or has the
                // lock, and in either case it is not freed yet.
                let node = unsafe { &*cell.node.load(Acquire) };
                if is_it(node) {
                    return Some((at, node));
                }
            } else if found == EMPTY {
                return None;
            }
            at = self.next(at);
        }
    }
}

impl<N: Node, S> Shard<N, S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            array: AtomicPtr::new(Cells::new(SMALLEST).give_away()),
            inner: Mutex::new(Inner {
                live: 0,
                dead: 0,
                nodes: Bag::new(),
                arrays: Bag::new(),
                state,
            }),
        }
    }

    /// Returns the node that `is_it` selects, as long as the reader is pinned.
    #[inline(always)]
    pub(crate) fn get<'g>(
        &'g self,
        hash: u64,
        is_it: impl Fn(&N) -> bool,
        pinned: Pinned<'g>,
    ) -> Option<&'g N> {
        let found = self.array(pinned).search(hash, is_it);
        found.map(|(_, node)| node)
    }

    /// Visits every node.
    pub(crate) fn each<'g>(&'g self, pinned: Pinned<'g>) -> impl Iterator<Item = &'g N> {
        let cells = self.array(pinned).cells.iter();
        cells.filter_map(move |cell| node_of(cell, pinned))
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "a pointer is followed")]
    fn array<'g>(&'g self, _: Pinned<'g>) -> Array<'g, N> {
        // SAFETY: an array is retired only after another took its place; the reader is pinned.
        unsafe { Array::at(self.array.load(Acquire)) }
    }

    #[expect(unsafe_code, reason = "a pointer is followed")]
    fn array_locked(&self) -> Array<'_, N> {
        // SAFETY: this is called with the lock held: only who has it retires the array, and nothing
        // of it is freed before the lock is released.
        unsafe { Array::at(self.array.load(Relaxed)) }
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
fn node_of<'g, N>(cell: &'g Cell<N>, _: Pinned<'g>) -> Option<&'g N> {
    let is_live = cell.hash.load(Acquire) & LIVE != 0;
    // SAFETY: as in `search`.
    is_live.then(|| unsafe { &*cell.node.load(Acquire) })
}

impl<N: Node, S> Locked<'_, N, S> {
    pub(crate) fn len(&self) -> usize {
        self.inner.live
    }

    /// Returns where the node is that `is_it` selects.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(&N) -> bool) -> Option<(Bucket, &N)> {
        let found = self.array().search(hash, is_it);
        found.map(|(at, node)| (Bucket(at), node))
    }

    fn array(&self) -> Array<'_, N> {
        self.shard.array_locked()
    }

    /// Returns the owner's state, to change it, and the nodes, to look at them.
    pub(crate) fn parts(&mut self) -> (&mut S, Nodes<'_, N, S>) {
        (&mut self.inner.state, Nodes(self.shard))
    }

    /// Adds a node whose key, of this hash, is not there.
    pub(crate) fn insert(&mut self, hash: u64, node: Owned<N>) {
        let room = self.array().cells.len();
        if (self.inner.live + self.inner.dead + 1) * 16 > room * 13 {
            self.rebuild();
        }
        let array = self.array();
        let at = array.vacant(hash);
        let was_dead = array.cells[at].hash.load(Relaxed) == DEAD;
        array.fill(at, hash, node.give_away());
        self.inner.live += 1;
        self.inner.dead -= usize::from(was_dead);
    }

    /// Replaces another node with `node`, which has the same key.
    pub(crate) fn replace(&mut self, bucket: Bucket, node: Owned<N>) {
        let cell = &self.array().cells[bucket.0];
        assert!(cell.is_live(), "{STALE}");
        let old = cell.node.swap(node.give_away(), Release);
        self.retire(old);
    }

    /// Removes a node.
    pub(crate) fn remove(&mut self, bucket: Bucket) {
        let array = self.array();
        let mut at = bucket.0;
        assert!(array.cells[at].is_live(), "{STALE}");
        let old = array.cells[at].node.load(Relaxed);
        array.cells[at].hash.store(DEAD, Release);
        let mut dead = 1;
        // Where a search would end at the next cell, it may as well end here.
        if array.cells[array.next(at)].hash.load(Relaxed) == EMPTY {
            while array.cells[at].hash.load(Relaxed) == DEAD {
                array.cells[at].hash.store(EMPTY, Release);
                dead -= 1;
                at = at.wrapping_sub(1) & (array.cells.len() - 1);
            }
        }
        self.inner.live -= 1;
        self.inner.dead = self.inner.dead.saturating_add_signed(dead);
        self.retire(old);
    }

    #[expect(unsafe_code, reason = "a pointer is given away")]
    fn retire(&mut self, node: *mut N) {
        // SAFETY: it was owned when it came, its cell does not have it any more, and it leaves the
        // table once. The bag drops it when nobody reads it.
        let node = unsafe { Owned::new(node) };
        let weight = node.get().weight();
        self.inner.nodes.put(node, weight);
    }

    #[expect(unsafe_code, reason = "a pointer is given away")]
    #[cold]
    fn rebuild(&mut self) {
        let room = ((self.inner.live + 1) * 2)
            .next_power_of_two()
            .max(SMALLEST);
        let cells = Cells::new(room);
        // SAFETY: the cells are alive until the end of this function, and longer.
        let array = unsafe { Array::at(cells.0) };
        for cell in self.array().cells {
            if cell.is_live() {
                let hash = cell.hash.load(Relaxed);
                array.fill(array.vacant(hash), hash, cell.node.load(Relaxed));
            }
        }
        let old = self.shard.array.swap(cells.give_away(), Release);
        self.inner.dead = 0;
        self.inner.arrays.put(Cells(old), 0);
        drop(self.inner.arrays.close(&DOMAIN));
    }

    /// Frees what nobody reads any more, once it amounts to `count` nodes or `weight`
    /// bytes.
    pub(crate) fn tidy(&mut self, count: usize, weight: usize) {
        let (waiting, heavy) = self.inner.nodes.waiting();
        if waiting >= count || heavy >= weight {
            self.freed.extend(self.inner.nodes.close(&DOMAIN));
            // An old array that was still read when it was replaced.
            if !self.inner.arrays.is_empty() {
                drop(self.inner.arrays.close(&DOMAIN));
            }
        }
    }
}

impl<N: Node, S> Nodes<'_, N, S> {
    pub(crate) fn has(&self, hash: u64, is_it: impl Fn(&N) -> bool) -> bool {
        self.0.array_locked().search(hash, is_it).is_some()
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

impl<N: Node, S> Drop for Shard<N, S> {
    #[expect(unsafe_code, reason = "pointers are owned again")]
    fn drop(&mut self) {
        let cells = Cells(self.array.load(Relaxed));
        // SAFETY: who drops the shard is alone with it.
        let array = unsafe { Array::at(cells.0) };
        let live = array.cells.iter().filter(|cell| cell.is_live());
        // SAFETY: every live cell of the last array has a node that was owned, and no other owner; those
        // that left it are in the bag, which drops them next.
        let nodes = live.map(|cell| unsafe { Owned::new(cell.node.load(Relaxed)) });
        // All of them before the first is dropped: a value whose `drop` panics must not leak the others.
        drop(nodes.collect::<Vec<_>>());
    }
}
