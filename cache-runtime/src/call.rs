//! The way of a call past its in-process hit, on one page; the same for sync and async, for every
//! store. `docs/design/way-of-a-call.md` tells it in words.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::context::{self, Context, Frame, Treatment};
use crate::error::{CacheError, ErrorKind};
use crate::flight::{Flight, Join, Lead, Waited};
use crate::keep::Keep;
use crate::mode::Mode;
use crate::observe::Counter;
use crate::policy::{Plain, Policy, Times};
use crate::target::{Kept, Started, Target};
use crate::timeout::Timeout;
use crate::value::{Cargo, How};

/// How one call wants to be treated.
pub(crate) struct Plan<R, V: 'static, P> {
    pub(crate) how: &'static How<V>,
    pub(crate) times: Times,
    /// How long it waits for another's execution.
    pub(crate) wait: Duration,
    /// How an error of the store becomes a result, if it shall.
    pub(crate) strict: Option<fn(CacheError) -> R>,
    pub(crate) policy: P,
}

impl<R, V> Plan<R, V, Plain> {
    pub(crate) fn plain(how: &'static How<V>, timeout: Timeout) -> Self {
        Self {
            how,
            times: Times {
                timeout,
                none: Timeout::Default,
                jitter: 0.0,
            },
            wait: Duration::from_secs(30),
            strict: None,
            policy: Plain,
        }
    }
}

/// What those who wait get of a result that is not kept.
struct Unkept<Rest>(Rest);

/// The result for `target`: another's, the store's, or that of `body`, which is then kept.
/// Without a target it is that of `body`.
//
// Compiled once for each body, so it is short; what is around the body is compiled for each type.
pub(crate) async fn fetch<R, K, P>(
    mode: Mode,
    target: Option<&Target>,
    plan: Plan<R, K::Value, P>,
    body: impl Future<Output = R>,
) -> R
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let begun = match target {
        Some(target) => begin::<R, K>(mode, target, plan.how, plan.wait, plan.strict).await,
        None => Begun::Run(None),
    };
    let run = match begun {
        Begun::Done(result) => return result,
        Begun::Run(run) => run,
    };
    let started = target.map(|target| Started::now(&target.cache));
    let frame = Frame::running(run.as_ref().map(|run| run.lead.flight()));
    let result = Context::inside(&frame).wrap(body).await;
    match (target, run, started) {
        (Some(target), Some(run), Some(started)) => {
            let made = Made {
                result,
                frame,
                started,
            };
            end::<R, K, P>(mode, target, &plan, made, run).await
        }
        _ => result,
    }
}

/// What comes before the body.
enum Begun<'t, R> {
    /// There is a result.
    Done(R),
    /// The body is to run; `None`: with nothing read or kept.
    Run(Option<Run<'t>>),
}

/// The body is to run under this lead.
struct Run<'t> {
    lead: Lead<'t>,
    then: Then,
}

/// What is to be done with a result.
enum Then {
    /// It is kept.
    Keep,
    /// It takes the place of what is there, whatever that is.
    Replace,
    /// It is handed to those who wait. The store is not there: it is not asked again for the write.
    HandOver,
}

/// The way up to the body.
async fn begin<'t, R, K>(
    mode: Mode,
    target: &'t Target,
    how: &'static How<K::Value>,
    limit: Duration,
    strict: Option<fn(CacheError) -> R>,
) -> Begun<'t, R>
where
    K: Keep<R>,
{
    let flights = &target.cache.core().flights;
    let run = |lead, then| Begun::Run(Some(Run { lead, then }));
    match context::treatment(target.binding.site) {
        Treatment::Cached => {}
        Treatment::Uncached => return Begun::Run(None),
        Treatment::Refresh => return run(flights.beside(&target.key), Then::Replace),
    }

    // One leader; the others wait for it.
    let lead = match flights.join(&target.key) {
        Join::Lead(own) => own,
        Join::Wait(flight) => match wait(mode, target, &flight, limit).await {
            Turn::Lead(own) => own,
            Turn::Alone => flights.beside(&target.key),
            Turn::Landed(cargo) => match unshare::<R, K>(how, &cargo) {
                Some(result) => {
                    target.count(Counter::Joined);
                    return Begun::Done(result);
                }
                None => flights.beside(&target.key),
            },
        },
    };

    // Another may have finished between the first look and the lead.
    if let Some(value) = target.read_level(how) {
        target.binding.counters.count_hit();
        return Begun::Done(land::<R, K>(how, lead, K::wrap(value)));
    }
    match target.read_store(mode, how).await {
        Ok(Some(value)) => {
            target.count(Counter::StoreHits);
            return Begun::Done(land::<R, K>(how, lead, K::wrap(value)));
        }
        Ok(None) => {}
        Err(error) => match strict {
            Some(strict) => {
                // They shall not fail one behind the other.
                let mut lead = lead;
                lead.land(None);
                return Begun::Done(strict(error));
            }
            None => {
                target.count(Counter::Misses);
                return run(lead, Then::HandOver);
            }
        },
    }
    target.count(Counter::Misses);
    run(lead, Then::Keep)
}

/// A result, and what is known of its making.
struct Made<R> {
    result: R,
    frame: Arc<Frame>,
    /// The entry's time: before the function ran.
    started: Started,
}

/// The way behind the body.
async fn end<R, K, P>(
    mode: Mode,
    target: &Target,
    plan: &Plan<R, K::Value, P>,
    made: Made<R>,
    run: Run<'_>,
) -> R
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let Run { lead, then } = run;
    match then {
        Then::HandOver => land::<R, K>(plan.how, lead, made.result),
        Then::Keep => keep::<R, K, P>(mode, target, plan, made, lead).await.0,
        Then::Replace => {
            let flights = &target.cache.core().flights;
            let _overtaking = flights
                .overtake_others(mode, &target.key, Some(lead.flight()))
                .await;
            let is_failure = K::is_failure(&made.result);
            let (result, is_kept) = keep::<R, K, P>(mode, target, plan, made, lead).await;
            if !is_kept && !is_failure {
                // What is there contradicts the newest answer. A store that fails is counted.
                let _ = target.delete(mode).await;
            }
            result
        }
    }
}

/// Hands the result to those who wait, and keeps it as far as plan and policy say; whether they
/// say so.
async fn keep<R, K, P>(
    mode: Mode,
    target: &Target,
    plan: &Plan<R, K::Value, P>,
    made: Made<R>,
    mut lead: Lead<'_>,
) -> (R, bool)
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let default = target.cache.core().settings.timeout;
    let timeout = K::kept(&made.result).and_then(|value| {
        let decisions = made.frame.decisions();
        let is_none = K::is_none(value);
        let decide = || {
            plan.times
                .decide(value, is_none, &plan.policy, &decisions, default)
        };
        if P::IS_PLAIN {
            decide()
        } else {
            // The closures are the function's own: what they call is called by it.
            Context::inside(&made.frame).enter(decide)
        }
    });
    let result = made.result;
    let (Some(timeout), Some(value)) = (timeout, K::kept(&result)) else {
        lead.finish(|| cargo::<R, K>(plan.how, &result));
        return (result, false);
    };
    // A copy, for the store to write and the level to hold: the result itself goes to the caller,
    // and its error need not be one that other threads may look at.
    let value = (plan.how.duplicate)(value);
    if plan.how.is_shared && target.cache.core().store().is_some() {
        // Nobody waits for a write to a server.
        lead.land(cargo::<R, K>(plan.how, &result));
    }
    let kept = target
        .write(
            mode,
            plan.how,
            value,
            timeout,
            made.started,
            Some(lead.flight()),
        )
        .await;
    lead.finish(|| cargo::<R, K>(plan.how, &result));
    match kept {
        Ok(kept) => (result, !matches!(kept, Kept::TooLarge)),
        // The function has run: its result is not lost for a write that failed, `strict` or not.
        Err(error) => {
            tell_unkept(target, &error);
            (result, true)
        }
    }
}

/// A value that cannot be written is the program's fault, not the store's: counted, and said once.
fn tell_unkept(target: &Target, error: &CacheError) {
    if error.kind() == ErrorKind::Encode {
        target.count(Counter::Errors);
        if target.binding.is_news() {
            tracing::warn!(%error, "results are not kept");
        }
    }
}

/// Ends the flight with this result and gives it back.
fn land<R, K>(how: &How<K::Value>, lead: Lead<'_>, result: R) -> R
where
    K: Keep<R>,
{
    lead.finish(|| cargo::<R, K>(how, &result));
    result
}

/// A copy of the result for those who wait; `None` if it cannot be copied, which releases them.
fn cargo<R, K>(how: &How<K::Value>, result: &R) -> Option<Cargo>
where
    K: Keep<R>,
{
    match K::kept(result) {
        Some(value) => Some((how.share)(value)),
        None => K::rest(result).map(|rest| Arc::new(Unkept(rest)) as Cargo),
    }
}

/// The result that a leader brought home.
fn unshare<R, K>(how: &How<K::Value>, cargo: &Cargo) -> Option<R>
where
    K: Keep<R>,
{
    match cargo.downcast_ref::<Unkept<K::Rest>>() {
        Some(Unkept(rest)) => Some(K::unrest(rest.clone())),
        None => (how.unshare)(cargo).map(K::wrap),
    }
}

/// What came of waiting.
enum Turn<'a> {
    Lead(Lead<'a>),
    Landed(Cargo),
    Alone,
}

async fn wait<'a>(
    mode: Mode,
    target: &'a Target,
    flight: &Arc<Flight>,
    limit: Duration,
) -> Turn<'a> {
    let flights = &target.cache.core().flights;
    match flights.wait(flight, limit, mode.is_blocking()).await {
        Some((Waited::Landed(cargo), _)) => Turn::Landed(cargo),
        Some((_, Some(lead))) => Turn::Lead(lead),
        // Waiting would be a circle, took too long, or the result cannot be shared.
        _ => Turn::Alone,
    }
}
