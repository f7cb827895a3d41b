//! Sixty-four callers of one kind, who call without end, and change what they own now and then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::runtime::{Builder, Runtime};

use crate::ledger::{KEYS, Ledger, ask, ask_async};

pub(crate) const CALLERS: u64 = 64;
/// Between two calls of one caller.
const PAUSE: Duration = Duration::from_millis(40);
/// One call in so many is followed by a change.
const CHANGE: u64 = 12;
/// The callers come one after the other: this much later each. All at once on a cold store are
/// another thing.
const COMING: Duration = Duration::from_millis(5);
/// Every second call is of one of so many keys, so that others call while they change.
const HOT: u64 = 16;
/// A change comes twice, with so much between: a function that was started by the first is still
/// running at the second.
const TWICE: Duration = Duration::from_millis(3);
/// How long the last calls may take, when all are told to stop.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// The two kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tasks,
    Threads,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Tasks => "64 tasks",
            Kind::Threads => "64 threads",
        }
    }
}

/// Callers at work.
pub(crate) struct Crowd {
    pub(crate) kind: Kind,
    pub(crate) ledger: Arc<Ledger>,
    is_over: Arc<AtomicBool>,
    gone: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

/// What one caller does in its `n`th turn.
struct Turn {
    key: u64,
    /// One of its own keys, that changes; and whether at last the new answer is set or the old deleted.
    change: Option<(u64, bool)>,
}

impl Turn {
    fn of(caller: u64, n: u64) -> Self {
        Self {
            key: (caller * 7 + n * 13) % if n.is_multiple_of(2) { KEYS } else { HOT },
            change: (n % CHANGE == caller % CHANGE).then(|| {
                let turn = if caller < HOT { 0 } else { n / CHANGE };
                let own = (caller + CALLERS * turn) % KEYS;
                (own, (n / CHANGE).is_multiple_of(2))
            }),
        }
    }
}

impl Crowd {
    pub(crate) fn start(kind: Kind, ledger: Arc<Ledger>) -> Self {
        let (is_over, gone) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let runtime = (kind == Kind::Tasks).then(runtime);
        for caller in 0..CALLERS {
            let gone = Gone(Arc::clone(&gone));
            let (ledger, is_over) = (Arc::clone(&ledger), Arc::clone(&is_over));
            match &runtime {
                Some(runtime) => drop(runtime.spawn(async move {
                    await_without_end(&ledger, caller, &is_over).await;
                    drop(gone);
                })),
                None => drop(thread::spawn(move || {
                    block_without_end(&ledger, caller, &is_over);
                    drop(gone);
                })),
            }
        }
        Self {
            kind,
            ledger,
            is_over,
            gone,
            runtime,
        }
    }

    /// Stops them all; how many hang.
    pub(crate) fn stop(mut self) -> u64 {
        self.is_over.store(true, Ordering::SeqCst);
        let start = Instant::now();
        let gone = || self.gone.load(Ordering::SeqCst);
        while gone() < CALLERS && start.elapsed() < STOP_LIMIT {
            thread::sleep(Duration::from_millis(5));
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        CALLERS - gone()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Where the fault itself could not be had, nobody has stopped them.
        self.is_over.store(true, Ordering::SeqCst);
    }
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime.unwrap_or_else(|error| panic!("no runtime: {error}"))
}

fn block_without_end(ledger: &Ledger, caller: u64, is_over: &AtomicBool) {
    thread::sleep(COMING * caller as u32);
    for n in 0.. {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let turn = Turn::of(caller, n);
        let call = ledger.begin(turn.key);
        let answer = catch_unwind(AssertUnwindSafe(|| ask(ledger, turn.key)));
        ledger.end(&call, answer.ok().as_ref());
        if let Some((own, is_set)) = turn.change {
            let entry = ask::entry(ledger, own);
            let news = ledger.change(own);
            ledger.told(&news, &entry.delete());
            thread::sleep(TWICE);
            let news = ledger.change(own);
            if is_set {
                ledger.told(&news, &entry.set(&news.answer));
            } else {
                ledger.told(&news, &entry.delete());
            }
        }
        thread::sleep(PAUSE);
    }
}

async fn await_without_end(ledger: &Arc<Ledger>, caller: u64, is_over: &AtomicBool) {
    tokio::time::sleep(COMING * caller as u32).await;
    for n in 0.. {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let turn = Turn::of(caller, n);
        let call = ledger.begin(turn.key);
        let asked = AssertUnwindSafe(ask_async(Arc::clone(ledger), turn.key));
        let answer = asked.catch_unwind().await;
        ledger.end(&call, answer.ok().as_ref());
        if let Some((own, is_set)) = turn.change {
            let entry = ask_async::entry(Arc::clone(ledger), own);
            let news = ledger.change(own);
            ledger.told(&news, &entry.delete().await);
            tokio::time::sleep(TWICE).await;
            let news = ledger.change(own);
            if is_set {
                ledger.told(&news, &entry.set(&news.answer).await);
            } else {
                ledger.told(&news, &entry.delete().await);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A caller that has gone, however that came.
struct Gone(Arc<AtomicU64>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
