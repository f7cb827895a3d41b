//! Counting in-process hits without writing to memory that another thread writes.
//!
//! Every counter has a number; every thread has a cell for each number, which no other thread writes. A
//! total is the sum over all threads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Numbers that have a cell from the start.
const NEAR: usize = 512;
/// Chunks of 512, 1024, 2048, … cells for the others; enough for every `u32`.
const CHUNKS: usize = 23;

type Chunk = OnceLock<Box<[AtomicU64]>>;

/// The cells of one thread at a time.
#[derive(Debug)]
pub(crate) struct Hits {
    near: [AtomicU64; NEAR],
    far: [Chunk; CHUNKS],
}

impl Hits {
    pub(crate) const fn new() -> Self {
        Self {
            near: [const { AtomicU64::new(0) }; NEAR],
            far: [const { OnceLock::new() }; CHUNKS],
        }
    }

    /// Counts one.
    #[inline]
    pub(crate) fn count(&self, number: u32) {
        let near = self.near.get(number as usize);
        let cell = near.unwrap_or_else(|| self.far(number));
        // Only this thread writes the cell: a load and a store cost less than an addition.
        cell.store(cell.load(Relaxed) + 1, Relaxed);
    }

    #[cold]
    #[inline(never)]
    fn far(&self, number: u32) -> &AtomicU64 {
        let (chunk, cell) = place(number);
        let cells = NEAR << chunk;
        let chunk = &self.far[chunk];
        &chunk.get_or_init(|| (0..cells).map(|_| AtomicU64::new(0)).collect())[cell]
    }

    /// Returns how often it was counted here.
    pub(crate) fn of(&self, number: u32) -> u64 {
        if let Some(cell) = self.near.get(number as usize) {
            return cell.load(Relaxed);
        }
        let (chunk, cell) = place(number);
        self.far[chunk]
            .get()
            .map_or(0, |cells| cells[cell].load(Relaxed))
    }
}

/// Returns the chunk and cell of a number that is not near: chunk `k` begins at `NEAR * 2^k`.
fn place(number: u32) -> (usize, usize) {
    let chunk = (number.ilog2() - NEAR.ilog2()) as usize;
    (chunk, number as usize - (NEAR << chunk))
}

#[cfg(test)]
mod tests {
    use super::{CHUNKS, Hits, NEAR, place};

    #[test]
    fn every_number_has_a_cell_of_its_own() {
        let mut expected = (0, 0);
        for number in 512..100_000 {
            assert_eq!(place(number), expected);
            expected.1 += 1;
            if expected.1 == NEAR << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(place(u32::MAX).0, CHUNKS - 1);
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
