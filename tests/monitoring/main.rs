//! What an operator sees and says while the program runs: metrics, events and spans, and settings of
//! functions by name.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod attacks;
mod hearing;
mod log;
mod metrics;
mod overrides;
