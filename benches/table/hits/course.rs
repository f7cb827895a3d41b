//! A race of functions: which keys they are asked for, and by how many threads.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cache_benches::allocations;
use cache_benches::race::Race;
use cache_benches::report::Row;

/// How often a body ran, of whichever lane.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// What every body does first, so that a race can tell that all of it were hits.
pub(super) fn ran() {
    RUNS.fetch_add(1, Ordering::Relaxed);
}

/// How often a body ran until now.
pub(super) fn runs() -> u64 {
    RUNS.load(Ordering::Relaxed)
}

/// A race whose lanes are functions of a key.
pub(super) struct Course<'a, M> {
    race: Race<'a>,
    threads: usize,
    /// Makes what names the keys in turn, for the thread of this number.
    keys: M,
    /// How many calls fill a cache.
    fill: usize,
}

impl<'a, M> Course<'a, M> {
    /// One key, always the same: `key` says it.
    pub(super) fn hot(work: &str, threads: usize, keys: M) -> Self {
        Self::many(work, threads, 1, keys)
    }

    /// Many keys; after `fill` calls each has been asked for.
    pub(super) fn many(work: &str, threads: usize, fill: usize, keys: M) -> Self {
        let work = match threads {
            1 => work.to_owned(),
            _ => format!("{work}, {threads} threads"),
        };
        // Many short slices: on a busy machine most of them are not interrupted.
        let (rounds, slice) = match threads {
            1 => (201, Duration::from_micros(500)),
            _ => (51, Duration::from_millis(1)),
        };
        let race = Race::new("hits", work).rounds(rounds, slice);
        Self {
            race,
            threads,
            keys,
            fill,
        }
    }
}

impl<'a, M, N, K> Course<'a, M>
where
    M: Fn(usize) -> N + Copy + Sync + 'a,
    N: FnMut() -> K,
{
    /// Our own lane.
    pub(super) fn ours<T>(mut self, name: &str, f: impl Fn(K) -> T + Sync + 'a) -> Self {
        let run = self.run_of(f);
        self.race = self.race.ours_timed(name, run);
        self
    }

    /// A rival.
    pub(super) fn lane<T>(mut self, name: &str, f: impl Fn(K) -> T + Sync + 'a) -> Self {
        let run = self.run_of(f);
        self.race = self.race.timed(name, run);
        self
    }

    /// A rival that promises less.
    pub(super) fn limit<T>(mut self, name: &str, f: impl Fn(K) -> T + Sync + 'a) -> Self {
        let run = self.run_of(f);
        self.race = self.race.limit_timed(name, run);
        self
    }

    /// Fills the lane's cache; what then runs it.
    fn run_of<T>(&self, f: impl Fn(K) -> T + Sync + 'a) -> impl FnMut(u64) -> Duration + 'a {
        let (keys, threads) = (self.keys, self.threads);
        let mut next = keys(0);
        for _ in 0..self.fill {
            black_box(f(next()));
        }
        let warm = self.fill.min(WARM);
        move |iterations| match threads {
            1 => {
                let mut next = keys(0);
                warm_up(warm, &mut next, &f);
                one_thread(iterations, next, &f)
            }
            _ => two_threads(iterations, warm, keys, &f),
        }
    }

    /// Runs it.
    ///
    /// # Panics
    ///
    /// If a lane ran its body: then it was no race of hits.
    pub(super) fn run(self) -> Vec<Row> {
        let before = runs();
        let rows = self.race.run();
        assert_eq!(runs(), before, "these were misses");
        rows
    }
}

fn one_thread<K, T>(iterations: u64, mut next: impl FnMut() -> K, f: &impl Fn(K) -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        black_box(f(next()));
    }
    start.elapsed()
}

/// How many calls go before each slice, at most: the other lanes drove what this one needs out of
/// the processor's caches.
const WARM: usize = 10_000;

fn warm_up<K, T>(calls: usize, mut next: impl FnMut() -> K, f: &impl Fn(K) -> T) {
    allocations::uncounted(|| {
        for _ in 0..calls {
            black_box(f(next()));
        }
    });
}

/// So many calls at least: fewer would measure how two threads get started.
const LEAST: u64 = 2_000;
/// How often two threads are started, until neither had to wait for a processor.
const TRIES: usize = 8;

/// Half of it on this thread, half on another: from the start of both to the end of the later one.
fn two_threads<K, T, N: FnMut() -> K>(
    iterations: u64,
    warm: usize,
    keys: impl Fn(usize) -> N + Sync,
    f: &(impl Fn(K) -> T + Sync),
) -> Duration {
    let calls = iterations.max(LEAST);
    let mut took = Duration::ZERO;
    let mut allocated = 0;
    allocations::uncounted(|| {
        for _ in 0..TRIES {
            let mut ran_at_once = false;
            allocated = allocations::count(|| {
                (took, ran_at_once) = try_two(calls / 2, warm, &keys, f);
            });
            if ran_at_once {
                break;
            }
        }
    });
    allocations::add(allocated);
    took.mul_f64(iterations as f64 / calls as f64)
}

/// So many calls by each of two threads; and whether both ran all the time, without which it is no
/// measure of threads that get in each other's way.
fn try_two<K, T, N: FnMut() -> K>(
    calls: u64,
    warm: usize,
    keys: &(impl Fn(usize) -> N + Sync),
    f: &(impl Fn(K) -> T + Sync),
) -> (Duration, bool) {
    let arrived = AtomicUsize::new(0);
    let timed = |thread| {
        let mut next = keys(thread);
        warm_up(warm, &mut next, f);
        let before = waited();
        // A barrier that sleeps would wake one of them later.
        arrived.fetch_add(1, Ordering::AcqRel);
        while arrived.load(Ordering::Acquire) < 2 {
            std::hint::spin_loop();
        }
        let start = Instant::now();
        one_thread(calls, next, f);
        (start, Instant::now(), waited() == before)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut of_other = None;
            let allocated = allocations::count(|| of_other = Some(timed(1)));
            (of_other, allocated)
        });
        let (start, end, ran) = timed(0);
        match other.join() {
            Ok((Some((other_start, other_end, other_ran)), allocated)) => {
                // The race counts what the calling thread allocates.
                allocations::add(allocated);
                (
                    end.max(other_end) - start.min(other_start),
                    ran && other_ran,
                )
            }
            _ => panic!("the other thread panicked"),
        }
    })
}

/// The nanoseconds that this thread was ready and had no processor, where Linux tells.
fn waited() -> Option<u64> {
    let mut told = None;
    allocations::uncounted(|| {
        told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    });
    told?.split(' ').nth(1)?.parse().ok()
}
