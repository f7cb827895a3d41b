//! What is counted and what is told.

mod counters;
mod functions;
mod hits;
mod stats;
mod timings;

pub(crate) use counters::{Counter, Counters};
pub(crate) use functions::enlist;
pub use functions::{FunctionReport, functions};
pub(crate) use hits::Hits;
pub use stats::Stats;
pub use timings::Timings;
