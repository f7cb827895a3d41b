//! Whether what was found is served as it is, or the function is to run for a new one.

use crate::life::{Age, Ahead};
use crate::target::{Found, Target};
use crate::tools::random::random_share;

/// What is to be done about a value that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Serve,
    /// The function is to run; meanwhile the others are served this one.
    Renew,
    /// The same, behind this caller, who is served this one too.
    RenewBehind,
}

/// What is to be done about `found`; `is_detachable`: the function may run behind the call.
pub(crate) fn wish<V>(target: &Target, found: &Found<V>, is_detachable: bool) -> Wish {
    let is_due = match (found.age, target.care().ahead) {
        (Age::Calm, _) | (Age::Late, Ahead::No) => false,
        (Age::Late, Ahead::Share(_)) => is_detachable,
        (Age::Late, Ahead::Chance { beta }) => {
            let now = target.cache.core().settings.clock.now();
            found.life.is_chosen(now, found.cost, beta, random_share())
        }
        (Age::Stale | Age::Dead, _) => true,
    };
    let core = target.cache.core();
    if !is_due || !core.retries.admits(&target.key, &core.settings.clock) {
        return Wish::Serve;
    }
    let limits = target.binding.site.map(|site| site.limits);
    let is_behind = match found.age {
        Age::Late => matches!(target.care().ahead, Ahead::Share(_)),
        // Nobody waits at all.
        _ => limits.is_some_and(|limits| limits.soft.is_some_and(|soft| soft.is_zero())),
    };
    if is_behind && is_detachable {
        Wish::RenewBehind
    } else {
        Wish::Renew
    }
}
