//! What `docs/design/thousand-nodes.md` derives on paper.

use crate::fleet::Fleet;

fn seconds(time: u64) -> f64 {
    time as f64 / 1e6
}

/// Nodes on which somebody reads between the first miss and the moment at which the store has the new
/// value: N (1 - exp(-λ (c + r))).
pub(crate) fn nodes_that_miss(fleet: &Fleet) -> f64 {
    let window = seconds(fleet.cost + fleet.round_trip);
    fleet.nodes as f64 * (1.0 - (-fleet.rate * window).exp())
}

/// Reads in that time: N λ (c + r).
pub(crate) fn reads_that_miss(fleet: &Fleet) -> f64 {
    fleet.nodes as f64 * fleet.rate * seconds(fleet.cost + fleet.round_trip)
}

/// The share of expiries in which `early` runs the function once: exp(-w / (β c)), where w = c + r is
/// the time from the first choice to the last one that does not find the new value in the store. The
/// number is geometric, so that its mean is one by this.
pub(crate) fn share_of_single_executions(fleet: &Fleet) -> f64 {
    let window = seconds(fleet.cost + fleet.round_trip);
    (-window / seconds(fleet.cost)).exp()
}

/// How many times a node that waits for a lock asks for it: at first, and after each look that finds
/// nothing, with pauses of 5, 10, 20, 40, 50, 50 .. ms.
pub(crate) fn attempts_at_a_lock(fleet: &Fleet) -> f64 {
    let (mut at, mut pause, mut attempts) = (0, 5_000, 1.0);
    loop {
        // The answer "it is another's", the pause, and the way to the store.
        at += fleet.round_trip / 2 + pause + fleet.round_trip / 2;
        // The owner looks twice before it begins; the value is on its way afterwards.
        if at > fleet.round_trip + fleet.cost {
            return attempts;
        }
        at += fleet.round_trip;
        attempts += 1.0;
        pause = (pause * 2).min(50_000);
    }
}

/// How many times a node that has an old value asks for a lock that is another's: every 50 ms.
pub(crate) fn attempts_with_an_old_value(fleet: &Fleet) -> f64 {
    (seconds(fleet.cost) / 0.05).ceil()
}
