//! Whether what was found is served as it is, or the function runs for a new value.

use crate::life::{Age, Ahead};
use crate::target::{Found, Target};
use crate::tools::random::random_share;

/// What to do about a value that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Serve,
    /// Run the function, and meanwhile serve this value to other callers.
    Renew,
    /// The same in the background of this caller, which is served this value too.
    RenewBehind,
}

/// Returns what to do about `found`; `is_detachable`: the function may run in the background.
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
