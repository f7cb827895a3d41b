//! The items of a batch that share one body: that of the batch function.
//!
//! Each takes the path of a call with a body that waits for its part of the answer. So what is kept of it,
//! for how long, and who else gets it, is the same as for any call.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use tracing::Instrument;

use super::asked::Told;
use super::many::AT_ONCE;
use super::run::Answers;
use super::sort::{Led, Part, Row};
use super::together::together;
use crate::call::{self, overdue};
use crate::clock::Clock;
use crate::context::scope::current;
use crate::context::{Context, Fate, Frame};
use crate::keep::Keep;
use crate::mode::Mode;
use crate::observe::{self, Trail};
use crate::policy::Policy;
use crate::sync::lock;
use crate::target::Target;

/// How far the body of one item is.
enum Slot<R> {
    NotAsked,
    Asked,
    Answered(R),
}

/// Runs `function` once, for those of `led` that need it; passes each result to `done`. Returns
/// the items for which it has no result.
pub(super) async fn run_shared<A, R, K, P, G>(
    mode: Mode,
    led: Vec<Led<R, K, P, A>>,
    function: &impl Fn(Vec<A>) -> G,
    frame: Option<&Arc<Frame>>,
    mut done: impl FnMut(usize, Option<&Target>, R, Fate),
) -> Vec<Row<A>>
where
    K: Keep<R, Value: 'static>,
    P: Policy<K::Value>,
    G: Future<Output = Answers<R, A>>,
{
    let Some(first) = led.first() else {
        return Vec::new();
    };
    let site = first.plan.ask.site;
    let name = site.map_or("", |site| site.name);
    let hard = site.and_then(|site| site.limits.hard);
    // A thread cannot be dropped.
    let limit = hard
        .filter(|_| !mode.is_blocking())
        .zip(first.plan.ask.or_error);
    let target = first.target.as_deref();
    let clock = target.map_or_else(Clock::system, Target::clock);

    let mut items = Vec::with_capacity(led.len());
    let mut calls = Vec::with_capacity(led.len());
    for Led {
        at,
        item,
        plan,
        told,
        mut target,
        part,
    } in led
    {
        if let Some(site) = site {
            Trail::begin(site, target.as_mut().and_then(Arc::get_mut));
        }
        let slot = Arc::new(Mutex::new(Slot::NotAsked));
        let caller = Frame::called_from(frame);
        let body = answer(slot.clone(), told);
        let context = match (part, site) {
            (Part::Leads(given), _) => Context::given(Some(given), Some(&caller)),
            (Part::Refreshes, Some(site)) => Context::refreshing_from(&caller, site),
            (Part::Refreshes, None) | (Part::Alone, _) => Context::given(None, Some(&caller)),
        };
        let place = target.clone();
        let call = async move { call::fetch::<R, K, P>(mode, place.as_deref(), plan, body).await };
        let call = Box::pin(context.wrap(call));
        items.push(Some(item));
        calls.push(Some(Call {
            at,
            target,
            slot,
            caller,
            call,
        }));
    }

    // Run them all to their end, or to where they need the function.
    std::future::poll_fn(|task| {
        let mut is_ready = true;
        for place in &mut calls {
            let Some(call) = place else { continue };
            if call.is_asked() {
                continue;
            }
            match call.call.as_mut().poll(task) {
                Poll::Ready(result) => {
                    done(call.at, call.target.as_deref(), result, call.caller.fate());
                    *place = None;
                }
                Poll::Pending => is_ready &= call.is_asked(),
            }
        }
        if is_ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;

    let mut asked = Vec::new();
    let mut asking = Vec::new();
    for (call, item) in calls.into_iter().zip(items) {
        if let (Some(call), Some(item)) = (call, item) {
            asking.push(call);
            asked.push(item);
        }
    }
    if asked.is_empty() {
        return Vec::new();
    }
    // What leads no flight is called from here all the same: in this scope, with this cache.
    let context = frame.map_or_else(
        || Context::inside(&Frame::called_from(None)),
        Context::inside,
    );
    let span = observe::execution(site, None);
    let answers = context.wrap(function(asked)).instrument(span);
    let answers = match limit {
        Some((limit, _)) => clock.within(limit, answers).await,
        None => Some(answers.await),
    };
    let mut left = Vec::new();
    let mut answered = Vec::with_capacity(asking.len());
    match (answers, limit) {
        (Some((results, items)), _) => {
            if let Some(site) = site.filter(|_| results.len() != asking.len()) {
                site.report_wrong_count(results.len(), asking.len());
            }
            let mut results = results.into_iter();
            let is_right = results.len() == asking.len();
            for (call, item) in asking.into_iter().zip(items) {
                match results.next().flatten().filter(|_| is_right) {
                    Some(result) => answered.push(call.with(result)),
                    // Without the answer its call is dropped, and the lead passes to a waiting caller.
                    None => left.push(Row {
                        at: call.at,
                        item,
                        target: call.target,
                        given: None,
                    }),
                }
            }
        }
        (None, Some((limit, or_error))) => {
            let error = |call: Call<R, _>| call.with(or_error(overdue(name, limit)));
            answered.extend(asking.into_iter().map(error));
        }
        (None, None) => {}
    }
    let at_once = if mode.is_blocking() { 1 } else { AT_ONCE };
    let calls = answered.into_iter().map(|call| {
        let Call {
            at,
            target,
            caller,
            call,
            ..
        } = call;
        ((at, target, caller), call)
    });
    together(at_once, calls, |(at, target, caller), result| {
        done(at, target.as_deref(), result, caller.fate());
    })
    .await;
    left
}

struct Call<R, F> {
    at: usize,
    target: Option<Arc<Target>>,
    slot: Arc<Mutex<Slot<R>>>,
    /// The frame from which it is called, which is told the outcome.
    caller: Arc<Frame>,
    call: Pin<Box<F>>,
}

impl<R, F> Call<R, F> {
    fn is_asked(&self) -> bool {
        matches!(*lock(&self.slot), Slot::Asked)
    }

    fn with(self, result: R) -> Self {
        *lock(&self.slot) = Slot::Answered(result);
        self
    }
}

/// The body of one item: it is polled again when its answer is there.
async fn answer<R>(slot: Arc<Mutex<Slot<R>>>, told: Told) -> R {
    if let Some(timeout) = told.timeout {
        current().timeout(timeout);
    }
    for tag in told.tags {
        current().tag(tag);
    }
    std::future::poll_fn(|_| {
        let mut slot = lock(&slot);
        match std::mem::replace(&mut *slot, Slot::Asked) {
            Slot::Answered(result) => Poll::Ready(result),
            Slot::NotAsked | Slot::Asked => Poll::Pending,
        }
    })
    .await
}
