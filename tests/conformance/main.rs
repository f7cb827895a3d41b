//! The conformance suite itself: that a right store passes, and that every flaw is found.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod django;
mod flaw;
mod flaws;
mod memory;
mod minimal;
mod running;
