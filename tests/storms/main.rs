//! Thousands of async calls that are dropped at random points, some with leaders that panic: nobody
//! waits for ever, no flight stays, no memory is left, and the next call is a single execution.
//!
//! Every test prints its seed; `CACHE_TESTS_SEED=…` takes it again. What the scheduler does is not in
//! it. `CACHE_TESTS_LONG=1` has twenty times as many.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod alive;
mod dice;
mod functions;
mod giving_up;
mod slow_store;
mod storm;
mod world;
