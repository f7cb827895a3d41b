//! x
#![allow(clippy::unwrap_used, missing_docs)]
#[macro_use]
mod support;
mod asynchronous;
mod sync;
