//! What is counted and what is told.

mod counters;
mod hits;
mod stats;

pub(crate) use counters::{Counter, Counters};
pub(crate) use hits::Hits;
pub use stats::Stats;
