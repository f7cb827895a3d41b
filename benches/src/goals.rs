//! What the project set out to reach, and whether this run reached it.

use crate::report::Row;

/// One aim: a lane of ours, and what it is held against in the same race.
#[derive(Debug)]
pub struct Goal {
    /// What it is about.
    pub what: &'static str,
    /// The race.
    pub work: &'static str,
    /// The lane of ours, and another of the same race; the same lane where its own figure counts.
    pub lanes: (&'static str, &'static str),
    /// Ours divided by the other's, or the figure.
    pub bound: Bound,
}

/// How far it may go.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// Ours may take this many times what the other takes.
    Times(f64),
    /// The figure of ours may be no more.
    AtMost(f64),
    /// The figure of ours may be no less.
    AtLeast(f64),
}

const OURS: &str = "cache_result";
const CACHED: &str = "cached(max_size, ttl)";
const HOT: &str = "f(u64) -> u64, one hot key";
const ARC: &str = "f(u64, Option<&str>) -> Arc<T>, 1 KiB, one hot key";
const RATIO: &str =
    "hit ratio: 10,000 entries, 100,000 keys, Zipf 0.99, 2 million accesses from empty";
const TWO_ARC: &str = "f(u64, Option<&str>) -> Arc<T>, 1 KiB, one hot key, 2 threads";
const TWO: &str = "f(u64) -> u64, one hot key, 2 threads";
const ASYNC: &str = "async f(u64) -> u64, one hot key, tokio current_thread";
const LEVELS: &str = "f(u64) -> u64, one hot key, by what a hit looks at";
const REDIS_1: &str = "hit of 100 B, 1 async caller";
const REDIS_64: &str = "hit of 100 B, 64 async callers with a key each";
const REDIS_SYNC: &str = "hit of 100 B, 1 sync caller";
const STORM: &str = "64 tasks on 2 workers, one cold key, a function of 50 ms";
const STORMS: &str = "64 tasks on 2 workers, 64 cold keys, a function of 50 ms";
const CRATES: &str = "crates that are compiled, in process";
const CRATES_REDIS: &str = "crates that are compiled, Redis";
const PYTHON: &str = "hit of f(user_id, status), the one object that all share";
const EVICT: &str = "f(u64) -> u64, a new key each time, 10,000 entries and full: each miss evicts";

/// All of them.
pub const GOALS: &[Goal] = &[
    goal("hit, `f(u64) -> u64`", HOT, CACHED, 0.4),
    goal("hit, `f(u64, Option<&str>) -> Arc<T>`", ARC, CACHED, 0.4),
    goal(
        "the same, 2 threads, one hot key",
        TWO_ARC,
        "quick_cache",
        0.5,
    ),
    goal("the same, 2 threads, one hot key", TWO_ARC, "papaya", 1.0),
    goal(
        "hit, `f(u64) -> u64`, 2 threads, one hot key",
        TWO,
        "papaya",
        1.0,
    ),
    figure(
        "hit ratio, 10,000 entries over 100,000 Zipf keys",
        RATIO,
        OURS,
        Bound::AtLeast(78.0),
    ),
    goal(
        "miss and evict",
        EVICT,
        "quick_cache get_or_insert_with",
        1.5,
    ),
    goal(
        "async hit, beside our sync hit",
        ASYNC,
        "cache_result, sync fn",
        1.2,
    ),
    Goal {
        lanes: ("cache_result, two levels", "cache_result, in process"),
        ..goal("two-level hit, beside one in process", LEVELS, OURS, 1.2)
    },
    goal(
        "hit in Redis, 1 async caller",
        REDIS_1,
        "redis-rs GET",
        1.05,
    ),
    goal(
        "hit in Redis, 64 async callers",
        REDIS_64,
        "redis-rs GET",
        1.15,
    ),
    goal(
        "hit in Redis, 1 sync caller",
        REDIS_SYNC,
        "redis-rs GET",
        1.3,
    ),
    figure(
        "64 tasks, one cold key of 50 ms",
        STORM,
        OURS,
        Bound::AtMost(55e6),
    ),
    figure(
        "64 tasks, 64 cold keys of 50 ms",
        STORMS,
        OURS,
        Bound::AtMost(55e6),
    ),
    figure(
        "crates of the default build",
        CRATES,
        "cache-runtime",
        Bound::AtMost(25.0),
    ),
    figure(
        "crates with redis",
        CRATES_REDIS,
        "cache-runtime, redis",
        Bound::AtMost(90.0),
    ),
    Goal {
        lanes: ("cache_result, Arc", "functools.lru_cache"),
        ..goal(
            "hit, beside Python's `functools.lru_cache`",
            PYTHON,
            "functools.lru_cache",
            0.2,
        )
    },
    Goal {
        lanes: ("cache_result, Arc", "Django, locmem"),
        ..goal(
            "hit, beside Django's locmem",
            PYTHON,
            "Django, locmem",
            0.002,
        )
    },
];

const fn goal(what: &'static str, work: &'static str, other: &'static str, times: f64) -> Goal {
    Goal {
        what,
        work,
        lanes: (OURS, other),
        bound: Bound::Times(times),
    }
}

const fn figure(what: &'static str, work: &'static str, lane: &'static str, bound: Bound) -> Goal {
    Goal {
        what,
        work,
        lanes: (lane, lane),
        bound,
    }
}

/// The goals that these rows speak of, as a table in Markdown.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let lines: Vec<String> = GOALS.iter().filter_map(|goal| goal.line(rows)).collect();
    if lines.is_empty() {
        return String::new();
    }
    let head = "| | ours | beside | ratio | goal | |\n|---|---|---|---|---|---|\n";
    format!("\n## Goals\n\n{head}{}", lines.concat())
}

impl Goal {
    fn line(&self, rows: &[Row]) -> Option<String> {
        let row = |lane| {
            let is_it = |row: &&Row| row.work == self.work && row.lane == lane;
            rows.iter().find(is_it)
        };
        let (ours, other) = (row(self.lanes.0)?, row(self.lanes.1)?);
        // Both are held against our first lane; what is divided was measured in the same rounds.
        let ratio = ours.ratio.unwrap_or(1.0) / other.ratio.unwrap_or(1.0);
        let value = ours.figure.value;
        let (is_met, limit) = match self.bound {
            Bound::Times(limit) => (ratio <= limit, format!("at most {limit} ×")),
            Bound::AtMost(limit) => (value <= limit, "at most ".to_owned() + &of(ours, limit)),
            Bound::AtLeast(limit) => (value >= limit, "at least ".to_owned() + &of(ours, limit)),
        };
        let (beside, ratio) = match self.bound {
            Bound::Times(_) => {
                let beside = format!("{}: {}", other.lane, other.figure.text());
                (beside, format!("{} ×", short(ratio)))
            }
            _ => (String::new(), String::new()),
        };
        let verdict = if is_met { "met" } else { "**missed**" };
        let (what, ours) = (self.what, ours.figure.text());
        Some(format!(
            "| {what} | {ours} | {beside} | {ratio} | {limit} | {verdict} |\n"
        ))
    }
}

fn of(row: &Row, value: f64) -> String {
    crate::report::Figure {
        value,
        ..row.figure
    }
    .text()
}

fn short(ratio: f64) -> String {
    if ratio < 0.1 {
        format!("{ratio:.4}")
    } else {
        format!("{ratio:.2}")
    }
}
