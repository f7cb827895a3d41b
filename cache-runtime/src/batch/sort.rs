//! The items that are not in process, sorted by what to do about them.

use std::sync::Arc;

use super::asked::{Missed, Told};
use super::given::Given;
use super::look::look;
use crate::call::Plan;
use crate::context::{self, Frame};
use crate::flight::one_for_all;
use crate::keep::Keep;
use crate::mode::Mode;
use crate::target::Target;

/// An item that is called as any caller would call it.
pub(super) struct Row<A> {
    pub(super) at: usize,
    pub(super) item: A,
    /// Where its result is kept, if it can be.
    pub(super) target: Option<Arc<Target>>,
    /// The flight of another that it has joined.
    pub(super) given: Option<Arc<Given>>,
}

/// An item that this batch handles, together with others.
pub(super) struct Led<R, K: Keep<R, Value: 'static>, P, A> {
    pub(super) at: usize,
    pub(super) item: A,
    pub(super) plan: Plan<R, K::Value, P>,
    pub(super) told: Told,
    pub(super) target: Option<Arc<Target>>,
    pub(super) part: Part,
}

/// How an item relates to other callers that want the same.
pub(super) enum Part {
    /// The batch leads its flight.
    Leads(Arc<Given>),
    /// Its result replaces what is there, and nobody joins.
    Refreshes,
    /// The scope demands it, so that nobody joins; or it has no cache.
    Alone,
}

impl<R, K: Keep<R, Value: 'static>, P, A> Led<R, K, P, A> {
    pub(super) fn given(&self) -> Option<&Arc<Given>> {
        match &self.part {
            Part::Leads(given) => Some(given),
            Part::Refreshes | Part::Alone => None,
        }
    }
}

/// Items of a part that are not in process, each with its position.
pub(super) type Missing<R, K, P, A> = Vec<(usize, Box<Missed<R, K, P, A>>)>;
type Sorted<R, K, P, A> = (Vec<Led<R, K, P, A>>, Vec<Row<A>>);

/// Leads the flights that are free, and joins the others. `has_function`: there is a batch function, also for
/// those that are not cached.
pub(super) fn sort<R, K: Keep<R, Value: 'static>, P, A>(
    missing: Missing<R, K, P, A>,
    has_function: bool,
) -> Sorted<R, K, P, A> {
    let (mut led, mut rows) = (Vec::new(), Vec::new());
    let is_as_usual = context::is_as_usual();
    // What a scope says about one call, each call finds out for itself.
    let is_for_all = context::is_for_all();
    for (at, missed) in missing {
        let Missed {
            target,
            plan,
            item,
            told,
        } = *missed;
        let target = target.ok().map(Arc::new);
        let how = plan.ask.how;
        let is_there =
            |target: &Target| target.look_level(how).is_some_and(|found| found.is_fresh());
        if has_function && (is_for_all || target.is_none()) {
            led.push(Led {
                at,
                item,
                plan,
                told,
                target,
                part: Part::Alone,
            });
            continue;
        }
        let joined = match &target {
            // A late value is served or renewed.
            Some(target) if is_as_usual && !is_there(target) => {
                Some((target.clone(), Arc::new(Given::join(target))))
            }
            _ => None,
        };
        match joined {
            Some((target, given)) if given.led().is_some() => led.push(Led {
                at,
                item,
                plan,
                told,
                target: Some(target),
                part: Part::Leads(given),
            }),
            joined => rows.push(Row {
                at,
                item,
                target,
                given: joined.map(|(_, given)| given),
            }),
        }
    }
    (led, rows)
}

/// Asks the store at once for all whose flights are led. Returns the frame from which their calls are made,
/// so that whatever the body of one waits for, all of them wait for.
pub(super) async fn look_for<R, K: Keep<R, Value: 'static>, P, A>(
    mode: Mode,
    led: &[Led<R, K, P, A>],
) -> Option<Arc<Frame>> {
    let is_shared = led.first()?.plan.ask.how.is_shared;
    let given = || led.iter().filter_map(Led::given);
    let leading = led.iter().filter(|led| led.given().is_some());
    let targets: Vec<&Target> = leading.filter_map(|led| led.target.as_deref()).collect();
    let looked = look(mode, is_shared, &targets).await;
    for (given, looked) in given().zip(looked) {
        if let Some(looked) = looked {
            given.look(looked);
        }
    }
    let flights: Vec<_> = given().filter_map(|given| given.led()).collect();
    one_for_all(&flights).map(|one| Frame::running(Some(&one)))
}
