//! Which thread reads since when: epochs, and one record for each thread that reads.

use std::marker::PhantomData;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use super::atomic::{AtomicU64, Mutex, heavy, light, prepare};
use crate::sync::lock;

/// All readers and the current epoch.
pub(crate) struct Domain {
    /// Counts from 1.
    pub(super) epoch: AtomicU64,
    pub(super) readers: Mutex<Vec<&'static Reader>>,
}

/// What one thread publishes about its reading.
#[derive(Debug)]
pub(crate) struct Reader {
    /// The epoch in which it began to read; 0 while it does not read.
    since: AtomicU64,
}

/// While it lives, nothing that this thread finds is freed.
pub(crate) struct Guard<'r> {
    reader: &'r Reader,
    is_outermost: bool,
    // It belongs to the thread that made it.
    thread: PhantomData<*mut ()>,
}

/// Proof that a guard lives at least this long. It costs nothing to pass on.
#[derive(Clone, Copy)]
pub(crate) struct Pinned<'g>(PhantomData<&'g Guard<'g>>);

impl Guard<'_> {
    #[inline(always)]
    pub(crate) fn pinned(&self) -> Pinned<'_> {
        Pinned(PhantomData)
    }
}

impl Domain {
    /// Makes a reader known, permanently.
    pub(crate) fn enroll(&self, reader: &'static Reader) {
        prepare();
        lock(&self.readers).push(reader);
    }

    /// Begins a new epoch. A thread that begins to read in it or later does not see what was unlinked
    /// before this call; once [`oldest`](Domain::oldest) is above the number that this returns,
    /// no thread does. `None`: the readers could not be asked, so nothing is known.
    pub(super) fn advance(&self) -> Option<u64> {
        let ended = self.epoch.fetch_add(1, AcqRel);
        // Either we see that a reader is there, or it sees that what it looks for is gone.
        heavy().then_some(ended)
    }

    /// Returns the epoch of the reader that began first; the greatest number if nobody reads.
    pub(super) fn oldest(&self) -> u64 {
        let readers = lock(&self.readers);
        // Acquire: what a past reader has read, it read before what comes after this.
        let since = readers.iter().map(|reader| reader.since.load(Acquire));
        since.filter(|since| *since != 0).min().unwrap_or(u64::MAX)
    }
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self {
            since: AtomicU64::new(0),
        }
    }

    /// Begins to read.
    ///
    /// # Safety
    ///
    /// The reader is enrolled in `domain`, and no other thread uses it until the guard is gone.
    /// Guards of one reader end in the reverse order of their beginnings.
    #[inline]
    #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
    pub(crate) unsafe fn pin(&self, domain: &Domain) -> Guard<'_> {
        let is_outermost = self.since.load(Relaxed) == 0;
        if is_outermost {
            // Acquire: in an epoch, all that went out of sight before it is out of sight.
            // Release: a later beginning also tells that the reading before it has ended.
            self.since.store(domain.epoch.load(Acquire), Release);
            light();
        }
        Guard {
            reader: self,
            is_outermost,
            thread: PhantomData,
        }
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_outermost {
            self.reader.since.store(0, Release);
        }
    }
}
