//! Formats, compressions and signatures as a URL says them, on a real Redis.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod formats;
mod secrets;
mod signed;
mod world;
