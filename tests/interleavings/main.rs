//! Models of the flights: many orders of a few threads and tasks, by `shuttle`.
//!
//! The sources are those of `cache-runtime/src/flight`, included as they are; only what threads share
//! is shuttle's ([`sync`]), and what they know of the rest of the crate is small ([`around`]). What a
//! caller does with a flight is told again in [`house`], as `call.rs` and `target.rs` have it.
//!
//! A failure tells the seed, which `CACHE_TESTS_SEED=…` takes again, and the failing order itself,
//! which `shuttle::replay` does. `CACHE_TESTS_LONG=1` tries twenty times as many orders. All accesses
//! are in one order here; what weaker memory does is for the models by loom.
#![allow(dead_code, reason = "a model uses a part of what it includes")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod around;
mod circles;
mod clock;
#[allow(unused_imports, reason = "of what it offers, too")]
#[path = "../../cache-runtime/src/flight/mod.rs"]
mod flight;
mod going;
mod house;
mod invalidation;
#[path = "../../cache-runtime/src/life.rs"]
mod life;
mod mode;
mod old;
mod orders;
mod sharing;
mod sync;

use around::{context, local, observe, value};
