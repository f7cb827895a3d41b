//! One outage: callers of both kinds at work before, during and after a fault, and what they saw.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use cache_tests::pulse::Pulse;

use crate::crowd::{Crowd, Kind};
use crate::fault::{Bite, Fault};
use crate::grounds::Ground;
use crate::ledger::{FUNCTION, Ledger};
use crate::report::Row;

/// The limit of one operation of the store, and of connecting to it: what a cache has unless told.
const OP_TIMEOUT: Duration = Duration::from_millis(500);
/// What a machine that is shared with other tests may add, and beyond that what it is seen to.
const SLACK: Duration = Duration::from_millis(600);
/// When hits must be back after the fault is over.
const SOON: Duration = Duration::from_secs(20);
/// How long the first hits may take, of callers who all come to a cold store: no matter of faults.
const START_LIMIT: Duration = Duration::from_secs(60);
/// So many hits are "back".
const HITS: u64 = 100;
/// So many calls and acknowledged changes say enough, on a slow machine too: it gets the time for them.
const ENOUGH: (u64, u64) = (1000, 20);
const ENOUGH_LIMIT: Duration = Duration::from_secs(20);

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    before: Duration,
    fault: Duration,
    after: Duration,
}

impl Times {
    /// The short form, or with `CACHE_TESTS_LONG=1` the long one.
    pub(crate) fn chosen() -> Self {
        let is_long = env::var("CACHE_TESTS_LONG").is_ok_and(|long| long == "1");
        let (before, fault, after) = if is_long {
            (3000, 20_000, 5000)
        } else {
            (250, 1600, 300)
        };
        Self {
            before: Duration::from_millis(before),
            fault: Duration::from_millis(fault),
            after: Duration::from_millis(after),
        }
    }
}

/// What was counted up to one moment.
#[derive(Clone, Copy)]
struct Mark {
    hits: u64,
    errors: u64,
}

impl Mark {
    fn of(crowd: &Crowd) -> Self {
        let stats = crowd.ledger.stats();
        Self {
            hits: stats.hits,
            errors: stats.errors,
        }
    }
}

/// A row for each kind of caller.
pub(crate) fn measure(
    store: &'static str,
    ground: &Ground,
    fault: &mut Fault,
    times: Times,
) -> Vec<Row> {
    let pulse = Pulse::start();
    let crowds = [Kind::Tasks, Kind::Threads].map(|kind| Crowd::start(kind, ledger(ground, fault)));
    let started = wait_for_hits(&crowds, &[0; 2], START_LIMIT);
    thread::sleep(times.before);
    let witnessed = crowds.each_ref().map(|crowd| crowd.ledger.place_witness());
    let begun = crowds.each_ref().map(Mark::of);
    (fault.strike)(times.fault);
    let over = crowds.each_ref().map(Mark::of);
    let back = wait_for_hits(&crowds, &over.map(|mark| mark.hits), SOON);
    let has_lost = crowds
        .each_ref()
        .map(|crowd| crowd.ledger.has_lost_witness());
    thread::sleep(times.after);
    wait_for_enough(&crowds);
    let hung: Vec<_> = crowds
        .map(|crowd| (crowd.kind, crowd.ledger.clone(), crowd.stop()))
        .into_iter()
        .collect();
    let stood_still = pulse.stood_still();
    hung.into_iter()
        .enumerate()
        .map(|(n, (kind, ledger, hung))| {
            let found = &ledger.found;
            let mut row = Row {
                store,
                fault: fault.name,
                callers: kind.name(),
                calls: found.calls.load(SeqCst),
                failures: found.panics.load(SeqCst) + hung,
                wrong: found.wrong.load(SeqCst),
                late: ledger.late(),
                acknowledged: found.acknowledged.load(SeqCst),
                errors: ledger.stats().errors,
                slowest: ledger.slowest(),
                back: back[n],
                stood_still,
                complaints: Vec::new(),
            };
            let mut complain = |text| row.complaints.push(text);
            if started[n].is_none() {
                complain(format!("no hits within {START_LIMIT:?} at the start"));
            }
            if !witnessed[n] {
                complain("the store took no entry before the fault".to_owned());
            }
            let is_bitten = match fault.bite {
                Bite::Nothing => true,
                Bite::Errors => over[n].errors > begun[n].errors,
                Bite::Loss => over[n].errors > begun[n].errors || has_lost[n],
                Bite::Slow(time) => ledger.slowest() >= time,
            };
            if !is_bitten {
                complain(format!("the fault was not to be seen: {:?}", fault.bite));
            }
            judge(&mut row);
            row
        })
        .collect()
}

/// What of the row must not be.
fn judge(row: &mut Row) {
    let mut complain = |text| row.complaints.push(text);
    if row.failures > 0 {
        complain(format!("{} calls failed or hang", row.failures));
    }
    if row.wrong > 0 {
        complain(format!("{} answers were wrong", row.wrong));
    }
    if row.late > 0 {
        complain(format!("{} entries were old", row.late));
    }
    if row.calls < ENOUGH.0 || row.acknowledged < ENOUGH.1 {
        complain(format!(
            "{} calls and {} acknowledged changes say too little",
            row.calls, row.acknowledged
        ));
    }
    // It may have to wait for the store to read, to write, and to delete what was deleted meanwhile.
    let limit = OP_TIMEOUT * 3 + FUNCTION + SLACK + 3 * row.stood_still;
    if row.slowest > limit {
        complain(format!(
            "a call took {:?}, more than {limit:?}",
            row.slowest
        ));
    }
    if row.back.is_none() {
        complain(format!("hits were not back within {SOON:?}"));
    }
}

/// A cache of its own, its limits short.
fn ledger(ground: &Ground, fault: &Fault) -> std::sync::Arc<Ledger> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = match &ground.by_proxy {
        Some(by_proxy) if fault.is_on_the_wire => by_proxy,
        _ => &ground.url,
    };
    let first = if url.contains('?') { '&' } else { '?' };
    let limit = OP_TIMEOUT.as_secs_f64();
    let number = NEXT.fetch_add(1, SeqCst);
    let url =
        format!("{url}{first}key_prefix=outage{number}&op_timeout={limit}&connect_timeout={limit}");
    Ledger::at(&url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// How long it takes until each crowd has so many hits more than these; `None`: longer than it may.
fn wait_for_hits<const N: usize>(
    crowds: &[Crowd; N],
    hits: &[u64; N],
    limit: Duration,
) -> [Option<Duration>; N] {
    let start = Instant::now();
    let mut back = [None; N];
    while back.iter().any(Option::is_none) && start.elapsed() < limit {
        for (n, crowd) in crowds.iter().enumerate() {
            if back[n].is_none() && crowd.ledger.stats().hits >= hits[n] + HITS {
                back[n] = Some(start.elapsed());
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    back
}

/// Until both crowds have done enough to judge them by, or are too slow for it.
fn wait_for_enough(crowds: &[Crowd; 2]) {
    let start = Instant::now();
    let is_enough = |crowd: &Crowd| {
        let found = &crowd.ledger.found;
        found.calls.load(SeqCst) >= ENOUGH.0 && found.acknowledged.load(SeqCst) >= ENOUGH.1
    };
    while !crowds.iter().all(is_enough) && start.elapsed() < ENOUGH_LIMIT {
        thread::sleep(Duration::from_millis(10));
    }
}
