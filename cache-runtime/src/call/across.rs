//! One execution across all processes, for a function that asks for that (`lock`).

use super::Ask;
use super::lock::{self, Held, Locked};
use super::renewal::Wish;
use super::waiting::{give_up, giving_up};
use crate::mode::Mode;
use crate::target::{Found, Target};

/// What holds once the lock is this caller's, another process's, or out of reach.
pub(super) struct Across<V> {
    pub(super) held: Option<Held>,
    /// What another process has made meanwhile, or what there was.
    pub(super) found: Option<Found<V>>,
    pub(super) wish: Wish,
}

/// Asks for the lock. `Err`: the call's own time is over.
pub(super) async fn once<R, V>(
    mode: Mode,
    target: &Target,
    ask: &Ask<R, V>,
    (found, wish): (Option<Found<V>>, Wish),
) -> Result<Across<V>, R> {
    let given_up = giving_up(target, ask);
    let limit = given_up.map_or(ask.wait, |(hard, _)| hard);
    let (held, found, wish) = match lock::acquire(mode, target, ask.how, found, limit).await {
        Locked::Held(held, found) => (Some(held), found, wish),
        Locked::Without(found) => (None, found, wish),
        Locked::TimedOut => match given_up {
            Some(given_up) => return Err(give_up(target, given_up)),
            None => (None, None, wish),
        },
        Locked::Elsewhere(None) => (None, None, Wish::Renew),
        Locked::Elsewhere(found) => {
            let core = target.cache.core();
            core.retries.elsewhere(&target.key, &core.settings.clock);
            (None, found, Wish::Serve)
        }
    };
    let wish = match &found {
        Some(found) if found.is_calm() => Wish::Serve,
        _ => wish,
    };
    Ok(Across { held, found, wish })
}
