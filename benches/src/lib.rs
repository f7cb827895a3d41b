//! How this project measures: rivals side by side in one run, interleaved, medians and ratios.
//!
//! `cargo bench -p cache-benches` runs all of it; `-- hits redis` runs those sections alone.

pub mod allocations;
pub mod attended;
pub mod goals;
pub mod overview;
pub mod race;
pub mod report;
