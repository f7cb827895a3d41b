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
pub(crate) async fn fetch<R, K, P>(
    mode: Mode,
    target: &Target,
    plan: Plan<R, K::Value, P>,
    body: impl Future<Output = R>,
) -> R
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let flights = &target.cache.core().flights;
    match context::treatment(target.binding.site) {
        Treatment::Cached => {}
        Treatment::Uncached => return alone(body).await,
        Treatment::Refresh => {
            let lead = flights.beside(&target.key);
            let made = Made::run(target, lead.flight(), body).await;
            let _overtaking = flights
                .overtake_others(mode, &target.key, Some(lead.flight()))
                .await;
            let is_failure = K::is_failure(&made.result);
            let (result, is_kept) = keep::<R, K, P>(mode, target, &plan, made, lead).await;
            if !is_kept && !is_failure {
                // What is there contradicts the newest answer. A store that fails is counted.
                let _ = target.delete(mode).await;
            }
            return result;
        }
    }

    // One leader; the others wait for it.
    let lead = match flights.join(&target.key.lookup()) {
        Join::Lead(own) => own,
        Join::Wait(flight) => match wait(mode, target, &flight, plan.wait).await {
            Turn::Lead(own) => own,
            Turn::Alone => flights.beside(&target.key),
            Turn::Landed(cargo) => match unshare::<R, K>(plan.how, &cargo) {
                Some(result) => {
                    target.count(Counter::Joined);
                    return result;
                }
                None => flights.beside(&target.key),
            },
        },
    };

    // Another may have finished between the first look and the lead.
    if let Some(value) = target.read_level(plan.how) {
        target.binding.counters.count_hit();
        return land::<R, K>(plan.how, lead, K::wrap(value));
    }
    match target.read_store(mode, plan.how).await {
        Ok(Some(value)) => {
            target.count(Counter::StoreHits);
            return land::<R, K>(plan.how, lead, K::wrap(value));
        }
        Ok(None) => {}
        Err(error) => match plan.strict {
            Some(strict) => {
                // They shall not fail one behind the other.
                let mut lead = lead;
                lead.land(None);
                return strict(error);
            }
            None => {
                // The store is not there: run uncached, and do not ask it again for the write.
                target.count(Counter::Misses);
                let made = Made::run(target, lead.flight(), body).await;
                return land::<R, K>(plan.how, lead, made.result);
            }
        },
    }

    target.count(Counter::Misses);
    let made = Made::run(target, lead.flight(), body).await;
    keep::<R, K, P>(mode, target, &plan, made, lead).await.0
}

/// Runs `body` with nothing read or kept.
pub(crate) async fn alone<R>(body: impl Future<Output = R>) -> R {
    let (context, _) = Context::running(None);
    context.wrap(body).await
}

/// A result, and what is known of its making.
struct Made<R> {
    result: R,
    context: Context,
    frame: Arc<Frame>,
    started: Started,
}

impl<R> Made<R> {
    /// Runs the function, in a frame that knows its flight and its decisions. The entry's time is
    /// taken before.
    async fn run(target: &Target, flight: &Arc<Flight>, body: impl Future<Output = R>) -> Self {
        let started = Started::now(&target.cache);
        let (context, frame) = Context::running(Some(flight.clone()));
        let result = context.clone().wrap(body).await;
        Self {
            result,
            context,
            frame,
            started,
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
        // The closures are the function's own: what they call is called by it.
        made.context.enter(|| {
            plan.times
                .decide(value, is_none, &plan.policy, &decisions, default)
        })
    });
    let result = made.result;
    share::<R, K>(plan.how, &mut lead, &result);
    let (Some(timeout), Some(value)) = (timeout, K::kept(&result)) else {
        return (result, false);
    };
    // A copy, for the store to write and the level to hold: the result itself goes to the caller,
    // and its error need not be one that other threads may look at.
    let value = (plan.how.duplicate)(value);
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
fn land<R, K>(how: &How<K::Value>, mut lead: Lead<'_>, result: R) -> R
where
    K: Keep<R>,
{
    share::<R, K>(how, &mut lead, &result);
    result
}

/// Hands a copy of the result to those who wait; what cannot be copied releases them.
fn share<R, K>(how: &How<K::Value>, lead: &mut Lead<'_>, result: &R)
where
    K: Keep<R>,
{
    lead.land(match K::kept(result) {
        Some(value) => Some((how.share)(value)),
        None => K::rest(result).map(|rest| Arc::new(Unkept(rest)) as Cargo),
    });
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
