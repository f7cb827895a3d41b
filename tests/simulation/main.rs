//! A thousand nodes and one key that all of them read: what an expiry costs, with and without `lock`,
//! early refresh and jitter. `docs/design/thousand-nodes.md` tells it in words.
//!
//! ```text
//! fleet.rs         what is simulated
//! run.rs           the world, one event after the other; queue.rs, what is to happen
//! reads.rs         when a node reads, and the way of a call up to its flight
//! looking.rs       what is found, the lock, and what is done about it
//! keeping.rs       what becomes of a result, and the news of it
//! shop.rs          the shared store
//! tally.rs         what is counted; table.rs, how it is printed
//! paper.rs         what it should be; many.rs, what jitter is for; expectations.rs, that it is so
//! ```
//!
//! `cargo test -p cache-tests --test simulation -- --ignored --nocapture` prints the table.
//!
//! There are no threads, no clock and no chance but a seed. Ages of entries, the decision about them,
//! jitter, and what is not put into the level are the sources of `cache-runtime`, included as they are.
//!
//! What stands there in the middle of things that wait, write and lock is told again. Where that changes,
//! the simulation and the page are to be looked at:
//!
//! ```text
//! the way of a call      call.rs `begin`, `end`                reads.rs, looking.rs, keeping.rs
//! level, then store      target/read.rs `look`                 looking.rs `look`, `got`
//! the lock, its pauses   call/lock.rs `acquire`                looking.rs `added`, `pause`
//! leaving it alone       call/retries.rs `elsewhere`, `admits` target.rs
//! writing, and telling   target/write.rs, target/changing.rs   keeping.rs `ran` to `finish`
//! hearing it             news.rs `note`                        keeping.rs `hear`
//! the life of a copy     near.rs `life`                        run.rs `near`
//! ```
#![allow(dead_code, reason = "the simulation uses a part of what it includes")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "times and counts, far from where that matters"
)]

mod clock;
mod expectations;
mod fleet;
mod flight;
mod keeping;
#[path = "../../cache-runtime/src/life.rs"]
mod life;
mod looking;
mod many;
mod paper;
mod queue;
mod random;
mod reads;
#[path = "../../cache-runtime/src/call/renewal.rs"]
mod renewal;
mod run;
mod shop;
#[path = "../../cache-runtime/src/near/slots.rs"]
mod slots;
mod table;
mod tally;
mod target;
#[expect(unreachable_pub, reason = "there it is exported")]
#[path = "../../cache-runtime/src/timeout.rs"]
mod timeout;
/// What the sources know as `crate::tools`.
mod tools {
    pub(crate) use crate::random;
}

#[test]
#[ignore = "prints the table, and asserts nothing"]
fn the_table() {
    for rate in [10.0, 1000.0] {
        table::print(rate);
    }
}
