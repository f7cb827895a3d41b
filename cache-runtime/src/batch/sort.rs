//! The items that are not in process, by what is to be done about them.

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

/// An item that is called as any caller would.
pub(super) struct Row<A> {
    pub(super) at: usize,
    pub(super) item: A,
    /// Where its result is kept, if it can be.
    pub(super) target: Option<Arc<Target>>,
    /// The flight of another that it has joined.
    pub(super) given: Option<Arc<Given>>,
}

/// An item whose flight this batch leads.
pub(super) struct Led<R, K: Keep<R, Value: 'static>, P, A> {
    pub(super) at: usize,
    pub(super) item: A,
    pub(super) plan: Plan<R, K::Value, P>,
    pub(super) told: Told,
    pub(super) target: Arc<Target>,
    /// `None` for a refresh, that leads a flight which nobody joins.
    pub(super) given: Option<Arc<Given>>,
}

/// Items of a part that are not in process, each with its place.
pub(super) type Missing<R, K, P, A> = Vec<(usize, Box<Missed<R, K, P, A>>)>;
type Sorted<R, K, P, A> = (Vec<Led<R, K, P, A>>, Vec<Row<A>>);

/// Leads the flights that are free, and joins the others.
pub(super) fn sort<R, K: Keep<R, Value: 'static>, P, A>(
    missing: Missing<R, K, P, A>,
) -> Sorted<R, K, P, A> {
    let (mut led, mut rows) = (Vec::new(), Vec::new());
    // What a scope says of caching, each call finds out for itself.
    let is_as_usual = context::is_as_usual();
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
        let joined = match &target {
            // One that is late is served or renewed.
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
                target,
                given: Some(given),
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

/// Asks the store for all that are led at once. What comes back: where their calls are made from, so
/// that what a body of one waits for, all of them wait for.
pub(super) async fn look_for<R, K: Keep<R, Value: 'static>, P, A>(
    mode: Mode,
    led: &[Led<R, K, P, A>],
) -> Option<Arc<Frame>> {
    let is_shared = led.first()?.plan.ask.how.is_shared;
    let targets: Vec<&Target> = led.iter().map(|led| &*led.target).collect();
    let looked = look(mode, is_shared, &targets).await;
    let given = || led.iter().filter_map(|led| led.given.as_ref());
    for (given, looked) in given().zip(looked) {
        if let Some(looked) = looked {
            given.look(looked);
        }
    }
    let flights: Vec<_> = given().filter_map(|given| given.led()).collect();
    one_for_all(&flights).map(|one| Frame::running(Some(&one)))
}
