//! Waiting for another's execution, and what comes of it.

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

/// After which time a call gives up, and with what.
type GivingUp<R> = (Duration, fn(CacheError) -> R);

/// What came of waiting.
pub(super) enum Turn<R> {
    /// Another's, one from before, or that of a caller who gives up.
    Result(R),
    Lead(Lead),
    /// To run it for himself, and wait for nobody: it would be a circle, has taken too long, or the
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
        (Some((Waited::TimedOut, _)), Some((hard, or_error))) => {
            target.came(Outcome::Failed);
            let name = target.binding.site.map_or("", |site| site.name);
            Turn::Result(or_error(overdue(name, hard)))
        }
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

/// When a caller gives up before he would run the function himself, and how he says so.
pub(super) fn giving_up<R, V>(target: &Target, ask: &Ask<R, V>) -> Option<GivingUp<R>> {
    let hard = target.binding.site.and_then(|site| site.limits.hard);
    hard.filter(|hard| *hard <= ask.wait).zip(ask.or_error)
}

/// The function takes longer than it may.
pub(crate) fn overdue(name: &str, limit: Duration) -> CacheError {
    let text = format!("`{name}` did not return within its hard_timeout of {limit:?}");
    CacheError::new(ErrorKind::FunctionTimeout, text).in_operation("call")
}

/// What was found, for those who need not wait.
pub(super) fn old<V>(how: &How<V>, found: &Found<V>) -> Old {
    Old {
        cargo: (how.share)(&found.value),
        life: found.life,
        is_local: found.is_local,
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
