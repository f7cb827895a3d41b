//! `warm`: runs a function for the items that have no entry, some at a time, and reports the result.
//!
//! It leads no flight before the function is about to run: a caller that asks for an item far down
//! a long list does not wait for it.

use std::collections::BTreeSet;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, ready};

use pin_project_lite::pin_project;

use super::asked::{Asked, Met, Missed};
use super::look::look;
use super::many::{AT_ONCE, PART};
use super::progress::{Listener, Progress};
use super::run::{Answers, Batch, Batched, Way};
use super::shared::run_shared;
use super::sort::{Led, Missing, Part, Row, look_for, sort};
use super::together::{together, turn};
use super::warmed::Warmed;
use crate::context::{self, Context, Fate, Frame};
use crate::keep::Keep;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::sync::lock;
use crate::target::Target;
use crate::tools::panics::{Panic, caught, text};

/// How to warm.
pub(super) struct Options {
    at_once: usize,
    listener: Listener,
    refreshes: bool,
}

impl Options {
    fn new() -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            at_once: AT_ONCE,
            listener: Listener::default(),
            refreshes: false,
        }))
    }
}

macro_rules! options {
    () => {
        /// Shows no progress bar.
        pub fn quiet(self) -> Self {
            lock(&self.options).listener = Listener::Nobody;
            self
        }

        /// Reports how many items are done, and out of how many if that is known, instead of showing a
        /// progress bar.
        pub fn on_progress(self, told: impl FnMut(usize, Option<usize>) + Send + 'static) -> Self {
            lock(&self.options).listener = Listener::Caller(Box::new(told));
            self
        }

        /// Runs the function for all items, including those that have an entry.
        pub fn refresh(self) -> Self {
            lock(&self.options).refreshes = true;
            self
        }
    };
}

/// Warming that starts when it is awaited; dropping it stops it.
///
/// While it runs, it shows a progress bar on stderr, if that is a terminal.
#[must_use = "warming begins when it is awaited"]
pub struct Warm<F> {
    options: Arc<Mutex<Options>>,
    batch: F,
}

impl<F> Warm<F> {
    #[doc(hidden)]
    pub fn new(begin: impl FnOnce(Batch) -> F) -> Self {
        let options = Options::new();
        Self {
            batch: begin(Batch::warm(options.clone())),
            options,
        }
    }

    /// Sets how many calls run at a time; 16 by default.
    pub fn concurrency(self, most: usize) -> Self {
        lock(&self.options).at_once = most.max(1);
        self
    }

    options!();
}

impl<R, F: Future<Output = Batched<R>>> IntoFuture for Warm<F> {
    type Output = Warmed;
    type IntoFuture = Warming<F>;

    fn into_future(self) -> Warming<F> {
        Warming { batch: self.batch }
    }
}

pin_project! {
    /// Warming under way.
    #[allow(missing_debug_implementations)]
    pub struct Warming<F> {
        #[pin]
        batch: F,
    }
}

impl<R, F: Future<Output = Batched<R>>> Future for Warming<F> {
    type Output = Warmed;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Warmed> {
        Poll::Ready(ready!(self.project().batch.poll(task)).report())
    }
}

/// Warming of a `fn`, which starts with [`run`](Self::run).
///
/// The calls run one after the other, on the caller's thread. To use several threads, give each a
/// part of the items.
#[must_use = "warming begins with `.run()`"]
pub struct BlockingWarm<F> {
    options: Arc<Mutex<Options>>,
    batch: F,
}

impl<R, F: FnOnce(Batch) -> Batched<R>> BlockingWarm<F> {
    #[doc(hidden)]
    pub fn new(batch: F) -> Self {
        Self {
            options: Options::new(),
            batch,
        }
    }

    options!();

    /// Runs the function for the items that have no entry.
    pub fn run(self) -> Warmed {
        (self.batch)(Batch::warm(self.options)).report()
    }
}

impl<F> fmt::Debug for Warm<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warm").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for BlockingWarm<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingWarm").finish_non_exhaustive()
    }
}

/// Makes or checks the entries of all items.
pub(super) async fn warm<A, R, K, P, F, G>(
    mut items: impl Iterator<Item = A>,
    way: Way<impl Fn(A) -> Asked<R, K, P, A>, impl Fn(A) -> F, impl Fn(Vec<A>) -> G, R>,
    options: Arc<Mutex<Options>>,
) -> Warmed
where
    K: Keep<R, Value: 'static>,
    P: Policy<K::Value>,
    F: Future<Output = R>,
    G: Future<Output = Answers<R, A>>,
{
    let (at_once, refreshes, listener) = {
        let mut options = lock(&options);
        let listener = std::mem::take(&mut options.listener);
        (options.at_once, options.refreshes, listener)
    };
    let is_blocking = way.mode.is_blocking();
    let at_once = if is_blocking { 1 } else { at_once };
    let total = match items.size_hint() {
        (least, Some(most)) if least == most => Some(most),
        _ => None,
    };
    let mut tally = Tally {
        report: Warmed::default(),
        progress: Progress::new(listener, total),
        reason: way.reason,
    };
    // For a refresh, an entry in process is not a hit.
    let ask = |item| match refreshes {
        true => Context::refreshing().enter(|| (way.ask)(item)),
        false => (way.ask)(item),
    };
    let mut next = 0;
    loop {
        let (first, mut missed) = (next, Vec::new());
        for item in items.by_ref().take(PART) {
            match ask(item).0 {
                Met::Hit(_) => tally.there(),
                Met::Missed(miss) => match &miss.target {
                    Ok(_) => missed.push((next, miss)),
                    Err(error) => tally.failed(next, String::new(), error.to_string()),
                },
            }
            next += 1;
        }
        if next == first {
            return tally.report;
        }
        let rows = match &way.function {
            Some(function) if context::is_as_usual() => {
                share(missed, way.mode, function, refreshes, &mut tally).await
            }
            _ if refreshes => missed.into_iter().filter_map(row).collect(),
            _ => absent(missed, way.mode, &mut tally).await,
        };
        let calls = rows.into_iter().map(|row| {
            let caller = Frame::called_from(None);
            let site = row.target.as_ref().and_then(|target| target.binding.site);
            let context = match site.filter(|_| refreshes) {
                None => Context::given(row.given, Some(&caller)),
                Some(site) => Context::refreshing_from(&caller, site),
            };
            let call = caught(context.wrap((way.call)(row.item)));
            ((row.at, row.target, caller), call)
        });
        together(at_once, calls, |(at, target, caller), result| {
            tally.came::<K>(at, target.as_deref(), result, caller.fate());
        })
        .await;
        if !is_blocking {
            turn().await;
        }
    }
}

fn row<R, K: Keep<R, Value: 'static>, P, A>(
    (at, miss): (usize, Box<Missed<R, K, P, A>>),
) -> Option<Row<A>> {
    Some(Row {
        at,
        item: miss.item,
        target: Some(Arc::new(miss.target.ok()?)),
        given: None,
    })
}

/// Returns the items that no cache has.
async fn absent<R, K: Keep<R, Value: 'static>, P, A>(
    missed: Missing<R, K, P, A>,
    mode: Mode,
    tally: &mut Tally<R>,
) -> Vec<Row<A>> {
    let Some(how) = missed.first().map(|(_, miss)| miss.plan.ask.how) else {
        return Vec::new();
    };
    let rows: Vec<_> = missed.into_iter().filter_map(row).collect();
    let targets: Vec<_> = rows
        .iter()
        .filter_map(|row| row.target.as_deref())
        .collect();
    let looked = look(mode, how.is_shared, &targets).await;
    let mut there = Vec::with_capacity(targets.len());
    for (target, looked) in targets.into_iter().zip(looked) {
        let found = match looked {
            Some(looked) => looked.found(mode, target, how).await.unwrap_or_default(),
            None => target.look_level(how),
        };
        there.push(found.is_some_and(|found| found.is_fresh()));
    }
    let mut absent = Vec::new();
    for (row, is_there) in rows.into_iter().zip(there) {
        if is_there {
            tally.there();
        } else {
            absent.push(row);
        }
    }
    absent
}

/// Runs the batch function for those that need it. Returns those for which it has no result,
/// and those that another caller leads.
async fn share<A, R, K, P, G>(
    missed: Missing<R, K, P, A>,
    mode: Mode,
    function: &impl Fn(Vec<A>) -> G,
    refreshes: bool,
    tally: &mut Tally<R>,
) -> Vec<Row<A>>
where
    K: Keep<R, Value: 'static>,
    P: Policy<K::Value>,
    G: Future<Output = Answers<R, A>>,
{
    let (led, mut rows) = if refreshes {
        (missed.into_iter().filter_map(alone).collect(), Vec::new())
    } else {
        sort(missed, true)
    };
    let frame = look_for(mode, &led).await;
    let mut open: BTreeSet<usize> = led.iter().map(|led| led.at).collect();
    let came = |at, target: Option<&Target>, result, fate| {
        open.remove(&at);
        tally.came::<K>(at, target, Ok(result), fate);
    };
    match caught(run_shared(mode, led, function, frame.as_ref(), came)).await {
        Ok(left) => rows.extend(left),
        // Fails the items that it was to answer for; the other parts continue.
        Err(panic) => {
            let error = format!("panicked: {}", text(&*panic));
            open.into_iter()
                .for_each(|at| tally.failed(at, String::new(), error.clone()));
        }
    }
    rows
}

fn alone<R, K: Keep<R, Value: 'static>, P, A>(
    (at, miss): (usize, Box<Missed<R, K, P, A>>),
) -> Option<Led<R, K, P, A>> {
    Some(Led {
        at,
        item: miss.item,
        plan: miss.plan,
        told: miss.told,
        target: Some(Arc::new(miss.target.ok()?)),
        part: Part::Refreshes,
    })
}

/// The result so far.
struct Tally<R> {
    report: Warmed,
    progress: Progress,
    reason: fn(&R) -> Option<String>,
}

impl<R> Tally<R> {
    fn there(&mut self) {
        self.report.there += 1;
        self.progress.step();
    }

    fn failed(&mut self, at: usize, key: String, error: String) {
        self.report.fail(at, key, error);
        self.progress.step();
    }

    fn came<K: Keep<R>>(
        &mut self,
        at: usize,
        target: Option<&Target>,
        came: Result<R, Panic>,
        fate: Fate,
    ) {
        let key = || {
            let key = target.and_then(|target| target.whole_key().ok());
            key.unwrap_or_default()
        };
        match came {
            Err(panic) => self.failed(at, key(), format!("panicked: {}", text(&*panic))),
            Ok(result) if K::is_failure(&result) => {
                let error = (self.reason)(&result).unwrap_or_default();
                self.failed(at, key(), error);
            }
            Ok(_) => {
                match fate {
                    Fate::Served => self.report.there += 1,
                    Fate::Ran => self.report.not_kept += 1,
                    Fate::Kept => self.report.warmed += 1,
                }
                self.progress.step();
            }
        }
    }
}
