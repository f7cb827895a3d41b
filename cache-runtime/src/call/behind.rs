//! The path of a call whose body may continue in the background: its caller waits no longer than the limits
//! say, or not at all.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::background;
use crate::background::parcel::{Receiver, parcel};
use crate::call::{Ask, Begun, Finished, Plan, Run, begin, end, failed, give_up, overdue};
use crate::clock::Clock;
use crate::context::{Context, Fate, Frame};
use crate::flight::Flight;
use crate::keep::Keep;
use crate::life::Age;
use crate::mode::Mode;
use crate::observe::{self, Counter};
use crate::policy::{Limits, Policy};
use crate::target::{Found, Started, Target};
use crate::tools::panics::{Panic, caught};

/// Does what [`call::fetch`](crate::call::fetch) does, for a body that owns everything it uses.
pub(crate) async fn fetch<R, K, P>(
    mode: Mode,
    target: Option<Target>,
    plan: Plan<R, K::Value, P>,
    body: impl Future<Output = R> + Send + 'static,
) -> R
where
    R: Send + 'static,
    K: Keep<R, Value: Send + Sync + 'static>,
    P: Policy<K::Value> + Send + Sync + 'static,
{
    let Some(target) = target else {
        return alone(mode, &plan.ask, None, body).await;
    };
    let (answer, run) = match begin::<R, K>(mode, &target, &plan.ask).await {
        Begun::Done(result) => return result,
        Begun::Run(None) => return alone(mode, &plan.ask, Some(&target), body).await,
        Begun::Behind(answer, run) => (Some(answer), run),
        Begun::Run(Some(run)) => (None, run),
    };
    let body = body.instrument(observe::execution(plan.ask.site, Some(&target)));
    let limits = target.binding.site.map_or(Limits::NONE, |site| site.limits);
    let flight = run.lead.flight().clone();
    let is_awaited = answer.is_none();
    let frame = if is_awaited {
        Frame::running(Some(&flight))
    } else {
        // Nobody waits for it, so that it cannot be part of a circle.
        Frame::detached(&flight)
    };
    // What the scope says here also applies where the body runs, and to the closures that are called after it.
    let mut context = Context::inside(&frame);
    if !is_awaited {
        // Listeners are told what the caller waits for.
        context = context.untraced();
    }
    if is_awaited && limits == Limits::NONE {
        let call = led::<R, K, P>(mode, &target, &plan, frame, run, body);
        return context.wrap(call).await;
    }

    let (how, or_error) = (plan.ask.how, plan.ask.or_error);
    // For a caller that stops waiting.
    let old = run.old.as_ref().map(|old| old.again(how));
    let has_old = old.is_some();
    let target = Arc::new(target);
    let (sender, receiver) = parcel();
    let job = {
        let target = target.clone();
        async move {
            let call = context.wrap(led::<R, K, P>(mode, &target, &plan, frame, run, body));
            let end = caught(call).await;
            if end.is_err() && has_old {
                // Readers are served what was there, and every one of them would start it again.
                failed(&target);
            }
            sender.send(end);
        }
    };
    let refused = background::spawn(mode, job).err();
    if let Some(answer) = answer {
        // If there is no room in the background, another caller will renew it.
        return answer;
    }
    if let Some(job) = refused {
        job.await;
    }
    let patience = Patience {
        mode,
        limits,
        target: &target,
        flight: &flight,
        receiver,
    };
    match patience.wait(old).await {
        Waited::Result(result) => result,
        Waited::Old(value) => K::wrap(value),
        Waited::Overdue(limit, receiver) => match or_error {
            Some(or_error) => give_up(&target, (limit, or_error)),
            None => opened(mode.wait(receiver).await),
        },
    }
}

/// Runs the body with nothing read or kept. What it decides concerns only itself, even if it has no cache.
async fn alone<R, V>(
    mode: Mode,
    ask: &Ask<R, V>,
    target: Option<&Target>,
    body: impl Future<Output = R> + Send + 'static,
) -> R
where
    R: Send + 'static,
{
    let frame = Frame::running(None);
    frame.tell(Fate::Ran);
    let span = observe::execution(ask.site, target);
    let body = Context::inside(&frame).wrap(body).instrument(span);
    let hard = ask.site.and_then(|site| site.limits.hard);
    let Some((hard, or_error)) = hard.zip(ask.or_error) else {
        return body.await;
    };
    let (sender, mut receiver) = parcel();
    let job = async move { sender.send(caught(body).await) };
    if let Err(job) = background::spawn(mode, job) {
        job.await;
    }
    let clock = target.map_or_else(Clock::system, Target::clock);
    match mode.wait(clock.within(hard, &mut receiver)).await {
        Some(end) => opened(end),
        None => or_error(overdue(ask.site.map_or("", |site| site.name), hard)),
    }
}

/// Runs the body under its lead, in the context of its frame, and handles its result.
async fn led<R, K, P>(
    mode: Mode,
    target: &Target,
    plan: &Plan<R, K::Value, P>,
    frame: Arc<Frame>,
    run: Run<K::Value>,
    body: impl Future<Output = R>,
) -> R
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let started = Started::running(target);
    let result = body.await;
    let finished = Finished {
        result,
        frame,
        started,
    };
    end::<R, K, P>(mode, target, plan, finished, run).await
}

/// A caller that waits for a body that runs elsewhere.
struct Patience<'a, R> {
    mode: Mode,
    limits: Limits,
    target: &'a Target,
    flight: &'a Flight,
    receiver: Receiver<Result<R, Panic>>,
}

/// The result of waiting.
enum Waited<R, V> {
    Result(R),
    /// The earlier value is still good.
    Old(V),
    /// The time of `hard_timeout` is over.
    Overdue(Duration, Receiver<Result<R, Panic>>),
}

impl<R> Patience<'_, R> {
    /// Waits for the result until `soft_timeout`, if there is something to serve by then, and after that until
    /// `hard_timeout`.
    async fn wait<V>(mut self, old: Option<Found<V>>) -> Waited<R, V> {
        let Limits { soft, hard } = self.limits;
        let soft = soft.filter(|_| old.is_some());
        let mut old = old;
        if let Some(soft) = soft {
            let soft = hard.map_or(soft, |hard| hard.min(soft));
            if let Some(end) = self.within(soft).await {
                return self.arrived(end, old);
            }
            old = match self.good(old) {
                Ok(value) => return Waited::Old(value),
                Err(old) => old,
            };
        }
        let Some(hard) = hard else {
            let end = self.mode.wait(&mut self.receiver).await;
            return self.arrived(end, old);
        };
        let left = hard.saturating_sub(soft.unwrap_or_default());
        if let Some(end) = self.within(left).await {
            return self.arrived(end, old);
        }
        match self.good(old) {
            Ok(value) => Waited::Old(value),
            Err(_) => Waited::Overdue(hard, self.receiver),
        }
    }

    /// Returns what the body has sent. If it has sent nothing, its runtime has ended, and the old value is better
    /// than a panic.
    fn arrived<V>(self, end: Option<Result<R, Panic>>, old: Option<Found<V>>) -> Waited<R, V> {
        if end.is_none()
            && let Ok(value) = self.good(old)
        {
            return Waited::Old(value);
        }
        Waited::Result(opened(end))
    }

    async fn within(&mut self, limit: Duration) -> Option<Option<Result<R, Panic>>> {
        let clock = &self.target.cache.core().settings.clock;
        let received = clock.within(limit, &mut self.receiver);
        self.mode.wait(received).await
    }

    /// Returns the old value, counted, unless it has expired for good meanwhile or was invalidated.
    fn good<V>(&self, old: Option<Found<V>>) -> Result<V, Option<Found<V>>> {
        let now = self.target.cache.core().settings.clock.now();
        match old {
            Some(old)
                if !self.flight.is_overtaken()
                    && old.life.age(now) != Age::Dead
                    && old.marks.are_silent() =>
            {
                if old.life.age(now) == Age::Stale {
                    self.target.count(Counter::Stale);
                }
                Ok(old.value)
            }
            old => Err(old),
        }
    }
}

/// Returns the result of the body, or resumes its panic.
fn opened<R>(parcel: Option<Result<R, Panic>>) -> R {
    match parcel {
        Some(Ok(result)) => result,
        Some(Err(panic)) => resume_unwind(panic),
        None => panic!("the runtime of a cached function ended before the function did"),
    }
}
