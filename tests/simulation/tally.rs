//! What is counted, and the times that callers waited.

use crate::fleet::Micros;

/// Longer than any look into the store: who waits longer than that waits for a function.
pub(crate) const NOTICED: Micros = 5_000;
const BUSY: Micros = 10_000;
const STEP: Micros = 100;

/// What happened around one expiry.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) executions: f64,
    pub(crate) store_reads: f64,
    pub(crate) store_writes: f64,
    /// Attempts to get a lock, and releases.
    pub(crate) lock_commands: f64,
    pub(crate) published: f64,
    pub(crate) delivered: f64,
    /// Callers who waited for a function.
    pub(crate) waited: f64,
    /// Answers from after the timeout.
    pub(crate) stale: f64,
    /// The most commands at the store within ten milliseconds.
    pub(crate) busiest: f64,
}

impl Counts {
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            executions: f(self.executions, other.executions),
            store_reads: f(self.store_reads, other.store_reads),
            store_writes: f(self.store_writes, other.store_writes),
            lock_commands: f(self.lock_commands, other.lock_commands),
            published: f(self.published, other.published),
            delivered: f(self.delivered, other.delivered),
            waited: f(self.waited, other.waited),
            stale: f(self.stale, other.stale),
            busiest: f(self.busiest, other.busiest),
        }
    }
}

/// All expiries of a run.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) now: Counts,
    pub(crate) expiries: Vec<Counts>,
    /// How many waited so long, in steps.
    waits: Vec<u64>,
    bucket: (Micros, f64),
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            now: Counts::default(),
            expiries: Vec::new(),
            waits: vec![0; 50_000],
            bucket: (0, 0.0),
        }
    }
}

impl Tally {
    /// A command has come to the store.
    pub(crate) fn command(&mut self, now: Micros) {
        let at = now / BUSY;
        if self.bucket.0 != at {
            self.bucket = (at, 0.0);
        }
        self.bucket.1 += 1.0;
        self.now.busiest = self.now.busiest.max(self.bucket.1);
    }

    /// A caller has waited so long.
    pub(crate) fn waited(&mut self, time: Micros) {
        if time > NOTICED {
            self.now.waited += 1.0;
            let last = self.waits.len() - 1;
            let step = usize::try_from(time / STEP).unwrap_or(last);
            self.waits[step.min(last)] += 1;
        }
    }

    /// An expiry is over.
    pub(crate) fn close(&mut self) {
        self.expiries.push(std::mem::take(&mut self.now));
    }

    /// What was so far does not count: it was the beginning.
    pub(crate) fn begin(&mut self) {
        self.expiries.clear();
        self.waits.fill(0);
    }

    /// What an expiry takes on the average.
    pub(crate) fn mean(&self) -> Counts {
        let sum = |sum: Counts, one: &Counts| sum.zip(*one, |sum, one| sum + one);
        let sum = self.expiries.iter().fold(Counts::default(), sum);
        sum.zip(sum, |sum, _| sum / self.expiries.len() as f64)
    }

    /// How long this share of those who waited waited at the most, in milliseconds.
    pub(crate) fn wait(&self, share: f64) -> Option<f64> {
        let all: u64 = self.waits.iter().sum();
        let wanted = (all as f64 * share).ceil() as u64;
        let mut so_far = 0;
        let step = self.waits.iter().position(|count| {
            so_far += count;
            so_far >= wanted
        });
        step.filter(|_| all > 0)
            .map(|step| step as f64 * STEP as f64 / 1000.0)
    }
}
