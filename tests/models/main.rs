//! Models of what is read without a lock, of the ages of an entry and of the breaker: every
//! interleaving of a few threads, by `loom`.
//!
//! The sources are those of `cache-runtime`, included as they are; only the types that threads share
//! are loom's ([`reclaim::atomic`]). Loom tries every order of their operations, with at most so many
//! preemptions, and every value that a load may see under the memory model, so also what only weak
//! memory does. `LOOM_LOG=trace LOOM_LOCATION=1` tells the failing order, step by step.
//!
//! Each is run with both kinds of fences ([`fences`]). What they do not show: that `membarrier` with a
//! compiler fence does what the model of it says. That is the kernel's promise, and no model of the
//! language knows of it. Nor are they all of the language's memory model: loom never lets a load see a
//! store that comes later in time, and it forgets a store that seven others to the same place have
//! followed.
#![allow(dead_code, reason = "a model uses a part of what it includes")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

// The sources take what is made at its first use from that crate; here they take it from std.
extern crate self as once_cell;

use std::sync::Arc;

use around::{error, key, markers, near};
use fences::Kind;

mod aging;
mod around;
#[path = "../../cache-runtime/src/guarded/breaker.rs"]
#[expect(unreachable_pub, reason = "what is public in the crate is not so here")]
mod breaker;
mod clock;
#[path = "../../cache-runtime/src/local/entry.rs"]
mod entry;
mod fences;
#[path = "../../cache-runtime/src/local/kind.rs"]
mod kind;
#[path = "../../cache-runtime/src/life.rs"]
mod life;
mod mortal;
mod probing;
mod reclaim;
mod scheme;
mod search;
mod sync;
#[path = "../../cache-runtime/src/local/table.rs"]
mod table;

/// Every order, up to so many preemptions.
fn orders(preemptions: usize) -> loom::model::Builder {
    let mut orders = loom::model::Builder::new();
    orders.preemption_bound.get_or_insert(preemptions);
    orders.max_branches = 10_000;
    orders
}

/// Runs `model` in every order, with both kinds of fences.
fn in_every_order(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let model = Arc::new(model);
    for kind in [Kind::Real, Kind::Asymmetric] {
        let model = model.clone();
        orders(preemptions).check(move || {
            mortal::bury();
            fences::choose(kind);
            // The same: made before there is a second thread.
            let _: &reclaim::Domain = &reclaim::DOMAIN;
            model();
        });
    }
}
