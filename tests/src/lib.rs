//! Support for the tests: real servers that they start themselves.

pub mod redis_server;
