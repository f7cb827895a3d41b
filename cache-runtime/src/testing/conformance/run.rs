//! Running behaviours: on threads or in one task, some at a time, and none for ever.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::bed::{Bed, Caller};
use super::failure::{Failure, Verdict};
use super::gather::gather;
use super::list::Behaviour;
use super::suite::Suite;
use crate::clock::Clock;
use crate::mode::block_on;
use crate::tools::panics::{self, caught};

/// One behaviour, on one column, for one kind of caller.
pub(super) struct Job {
    pub(super) behaviour: &'static Behaviour,
    pub(super) column: usize,
    /// The name of the column.
    pub(super) through: String,
    pub(super) bed: Bed,
}

impl Job {
    /// Returns which column and caller this is, for a failure.
    pub(super) fn who(&self) -> String {
        let caller = match self.bed.caller {
            Caller::Awaiting => "awaiting",
            Caller::Blocking => "blocking",
        };
        format!("{}, {caller}", self.through)
    }

    /// Returns whether the store claims to do what it now says it cannot.
    pub(super) fn claims(&self, failure: &Failure) -> bool {
        let says = self.bed.capabilities();
        match failure.unsupported() {
            Some("keys") => says.list_keys,
            Some("incr") => says.atomic_incr,
            // What every store has, built on the required operations.
            Some(operation) => {
                const ALWAYS: &[&str] = &["get", "set", "delete", "add", "get_many", "set_many"];
                ALWAYS.contains(&operation)
            }
            None => false,
        }
    }

    /// Runs the behaviour, again with longer lifetimes if the machine was too busy for short ones.
    async fn verdict(&self) -> Verdict {
        loop {
            let verdict = self.attempt().await;
            if verdict.is_ok() || !self.bed.slows_down() {
                return verdict;
            }
        }
    }

    /// Makes a panic of a behaviour or a store a failure, and nothing more.
    async fn attempt(&self) -> Verdict {
        let verdict = caught((self.behaviour.run)(&self.bed)).await;
        verdict.unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Failure {
    Failure::new(format!("it panicked: {}", panics::text(panic)))
}

fn hangs(limit: Duration) -> Failure {
    Failure::new(format!("it hangs: not done within {limit:?}"))
}

/// Runs each on a thread of its own. One that hangs keeps its thread, and the others continue.
pub(super) fn on_threads(jobs: Vec<Job>, suite: &Suite) -> Vec<(Arc<Job>, Verdict)> {
    let (sender, receiver) = channel();
    let mut waiting = jobs.into_iter().enumerate();
    let mut running: HashMap<usize, (Instant, Arc<Job>)> = HashMap::new();
    let mut done = Vec::new();
    loop {
        while running.len() < suite.at_once
            && let Some((number, job)) = waiting.next()
        {
            let job = Arc::new(job);
            running.insert(number, (Instant::now() + suite.limit, job.clone()));
            let (sender, driver) = (sender.clone(), suite.driver.clone());
            let body = move || {
                let told = sender.clone();
                let work = async move {
                    let verdict = job.verdict().await;
                    drop(job);
                    // Nobody receives the result of one that was given up.
                    let _ = told.send((number, verdict));
                };
                let driven = catch_unwind(AssertUnwindSafe(|| match &driver {
                    Some(drive) => drive(Box::pin(work)),
                    None => block_on(work),
                }));
                if let Err(panic) = driven {
                    let _ = sender.send((number, Err(panicked(&*panic))));
                }
            };
            let spawned = thread::Builder::new()
                .name("conformance".to_owned())
                .spawn(body);
            if let Err(error) = spawned {
                let failure = Failure::new(format!("there is no thread for it: {error}"));
                done.extend(
                    running
                        .remove(&number)
                        .map(|(_, job)| (number, job, Err(failure))),
                );
            }
        }
        let Some(next) = running.values().map(|(until, _)| *until).min() else {
            break;
        };
        match receiver.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok((number, verdict)) => {
                done.extend(
                    running
                        .remove(&number)
                        .map(|(_, job)| (number, job, verdict)),
                );
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let now = Instant::now();
                let late = running.iter().filter(|(_, (until, _))| *until <= now);
                let late: Vec<usize> = late.map(|(number, _)| *number).collect();
                for number in late {
                    let hanging = running.remove(&number);
                    done.extend(hanging.map(|(_, job)| (number, job, Err(hangs(suite.limit)))));
                }
            }
        }
    }
    done.sort_by_key(|(number, ..)| *number);
    done.into_iter()
        .map(|(_, job, verdict)| (job, verdict))
        .collect()
}

/// Runs all in the task that polls this.
pub(super) async fn in_this_task(jobs: Vec<Job>, suite: &Suite) -> Vec<(Job, Verdict)> {
    let limit = suite.limit;
    let jobs = jobs.into_iter().map(|job| async move {
        let verdict = within(limit, job.verdict()).await;
        (job, verdict)
    });
    gather(jobs, suite.at_once).await
}

async fn within(limit: Duration, work: impl Future<Output = Verdict>) -> Verdict {
    let verdict = Clock::system().within(limit, work).await;
    verdict.unwrap_or_else(|| Err(hangs(limit)))
}
