//! The panel, asked as a browser and as a stranger would.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod guarding;
mod json;
mod keys;
mod pages;
mod requests;
mod server_timing;
mod world;
