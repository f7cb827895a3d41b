//! Properties: whatever is asked, a cache answers as a plain map with a clock would.
//!
//! A failure prints the smallest case that still fails, and the seed that makes it again with
//! `CACHE_TESTS_SEED=…`. `CACHE_TESTS_LONG=1` tries twenty times as many cases.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod asking;
mod caches;
mod functions;
mod model;
mod place;
mod possible;
mod shelf;
mod trial;
mod trouble;
mod words;
