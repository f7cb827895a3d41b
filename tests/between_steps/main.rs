//! What happens between two steps of one operation: another caller, another process, a caller who goes
//! away. Nothing old is served afterwards, and nobody waits for what is not his.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

#[path = "../../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

mod callers;
mod copies;
mod processes;
mod stepped;
mod world;
