//! Counting in-process hits without a write to memory that another thread writes.
//!
//! Every counter has a number; every thread has a block of cells, one for each number, which it
//! alone writes. A total is the sum over all blocks. A block outlives its thread and is handed to
//! the next one, so totals never go back and blocks are never more than the most threads at once.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use crate::sync::lock;

const CHUNK: usize = 64;

type Chunk = Arc<[AtomicU64; CHUNK]>;

/// The chunks of one thread at a time, for readers.
#[derive(Default)]
struct Block(Mutex<Vec<Chunk>>);

static BLOCKS: Mutex<Vec<Arc<Block>>> = Mutex::new(Vec::new());
static FREE: Mutex<Vec<Arc<Block>>> = Mutex::new(Vec::new());

/// One counter, known by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HitCell(usize);

impl HitCell {
    #[inline]
    pub(crate) fn numbered(number: u32) -> Self {
        Self(number as usize)
    }

    /// Counts one.
    #[inline]
    pub(crate) fn count(self) {
        // A thread that is ending has lost its block; its last hits are not worth a panic.
        let _ = MINE.try_with(|mine| {
            if let Ok(mut mine) = mine.try_borrow_mut() {
                let (chunk, cell) = (self.0 / CHUNK, self.0 % CHUNK);
                if chunk >= mine.chunks.len() {
                    mine.grow(chunk);
                }
                let cell = &mine.chunks[chunk][cell];
                // Only this thread writes the cell: a load and a store cost less than an addition.
                cell.store(cell.load(Relaxed) + 1, Relaxed);
            }
        });
    }

    /// The sum over all threads.
    pub(crate) fn total(self) -> u64 {
        let (chunk, cell) = (self.0 / CHUNK, self.0 % CHUNK);
        lock(&BLOCKS)
            .iter()
            .filter_map(|block| {
                lock(&block.0)
                    .get(chunk)
                    .map(|chunk| chunk[cell].load(Relaxed))
            })
            .sum()
    }
}

thread_local! {
    static MINE: RefCell<Mine> = const { RefCell::new(Mine { chunks: Vec::new(), block: None }) };
}

struct Mine {
    chunks: Vec<Chunk>,
    block: Option<Arc<Block>>,
}

impl Mine {
    #[cold]
    fn grow(&mut self, chunk: usize) {
        let block = self.block.get_or_insert_with(|| {
            lock(&FREE).pop().unwrap_or_else(|| {
                let block = Arc::<Block>::default();
                lock(&BLOCKS).push(block.clone());
                block
            })
        });
        let mut shared = lock(&block.0);
        while shared.len() <= chunk {
            shared.push(Arc::new([const { AtomicU64::new(0) }; CHUNK]));
        }
        self.chunks.clone_from(&shared);
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            lock(&FREE).push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HitCell;

    #[test]
    fn counts_of_all_threads_add_up_and_survive_them() {
        let cell = HitCell::numbered(u32::from(u16::MAX));
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..1000).for_each(|_| cell.count()));
                }
            });
        }
        cell.count();
        assert_eq!(cell.total(), 12_001);
    }
}
