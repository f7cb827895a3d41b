//! How much may wait for one store: a store that hangs must not pile up memory.
//!
//! An operation waits no longer than its time limit, but until that is over, and the breaker opens,
//! there are as many as there are callers, each with the bytes that it wants to write. Beyond the limit they fail
//! at once, which costs their callers no more than a store that is down.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// The most operations. A healthy store has far fewer at a time: at 20 µs each, these are a fifth of a
/// second's work.
const MOST: usize = 10_000;
/// The most bytes waiting to be written. One operation may be larger; then it is the last.
const MOST_BYTES: usize = 64 << 20;

/// The operations of one store that are under way.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    operations: AtomicUsize,
    bytes: AtomicUsize,
    /// Whether it was full the last time, and that was logged.
    was_full: AtomicBool,
}

/// There is no room; and whether that is news.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) is_news: bool,
}

impl Backlog {
    /// Returns a place for an operation that writes this many bytes, held for as long as it lives.
    pub(crate) fn enter(&self, bytes: usize) -> Result<Slot<'_>, Full> {
        let operations = self.operations.fetch_add(1, Relaxed);
        // Operations that only read leave the second counter alone.
        let waiting = match bytes {
            0 => 0,
            bytes => self.bytes.fetch_add(bytes, Relaxed),
        };
        let slot = Slot {
            backlog: self,
            bytes,
        };
        if operations >= MOST || waiting >= MOST_BYTES {
            drop(slot);
            return Err(Full {
                is_news: !self.was_full.swap(true, Relaxed),
            });
        }
        // Once it is half empty, the next time is news again.
        if self.was_full.load(Relaxed) && operations < MOST / 2 && waiting < MOST_BYTES / 2 {
            self.was_full.store(false, Relaxed);
        }
        Ok(slot)
    }
}

/// An operation's slot, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    backlog: &'a Backlog,
    bytes: usize,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.backlog.operations.fetch_sub(1, Relaxed);
        if self.bytes > 0 {
            self.backlog.bytes.fetch_sub(self.bytes, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Backlog, Full, MOST, MOST_BYTES};

    #[test]
    fn so_many_and_no_more_and_that_is_said_once() {
        let waiting = Backlog::default();
        let mut slots: Vec<_> = (0..MOST).map(|_| waiting.enter(0).unwrap()).collect();
        assert_eq!(waiting.enter(0).unwrap_err(), Full { is_news: true });
        assert_eq!(waiting.enter(1).unwrap_err(), Full { is_news: false });
        slots.truncate(MOST - 1);
        slots.push(waiting.enter(0).unwrap());
        assert_eq!(waiting.enter(0).unwrap_err(), Full { is_news: false });
        // It has been well in between.
        slots.truncate(1);
        slots.push(waiting.enter(0).unwrap());
        let others: Vec<_> = (2..MOST).map(|_| waiting.enter(0).unwrap()).collect();
        assert_eq!(waiting.enter(0).unwrap_err(), Full { is_news: true });
        drop((slots, others));
        assert!(waiting.enter(1).is_ok());
    }

    #[test]
    fn so_many_bytes_and_one_operation_more() {
        let waiting = Backlog::default();
        let large = waiting.enter(MOST_BYTES * 2).unwrap();
        assert!(waiting.enter(1).is_err());
        assert!(waiting.enter(0).is_ok(), "who only reads brings none");
        drop(large);
        let one = waiting.enter(MOST_BYTES - 1).unwrap();
        let other = waiting.enter(1).unwrap();
        assert!(waiting.enter(1).is_err());
        drop((one, other));
        assert!(waiting.enter(1).is_ok());
    }
}
