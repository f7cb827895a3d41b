//! A race: several ways to do the same work, measured in turns.
//!
//! The machines are shared and their clocks drift, so no number stands alone. In every round each
//! lane runs for one slice, and the rounds start with another lane each time; a lane's figure is the
//! median over the rounds, and its ratio to another lane is the median of the ratios within rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::allocations;
use crate::report::{Figure, Row};

/// How long one lane runs in one round.
const SLICE: Duration = Duration::from_millis(4);
/// How often each lane runs.
const ROUNDS: usize = 25;

/// One way to do the work.
struct Lane<'a> {
    name: String,
    is_ours: bool,
    is_limit: bool,
    /// Runs the work so many times; says how long that took.
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
    iterations: u64,
    nanos: Vec<f64>,
    allocated: u64,
    allocations: Option<f64>,
}

/// Several ways to do the same work.
#[allow(missing_debug_implementations)]
pub struct Race<'a> {
    section: &'static str,
    work: String,
    lanes: Vec<Lane<'a>>,
    rounds: usize,
    slice: Duration,
    /// Which share of the figures lies below the one that is told.
    share: f64,
    /// So many iterations in every round, however long they take.
    step: Option<u64>,
}

impl<'a> Race<'a> {
    /// A race in this section of the report.
    #[must_use]
    pub fn new(section: &'static str, work: impl Into<String>) -> Self {
        Self {
            section,
            work: work.into(),
            lanes: Vec::new(),
            rounds: ROUNDS,
            slice: SLICE,
            share: 0.5,
            step: None,
        }
    }

    /// Other rounds and slices than the usual 25 of 4 ms: for work that takes long.
    #[must_use]
    pub fn rounds(mut self, rounds: usize, slice: Duration) -> Self {
        self.rounds = rounds;
        self.slice = slice;
        self
    }

    /// So many iterations in every round, and none before the first: for work that changes what it
    /// works on, which every lane is to do equally often.
    #[must_use]
    pub fn steps(mut self, rounds: usize, iterations: u64) -> Self {
        self.rounds = rounds;
        self.step = Some(iterations);
        self
    }

    /// Figures are lower quartiles, and ratios those of them: where a lone caller waits for an answer,
    /// the machine has two speeds, with its cores awake or asleep, and which of them a slice meets is
    /// not the lane's doing.
    #[must_use]
    pub fn awake(mut self) -> Self {
        self.share = 0.25;
        self
    }

    /// Our own lane: ratios are to the first of these.
    #[must_use]
    pub fn ours<T>(self, name: impl Into<String>, work: impl FnMut() -> T + 'a) -> Self {
        let mut race = self.lane(name, work);
        race.last(|lane| lane.is_ours = true);
        race
    }

    /// A rival: `work` does the work once.
    #[must_use]
    pub fn lane<T>(self, name: impl Into<String>, mut work: impl FnMut() -> T + 'a) -> Self {
        self.timed(name, move |iterations| {
            let start = Instant::now();
            for _ in 0..iterations {
                black_box(work());
            }
            start.elapsed()
        })
    }

    /// A rival that promises less (no timeout, no bound): it stands beside as the limit.
    #[must_use]
    pub fn limit<T>(self, name: impl Into<String>, work: impl FnMut() -> T + 'a) -> Self {
        let mut race = self.lane(name, work);
        race.last(|lane| lane.is_limit = true);
        race
    }

    /// A lane that takes its time itself: work of several threads, of an executor, of a process.
    #[must_use]
    pub fn timed(mut self, name: impl Into<String>, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        self.lanes.push(Lane {
            name: name.into(),
            is_ours: false,
            is_limit: false,
            run: Box::new(run),
            iterations: 1,
            nanos: Vec::new(),
            allocated: 0,
            allocations: None,
        });
        self
    }

    /// As [`timed`](Self::timed), our own lane.
    #[must_use]
    pub fn ours_timed(
        self,
        name: impl Into<String>,
        run: impl FnMut(u64) -> Duration + 'a,
    ) -> Self {
        let mut race = self.timed(name, run);
        race.last(|lane| lane.is_ours = true);
        race
    }

    /// As [`timed`](Self::timed), with less promised.
    #[must_use]
    pub fn limit_timed(
        self,
        name: impl Into<String>,
        run: impl FnMut(u64) -> Duration + 'a,
    ) -> Self {
        let mut race = self.timed(name, run);
        race.last(|lane| lane.is_limit = true);
        race
    }

    fn last(&mut self, change: impl FnOnce(&mut Lane<'a>)) {
        if let Some(lane) = self.lanes.last_mut() {
            change(lane);
        }
    }

    /// Runs it: the rows, one for each lane, in their order.
    #[must_use]
    pub fn run(mut self) -> Vec<Row> {
        eprintln!("{} / {}", self.section, self.work);
        for lane in &mut self.lanes {
            match self.step {
                Some(iterations) => lane.iterations = iterations,
                None => lane.calibrate(self.slice),
            }
        }
        let count = self.lanes.len();
        for round in 0..self.rounds {
            for turn in 0..count {
                self.lanes[(round + turn) % count].slice();
            }
        }
        if let Some(iterations) = self.step {
            let all = (self.rounds as u64 * iterations).max(1);
            for lane in &mut self.lanes {
                lane.allocations = Some(lane.allocated as f64 / all as f64);
            }
        }
        let ours = self.lanes.iter().find(|lane| lane.is_ours);
        let ours = ours.map(|lane| lane.nanos.clone());
        let rows = self.lanes.iter().map(|lane| {
            let share = self.share;
            let ratio = ours.as_ref().map(|ours| {
                if share < 0.5 {
                    return percentile(&lane.nanos, share) / percentile(ours, share);
                }
                // What is divided was measured in the same round.
                let pairs = lane.nanos.iter().zip(ours);
                median(pairs.map(|(theirs, ours)| theirs / ours).collect())
            });
            Row {
                section: self.section.to_owned(),
                work: self.work.clone(),
                lane: lane.name.clone(),
                is_ours: lane.is_ours,
                is_limit: lane.is_limit,
                figure: Figure::nanos(percentile(&lane.nanos, share)),
                spread: Some((percentile(&lane.nanos, 0.1), percentile(&lane.nanos, 0.9))),
                ratio,
                allocations: lane.allocations,
                note: (share < 0.5).then(|| "lower quartile".to_owned()),
            }
        });
        rows.collect()
    }
}

impl Lane<'_> {
    /// Warms up, and finds how many iterations fill a slice.
    fn calibrate(&mut self, slice: Duration) {
        loop {
            let mut took = (self.run)(self.iterations);
            for _ in 0..2 {
                // Again: it may have been a pause of the machine, unless it was far too long for one.
                if took >= slice / 2 && took < slice * 20 {
                    took = took.min((self.run)(self.iterations));
                }
            }
            if took >= slice / 2 {
                let fit = slice.as_secs_f64() / took.as_secs_f64();
                self.iterations = ((self.iterations as f64 * fit) as u64).max(1);
                break;
            }
            self.iterations = self.iterations.saturating_mul(4);
        }
        let iterations = self.iterations.min(10_000);
        let counted = allocations::count(|| {
            (self.run)(iterations);
        });
        self.allocations = Some(counted as f64 / iterations as f64);
    }

    fn slice(&mut self) {
        let mut took = Duration::ZERO;
        self.allocated += allocations::count(|| took = (self.run)(self.iterations));
        let nanos = took.as_secs_f64() * 1e9 / self.iterations as f64;
        self.nanos.push(nanos);
    }
}

/// The middle one.
#[must_use]
pub fn median(values: Vec<f64>) -> f64 {
    percentile(&values, 0.5)
}

/// The value below which this share of them lies.
#[must_use]
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len().saturating_sub(1)) as f64 * share;
    sorted.get(at.round() as usize).copied().unwrap_or(f64::NAN)
}
