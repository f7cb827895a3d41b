//! Sessions in a cache, alone and before a database: nobody is ever somebody else, and who is logged out
//! stays so.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod cached_db;
mod down;
mod expiry;
mod lives;
mod people;
#[path = "../../../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;
mod support;
