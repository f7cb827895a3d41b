//! The path of a call after its in-process hit: up to the body, and after it; the same for sync and async,
//! for every store. `docs/design/way-of-a-call.md` describes it in words.

mod across;
pub(crate) mod behind;
pub(crate) mod bounds;
pub(crate) mod cached;
#[cfg(test)]
mod flight_tests;
pub(crate) mod hit;
mod keeping;
pub(crate) mod lock;
mod renewal;
pub(crate) mod retries;
mod waiting;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::batch;
use crate::context::{self, Context, Fate, Frame, Treatment};
use crate::error::CacheError;
use crate::flight::{Join, Lead};
use crate::keep::Keep;
use crate::mode::Mode;
use crate::observe::{self, Counter, Outcome};
use crate::policy::{Plain, Policy, Times};
use crate::site::Site;
use crate::target::{Cause, Found, Started, Target};
use crate::timeout::Timeout;
use crate::value::How;
pub(crate) use keeping::failed;
use keeping::{fall_back, keep, land};
use lock::Held;
use renewal::Wish;
pub(crate) use waiting::overdue;
use waiting::{Turn, give_up, old, wait};

/// How one call is to be handled.
pub(crate) struct Plan<R, V: 'static, P> {
    pub(crate) ask: Ask<R, V>,
    pub(crate) times: Times,
    pub(crate) policy: P,
}

/// What matters before the body.
pub(crate) struct Ask<R, V: 'static> {
    /// The function that is called, even if it has no cache.
    pub(crate) site: Option<&'static Site>,
    pub(crate) how: &'static How<V>,
    /// How long it waits for another's execution.
    pub(crate) wait: Duration,
    /// How an error of the cache becomes a result, if it can.
    pub(crate) or_error: Option<fn(CacheError) -> R>,
    /// Whether an error of the store is returned as one.
    pub(crate) is_strict: bool,
    /// Whether the body may run in the background.
    pub(crate) is_detachable: bool,
}

impl<R, V> Plan<R, V, Plain> {
    pub(crate) fn plain(how: &'static How<V>, timeout: Timeout) -> Self {
        Self {
            ask: Ask {
                site: None,
                how,
                wait: Duration::from_secs(30),
                or_error: None,
                is_strict: false,
                is_detachable: false,
            },
            times: Times {
                timeout,
                none: Timeout::Default,
                jitter: 0.0,
            },
            policy: Plain,
        }
    }
}

/// Returns the result for `target`: another caller's, the store's, or that of `body`, which is then kept.
/// Without a target, it is that of `body`.
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
        Some(target) => begin::<R, K>(mode, target, &plan.ask).await,
        None => Begun::Run(None),
    };
    let run = match begun {
        // It cannot continue in the background.
        Begun::Done(result) | Begun::Behind(result, _) => {
            answered(target);
            return result;
        }
        Begun::Run(run) => run,
    };
    let started = target.map(Started::running);
    let result = run_body::<R, K, P>(mode, target, plan, (run, started), body).await;
    answered(target);
    result
}

/// Reports to listeners that the caller has its answer.
#[inline]
fn answered(target: Option<&Target>) {
    if let Some(trail) = target.and_then(Target::trail) {
        trail.end();
    }
}

/// Returns the result of `body`, whatever is there, and replaces that with it. It may be made from something that
/// earlier; what it gives way to, the cause says.
pub(crate) async fn refresh<R, K, P>(
    mode: Mode,
    target: &Target,
    plan: Plan<R, K::Value, P>,
    (began, cause): (Option<Started>, Cause),
    body: impl Future<Output = R>,
) -> R
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let run = match context::treatment(None) {
        Treatment::Uncached => None,
        Treatment::Cached | Treatment::Refresh => Some(Run::replacing(target, cause)),
    };
    let started = began.unwrap_or_else(|| Started::running(target));
    run_body::<R, K, P>(mode, Some(target), plan, (run, Some(started)), body).await
}

async fn run_body<R, K, P>(
    mode: Mode,
    target: Option<&Target>,
    plan: Plan<R, K::Value, P>,
    (run, started): (Option<Run<K::Value>>, Option<Started>),
    body: impl Future<Output = R>,
) -> R
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let frame = Frame::running(run.as_ref().map(|run| run.lead.flight()));
    let span = observe::execution(plan.ask.site, target);
    let result = Context::inside(&frame).wrap(body).instrument(span).await;
    match (target, run, started) {
        (Some(target), Some(run), Some(started)) => {
            let finished = Finished {
                result,
                frame,
                started,
            };
            end::<R, K, P>(mode, target, &plan, finished, run).await
        }
        _ => {
            frame.tell(Fate::Ran);
            result
        }
    }
}

/// What comes before the body.
pub(crate) enum Begun<R, V> {
    /// There is a result.
    Done(R),
    /// There is a result, and the body is to run in the background.
    Behind(R, Run<V>),
    /// The body is to run; `None`: with nothing read or kept.
    Run(Option<Run<V>>),
}

/// The body is to run under this lead.
pub(crate) struct Run<V> {
    pub(crate) lead: Lead,
    then: Then,
    /// What was there before, to be served if the body fails.
    // Boxed: there is room for it in every miss.
    pub(crate) old: Option<Box<Found<V>>>,
    lock: Option<Held>,
}

impl<V> Run<V> {
    fn under(lead: Lead, then: Then) -> Self {
        Self {
            lead,
            then,
            old: None,
            lock: None,
        }
    }

    fn replacing(target: &Target, cause: Cause) -> Self {
        let flights = &target.cache.core().flights;
        Self::under(flights.beside(&target.key), Then::Replace(cause))
    }
}

/// What to do with a result.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// It is kept.
    Keep,
    /// It takes the place of what is there, whatever that is; for this cause.
    Replace(Cause),
    /// It is passed to the waiting callers. The store is down, so it is not asked again for the write.
    HandOver,
}

/// The path up to the body.
pub(crate) async fn begin<R, K>(
    mode: Mode,
    target: &Target,
    ask: &Ask<R, K::Value>,
) -> Begun<R, K::Value>
where
    K: Keep<R>,
{
    let (flights, how) = (&target.cache.core().flights, ask.how);
    let run = |lead, then| Begun::Run(Some(Run::under(lead, then)));
    match context::treatment(target.binding.site) {
        Treatment::Cached => {}
        Treatment::Uncached => {
            target.came(Outcome::Uncached);
            return Begun::Run(None);
        }
        Treatment::Refresh => {
            target.came(Outcome::Refreshed);
            return Begun::Run(Some(Run::replacing(target, Cause::Wanted)));
        }
    }

    // A late value needs no flight, unless this caller is to renew it; nor does an old one whose successor must
    // not be computed yet. Nor does a hit that was not looked for: the call is traced, or its function has
    // met more caches than it knows a direct path to.
    let is_unseen = target.trail().is_some() || target.binding.has_own_cache();
    let mut chosen = None;
    if (target.is_careful() || is_unseen)
        && let Some(found) = target.look_level(how)
    {
        match renewal::wish(target, &found, ask.is_detachable) {
            Wish::Serve => return Begun::Done(K::wrap(served(target, found))),
            renewal if found.is_fresh() => chosen = Some(renewal),
            _ => {}
        }
    }

    // One leader; the others wait for it. A caller that must not wait does not wait for the lock either, which
    // may be held by its own caller.
    let (joined, looked) = match batch::given(&target.key) {
        None => (flights.join(&target.key), None),
        Some(given) => given,
    };
    let (lead, may_lock) = match joined {
        Join::Lead(own) => (own, true),
        // Boxed, like everything rare: the future of every miss would have room for it.
        Join::Wait(flight) => match Box::pin(wait::<R, K>(mode, target, &flight, ask)).await {
            Turn::Result(result) => return Begun::Done(result),
            Turn::Lead(own) => (own, true),
            Turn::Alone => (flights.beside(&target.key), false),
        },
    };

    // Another may have finished between the first look and the lead.
    let found = match looked {
        None => target.look(mode, how).await,
        // Boxed, like everything rare.
        Some(looked) => Box::pin(looked.found(mode, target, how)).await,
    };
    let mut found = match found {
        Ok(found) => found,
        Err(error) => match ask.or_error.filter(|_| ask.is_strict) {
            Some(or_error) => {
                target.came(Outcome::Failed);
                // They must not fail one after the other.
                let mut lead = lead;
                lead.land(None);
                return Begun::Done(or_error(error));
            }
            None => {
                target.count(Counter::Misses);
                return run(lead, Then::HandOver);
            }
        },
    };
    let wish_of = |found: &Found<K::Value>| match chosen {
        Some(renewal) if found.is_late() => renewal,
        _ => renewal::wish(target, found, ask.is_detachable),
    };
    let mut wish = found.as_ref().map_or(Wish::Renew, wish_of);

    // One execution across all processes; what another one has made meanwhile is found.
    let mut held = None;
    if wish != Wish::Serve && may_lock && lock::is_wanted(target) {
        match Box::pin(across::once(mode, target, ask, (found, wish))).await {
            Ok(across) => (held, found, wish) = (across.held, across.found, across.wish),
            Err(result) => return Begun::Done(land::<R, K>(how, lead, result)),
        }
    }

    let Some(found) = found else {
        target.count(Counter::Misses);
        return Begun::Run(Some(Run {
            lead,
            then: Then::Keep,
            old: None,
            lock: held,
        }));
    };
    if wish == Wish::Serve {
        if let Some(held) = held {
            Box::pin(held.release(mode)).await;
        }
        let value = served(target, found);
        return Begun::Done(land::<R, K>(how, lead, K::wrap(value)));
    }
    // Callers that come from now on need not wait.
    lead.show(old(how, &found));
    let answer = (wish == Wish::RenewBehind).then(|| (how.duplicate)(&found.value));
    let counter = match answer {
        Some(_) => found.counter(),
        None => Counter::Misses,
    };
    target.count_read(counter);
    let run = Run {
        lead,
        then: Then::Keep,
        old: Some(Box::new(found)),
        lock: held,
    };
    match answer {
        Some(answer) => Begun::Behind(K::wrap(answer), run),
        None => Begun::Run(Some(run)),
    }
}

/// Returns the value that was found, counted as what it is.
fn served<V>(target: &Target, found: Found<V>) -> V {
    target.count_read(found.counter());
    found.value
}

/// A result, and what is known about its computation.
pub(crate) struct Finished<R> {
    pub(crate) result: R,
    pub(crate) frame: Arc<Frame>,
    /// The entry's time: before the function ran.
    pub(crate) started: Started,
}

/// The path after the body.
pub(crate) async fn end<R, K, P>(
    mode: Mode,
    target: &Target,
    plan: &Plan<R, K::Value, P>,
    finished: Finished<R>,
    run: Run<K::Value>,
) -> R
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let Run {
        lead,
        then,
        old,
        lock,
    } = run;
    finished.frame.tell(Fate::Ran);
    finished.started.ended(target);
    let is_failure = K::is_failure(&finished.result);
    if is_failure {
        target.came(Outcome::Failed);
    }
    let result = match (then, old) {
        // Copies in process are all that is left.
        (Then::HandOver, _) if target.cache.core().near().is_some() => {
            let kept = keep::<R, K, P>(mode, target, plan, finished, lead, Cause::Alone);
            Box::pin(kept).await.0
        }
        (Then::HandOver, _) => land::<R, K>(plan.ask.how, lead, finished.result),
        (Then::Keep, None) => {
            keep::<R, K, P>(mode, target, plan, finished, lead, Cause::Missing)
                .await
                .0
        }
        (Then::Keep, Some(old)) if is_failure => {
            let (how, result) = (plan.ask.how, finished.result);
            Box::pin(fall_back::<R, K>(mode, target, how, result, *old, lead)).await
        }
        (Then::Keep, Some(_)) => {
            let flight = lead.flight().clone();
            let (result, is_kept) =
                keep::<R, K, P>(mode, target, plan, finished, lead, Cause::Renewal).await;
            target.cache.core().retries.forget(&target.key);
            target.binding.note_recovery();
            if !is_kept && !flight.is_overtaken() {
                // What is there contradicts the newest answer. A store that fails is counted.
                let _ = Box::pin(target.delete(mode)).await;
            }
            result
        }
        // An error is no answer: it changes nothing, here and for those who make the same value.
        (Then::Replace(cause), _) if is_failure => {
            keep::<R, K, P>(mode, target, plan, finished, lead, cause)
                .await
                .0
        }
        (Then::Replace(cause), _) => {
            let core = target.cache.core();
            let flight = lead.flight().clone();
            let earlier = core.flights.overtake_earlier(mode, &target.key, &flight);
            let overtaking = earlier.await;
            if let Some((overtaking, created)) = overtaking.as_ref().zip(finished.started.created())
            {
                target.doubt(overtaking, created);
            }
            let (result, is_kept) =
                keep::<R, K, P>(mode, target, plan, finished, lead, cause).await;
            if !is_kept && !flight.is_overtaken() {
                let _ = target.delete(mode).await;
            }
            result
        }
    };
    if let Some(lock) = lock {
        Box::pin(lock.release(mode)).await;
    }
    result
}
