//! Waiting for another caller's execution, and its result.

use std::sync::Arc;
use std::time::Duration;

use super::Ask;
use super::keeping::Unkept;
use crate::error::{CacheError, ErrorKind};
use crate::flight::{Flight, Lead, Old, Waited};
use crate::keep::Keep;
use crate::mode::Mode;
use crate::observe::{Counter, Outcome};
use crate::target::{Found, Target};
use crate::value::{Cargo, How};

/// After what time a call gives up, and with what error.
pub(super) type GivingUp<R> = (Duration, fn(CacheError) -> R);

/// The result of waiting.
pub(super) enum Turn<R> {
    /// Another's result, an earlier one, or that of a caller that gives up.
    Result(R),
    Lead(Lead),
    /// The caller has to run it itself and wait for nobody: it would be a circle, has taken too long, or the
    /// leader's result cannot be shared.
    Alone,
}

/// Waits for `flight`; a result that comes of it is counted.
pub(super) async fn wait<R, K>(
    mode: Mode,
    target: &Target,
    flight: &Arc<Flight>,
    ask: &Ask<R, K::Value>,
) -> Turn<R>
where
    K: Keep<R>,
{
    let flights = &target.cache.core().flights;
    let given_up = giving_up(target, ask);
    let limit = given_up.map_or(ask.wait, |(hard, _)| hard);
    match (flights.wait(mode, flight, limit).await, given_up) {
        (Some((Waited::Landed(cargo), _)), _) => {
            shared::<R, K>(target, ask, &cargo, Counter::Joined)
        }
        (Some((Waited::Old(old, counter), _)), _) => {
            shared::<R, K>(target, ask, &old.cargo, counter)
        }
        (Some((_, Some(lead))), _) => Turn::Lead(lead),
        (Some((Waited::TimedOut, _)), Some(given_up)) => Turn::Result(give_up(target, given_up)),
        _ => Turn::Alone,
    }
}

fn shared<R, K>(target: &Target, ask: &Ask<R, K::Value>, cargo: &Cargo, counter: Counter) -> Turn<R>
where
    K: Keep<R>,
{
    match unshare::<R, K>(ask.how, cargo) {
        Some(result) => {
            target.count_read(counter);
            Turn::Result(result)
        }
        None => Turn::Alone,
    }
}

/// The result of a caller that gives up.
pub(super) fn give_up<R>(target: &Target, (hard, or_error): GivingUp<R>) -> R {
    target.came(Outcome::Failed);
    or_error(overdue(target.binding.name(), hard))
}

/// Returns when a caller gives up before it would run the function itself, and with what error.
pub(super) fn giving_up<R, V>(target: &Target, ask: &Ask<R, V>) -> Option<GivingUp<R>> {
    let hard = target.binding.site.and_then(|site| site.limits.hard);
    hard.filter(|hard| *hard <= ask.wait).zip(ask.or_error)
}

/// Returns the error for a function that takes longer than it may.
pub(crate) fn overdue(name: &str, limit: Duration) -> CacheError {
    let text = format!("`{name}` did not return within its hard_timeout of {limit:?}");
    CacheError::new(ErrorKind::FunctionTimeout, text).in_operation("call")
}

/// Returns what was found, for callers that need not wait.
pub(super) fn old<V>(how: &How<V>, found: &Found<V>) -> Old {
    Old {
        cargo: (how.share)(&found.value),
        life: found.life,
        is_local: found.is_local,
    }
}

/// Returns the result that a leader has landed.
fn unshare<R, K>(how: &How<K::Value>, cargo: &Cargo) -> Option<R>
where
    K: Keep<R>,
{
    match cargo.downcast_ref::<Unkept<K::Rest>>() {
        Some(Unkept(rest)) => Some(K::unrest(rest.clone())),
        None => (how.unshare)(cargo).map(K::wrap),
    }
}
