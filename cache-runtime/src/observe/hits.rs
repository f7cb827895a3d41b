//! Counting in-process hits without a write to memory that another thread writes.
//!
//! Every counter has a number; every thread has a cell for each number, which it alone writes. A
//! total is the sum over all threads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Cells in the first chunk; each further one has twice as many.
const FIRST: u32 = 512;
/// Enough for every `u32`.
const CHUNKS: usize = 24;

type Chunk = OnceLock<Box<[AtomicU64]>>;

/// The cells of one thread at a time.
#[derive(Debug)]
pub(crate) struct Hits([Chunk; CHUNKS]);

impl Hits {
    pub(crate) const fn new() -> Self {
        Self([const { OnceLock::new() }; CHUNKS])
    }

    /// Counts one.
    #[inline]
    pub(crate) fn count(&self, number: u32) {
        let first = self.0[0].get().and_then(|cells| cells.get(number as usize));
        let cell = first.unwrap_or_else(|| self.far(number));
        // Only this thread writes the cell: a load and a store cost less than an addition.
        cell.store(cell.load(Relaxed) + 1, Relaxed);
    }

    /// A cell beyond the first chunk, or in one that is not there yet.
    #[cold]
    #[inline(never)]
    fn far(&self, number: u32) -> &AtomicU64 {
        let (chunk, cell) = place(number);
        let cells = (FIRST as usize) << chunk;
        let chunk = &self.0[chunk];
        &chunk.get_or_init(|| (0..cells).map(|_| AtomicU64::new(0)).collect())[cell]
    }

    /// How often it was counted here.
    pub(crate) fn of(&self, number: u32) -> u64 {
        let (chunk, cell) = place(number);
        self.0[chunk]
            .get()
            .map_or(0, |cells| cells[cell].load(Relaxed))
    }
}

/// Chunk and cell of a number: chunk `k` begins at `FIRST * (2^k - 1)`.
#[inline]
fn place(number: u32) -> (usize, usize) {
    let shifted = u64::from(number) + u64::from(FIRST);
    let chunk = shifted.ilog2() - FIRST.ilog2();
    ((chunk as usize), (shifted - (u64::from(FIRST) << chunk)) as usize)
}

#[cfg(test)]
mod tests {
    use super::{FIRST, Hits, place};

    #[test]
    fn every_number_has_a_cell_of_its_own() {
        let mut expected = (0, 0);
        for number in 0..100_000 {
            assert_eq!(place(number), expected);
            expected.1 += 1;
            if expected.1 == (FIRST as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(place(u32::MAX).0, 23);
    }

    #[test]
    fn a_count_is_found_again() {
        let hits = Hits::new();
        for number in [0, 511, 512, 1535, 1536, 5000] {
            (0..=number).for_each(|_| hits.count(number));
            assert_eq!(hits.of(number), u64::from(number) + 1);
        }
        assert_eq!(hits.of(1), 0);
    }
}
