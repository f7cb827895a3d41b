//! What becomes of a result: it is kept, passed to the waiting callers, or replaced by an old one.

use std::sync::Arc;

use super::{Finished, Plan};
use crate::context::{Context, Fate};
use crate::error::{CacheError, ErrorKind};
use crate::flight::Lead;
use crate::keep::Keep;
use crate::life::Age;
use crate::mode::Mode;
use crate::observe::Counter;
use crate::policy::Policy;
use crate::recovery;
use crate::target::{Cause, Found, Kept, Making, Target};
use crate::value::{Cargo, How};

/// What waiting callers get of a result that is not kept.
pub(super) struct Unkept<Rest>(pub(super) Rest);

/// Passes the result to the waiting callers, and keeps it as far as plan and policy say. Returns false if what
/// was there before is to be removed: they say that this is not kept, or it cannot be.
pub(super) async fn keep<R, K, P>(
    mode: Mode,
    target: &Target,
    plan: &Plan<R, K::Value, P>,
    finished: Finished<R>,
    mut lead: Lead,
    cause: Cause,
) -> (R, bool)
where
    K: Keep<R>,
    P: Policy<K::Value>,
{
    let how = plan.ask.how;
    let default = target.defaults();
    let decided = K::kept(&finished.result).and_then(|value| {
        let mut decisions = finished.frame.decisions();
        let is_none = K::is_none(value);
        let mut decide = || {
            let timeout = plan
                .times
                .decide(value, is_none, &plan.policy, &decisions, default)?;
            let mut tags = std::mem::take(&mut decisions.tags);
            plan.policy.tags(value, &mut tags);
            Some((timeout, tags))
        };
        if P::IS_PLAIN {
            decide()
        } else {
            // The closures belong to the function: whatever they call is called by it.
            Context::inside(&finished.frame).enter(decide)
        }
    });
    let result = finished.result;
    let (Some((timeout, tags)), Some(value)) = (decided, K::kept(&result)) else {
        lead.finish(|| cargo::<R, K>(how, &result));
        return (result, false);
    };
    // A copy, for the store to write and the level to hold: the result itself is returned to the caller,
    // and its error need not be accessible to other threads.
    let value = (how.duplicate)(value);
    if how.is_shared && target.cache.core().store().is_some() {
        // No caller waits for a write to a server.
        lead.land(cargo::<R, K>(how, &result));
    }
    let making = Making {
        started: finished.started,
        tags,
        flight: Some(lead.flight()),
        cause,
    };
    let kept = target.write(mode, how, value, timeout, making).await;
    lead.finish(|| cargo::<R, K>(how, &result));
    if let Ok(Kept::Yes) = kept {
        finished.frame.tell(Fate::Kept);
    }
    match kept {
        Ok(kept) => (result, !matches!(kept, Kept::TooLarge)),
        // The function has run: its result is not lost because of a failed write, `strict` or not.
        Err(error) => {
            tell_unkept(target, &error);
            // A store that is full or takes no writes keeps what is there.
            let stays = cause == Cause::Renewal && error.kind() == ErrorKind::Store;
            let stays = stays || recovery::leaves_it(&error);
            if matches!(cause, Cause::Wanted | Cause::Remade)
                && let Some(stored_key) = target.stored_key()
            {
                let _ = target.settled::<()>(stored_key, Err(error));
            }
            (result, stays)
        }
    }
}

/// Reports a value that cannot be written, which is the program's fault, not the store's: counted, and logged once.
fn tell_unkept(target: &Target, error: &CacheError) {
    if matches!(error.kind(), ErrorKind::Encode | ErrorKind::Unsupported) {
        target.count(Counter::Errors);
        if target.binding.first_to_tell() {
            tracing::warn!(
                function = target.binding.site.map(|site| site.full_path()),
                %error,
                "results are not kept",
            );
        }
    }
}

/// Notes that the function has failed while there is an old value: it is left alone for a while.
pub(crate) fn failed(target: &Target) {
    let core = target.cache.core();
    let life = target.binding.site.and_then(|site| site.timeout.life());
    core.retries
        .failed(&target.key, life.flatten(), &core.settings.clock);
    target.binding.note_failure();
}

/// Handles a failed function while there is an old value: that is served, and the function is left alone
/// for a while.
pub(super) async fn fall_back<R, K>(
    mode: Mode,
    target: &Target,
    how: &How<K::Value>,
    failure: R,
    old: Found<K::Value>,
    lead: Lead,
) -> R
where
    K: Keep<R>,
{
    failed(target);
    let clock = &target.cache.core().settings.clock;
    // What has been deleted meanwhile, here or elsewhere, is not served again. A store that cannot
    // be reached is no reason to fail.
    let served = if lead.flight().is_overtaken() {
        None
    } else {
        match target.look(mode, how).await {
            Ok(found) => found,
            Err(_) => Some(old)
                .filter(|old| old.life.age(clock.now()) != Age::Dead && old.marks.are_silent()),
        }
    };
    let Some(found) = served else {
        return land::<R, K>(how, lead, failure);
    };
    if !found.is_fresh() {
        target.count(Counter::Stale);
    }
    land::<R, K>(how, lead, K::wrap(found.value))
}

/// Ends the flight with this result and returns it.
pub(super) fn land<R, K>(how: &How<K::Value>, lead: Lead, result: R) -> R
where
    K: Keep<R>,
{
    lead.finish(|| cargo::<R, K>(how, &result));
    result
}

/// Returns a copy of the result for the waiting callers; `None` if it cannot be copied, which releases them.
fn cargo<R, K>(how: &How<K::Value>, result: &R) -> Option<Cargo>
where
    K: Keep<R>,
{
    match K::kept(result) {
        Some(value) => Some((how.share)(value)),
        None => K::rest(result).map(|rest| Arc::new(Unkept(rest)) as Cargo),
    }
}
