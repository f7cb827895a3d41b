//! Interoperability with the real Django: what one side writes, the other reads; functions of both
//! languages share their entries.
//!
//! `service.py` is the Python side, in an environment that `cache_tests::python` makes once.
//!
//! ```text
//! world.rs       a server, a Django service and our caches on it
//! values.rs      every kind of value, both ways
//! functions.rs   `cache_result` in Python and in Rust, one entry
//! names.rs       prefixes, versions, keys, clearing
//! lives.rs       timeouts and touch
//! numbers.rs     counting from both sides
//! redis.rs       all of it on Redis, with django-redis
//! memcached.rs   what Memcached can do of it, with pymemcache
//! ```
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod functions;
mod lives;
mod memcached;
mod names;
mod numbers;
mod redis;
mod values;
mod world;
