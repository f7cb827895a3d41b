//! When the store is down, hangs, refuses or talks nonsense: every call returns the function's own
//! result in time, nothing panics, and the counters and the log tell.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod breaker;
mod log;
mod outage;
mod refusals;
mod wire;
mod world;
