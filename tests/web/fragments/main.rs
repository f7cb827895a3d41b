//! Template fragments: their keys, when they are rendered, and what templates make of them.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod failing;
mod keys;
mod rendering;
#[path = "../../../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;
mod templates;
