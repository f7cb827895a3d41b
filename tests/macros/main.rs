//! The attribute, argument by argument: the scenarios run for `fn` and for `async fn`, in process
//! and on a real Redis.
//!
//! A file of scenarios writes its functions in `cached!`, its scenarios in `scenario!` and its
//! calls in `done!`; `sync.rs` and `asynchronous.rs` give these words their two meanings, and
//! compile every such file once each. A scenario is a module of two tests, `in_process` and
//! `on_redis`.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test's panic is its report, and nobody reads its documentation"
)]

#[macro_use]
mod support;
#[macro_use]
mod worker;
mod tracing_log;

// Each file of scenarios is compiled twice.
#[expect(
    clippy::duplicate_mod,
    reason = "the point: for `fn` and for `async fn`"
)]
mod asynchronous;
mod sync;

mod bad_caches;
mod changes;
mod handle;
mod hygiene;
mod kinds;
mod krate;
pub mod lints;
