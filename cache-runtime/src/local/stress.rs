//! The table under threads that read, insert, replace, remove and rebuild it, all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::table::{Node, SHARD_BITS, Shard};
use crate::context::thread;

const WHOLE: u64 = 0x5afe_5afe_5afe_5afe;
const MISSED: &str = "it was there all the time";
const GONE: u64 = 0xdead_dead_dead_dead;
/// Always there: their values change, they never leave.
const STEADY: u64 = 48;
/// These come and go.
const PASSING: u64 = 1000;

/// A node that says what became of it.
struct Witness {
    key: u64,
    value: u64,
    // An atomic, so that the compiler cannot leave out the last store.
    state: AtomicU64,
    alive: Arc<AtomicU64>,
}

impl Witness {
    fn boxed(key: u64, value: u64, alive: &Arc<AtomicU64>) -> Box<Self> {
        alive.fetch_add(1, Relaxed);
        Box::new(Self {
            key,
            value,
            state: AtomicU64::new(WHOLE),
            alive: alive.clone(),
        })
    }

    fn check(&self) {
        assert_eq!(self.state.load(Relaxed), WHOLE, "read after its end");
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let before = self.state.swap(GONE, Relaxed);
        assert_eq!(before, WHOLE, "freed twice");
        self.alive.fetch_sub(1, Relaxed);
    }
}

impl Node for Witness {
    fn weight(&self) -> usize {
        1
    }
}

/// Many keys to a cell, and with the same hash.
fn hash(key: u64) -> u64 {
    (key % 509 / 3 * 11) << SHARD_BITS.end | 4
}

/// Numbers without a pattern.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

fn put(shard: &Shard<Witness, ()>, key: u64, value: u64, alive: &Arc<AtomicU64>) {
    let mut shard = shard.lock();
    let old = shard.find(hash(key), |node| node.key == key);
    match old.map(|(bucket, _)| bucket) {
        Some(bucket) => shard.replace(bucket, Witness::boxed(key, value, alive).into()),
        None if key < STEADY => panic!("{MISSED}"),
        None => shard.insert(hash(key), Witness::boxed(key, value, alive).into()),
    }
    shard.tidy(4, usize::MAX);
}

fn remove(shard: &Shard<Witness, ()>, key: u64) {
    let mut shard = shard.lock();
    let old = shard.find(hash(key), |node| node.key == key);
    if let Some(bucket) = old.map(|(bucket, _)| bucket) {
        shard.remove(bucket);
    }
    shard.tidy(4, usize::MAX);
}

fn write(shard: &Shard<Witness, ()>, alive: &Arc<AtomicU64>, end: Instant, seed: u64) {
    let mut dice = Dice(seed);
    let mut turn = 0;
    while Instant::now() < end {
        turn += 1;
        let key = STEADY + dice.below(PASSING);
        match dice.below(8) {
            0 => put(shard, dice.below(STEADY), turn, alive),
            1..4 => put(shard, key, turn, alive),
            4..7 => remove(shard, key),
            // Nearly all go: the next array is smaller, those after it larger again.
            _ if turn % 64 == 0 => (STEADY..STEADY + PASSING).for_each(|key| remove(shard, key)),
            _ => {}
        }
    }
}

fn read(shard: &Shard<Witness, ()>, end: Instant, seed: u64) {
    let mut dice = Dice(seed);
    let mut looks = 0;
    while looks == 0 || Instant::now() < end {
        thread::with(|own| {
            let guard = own.pin();
            let get = |key| {
                let found = shard.get(hash(key), |node| node.key == key, guard.pinned());
                found.inspect(|node| node.check())
            };
            let steady = get(dice.below(STEADY)).expect(MISSED);
            let passing = get(STEADY + dice.below(PASSING));
            if looks % 1024 == 0 {
                let all = shard.each(guard.pinned()).inspect(|node| node.check());
                let steady = all.filter(|node| node.key < STEADY).count() as u64;
                assert!(steady >= STEADY);
            }
            // Still as it was, as long as the guard lives.
            steady.check();
            passing.inspect(|node| node.check());
            std::hint::black_box((steady.value, passing.map(|node| node.value)));
        });
        looks += 1;
    }
}

#[test]
fn what_is_read_was_not_freed_and_what_was_there_is_found() {
    let alive = Arc::new(AtomicU64::new(0));
    let shard = Shard::new(());
    // The steady ones last: others stand on the way to them.
    for key in (0..STEADY + PASSING).rev() {
        shard
            .lock()
            .insert(hash(key), Witness::boxed(key, 0, &alive).into());
    }
    let end = Instant::now() + Duration::from_secs(1);
    std::thread::scope(|scope| {
        let (shard, alive) = (&shard, &alive);
        for seed in [1, 2] {
            scope.spawn(move || write(shard, alive, end, seed));
            scope.spawn(move || read(shard, end, seed + 2));
        }
        // Threads that come and go: their places among the readers are handed on.
        while Instant::now() < end {
            let soon = Instant::now() + Duration::from_millis(2);
            let passing = scope.spawn(move || read(shard, soon, 5));
            passing.join().expect("a reader failed");
        }
    });
    // Nothing is left but what is in the table, once nobody reads any more: not even in another test.
    let in_table = || {
        let mut shard = shard.lock();
        shard.tidy(0, 0);
        shard.len() as u64
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while in_table() != alive.load(Relaxed) {
        assert!(Instant::now() < deadline, "not all was freed");
        std::thread::yield_now();
    }
    drop(shard);
    assert_eq!(alive.load(Relaxed), 0);
}
