//! Support for the tests: real servers that they start themselves.

pub mod process;
pub mod redis_server;

/// The README's code runs as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
