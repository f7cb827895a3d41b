//! Support for the tests: real servers that they start themselves.

pub mod built_examples;
pub mod certificates;
pub mod every_store;
pub mod mariadb_server;
pub mod memcached_server;
pub mod postgres_server;
pub mod process;
pub mod proxy;
pub mod python;
pub mod redis_cluster;
pub mod redis_sentinel;
pub mod redis_server;
pub mod small_disk;

/// The code of the pages for users runs as tests; that of the README beside the tests of `cache-web`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/patterns.md")]
pub struct Patterns;

/// The ways to invalidate.
#[cfg(doctest)]
#[doc = include_str!("../../docs/invalidation.md")]
pub struct Invalidation;

/// The page of errors.
#[cfg(doctest)]
#[doc = include_str!("../../docs/errors.md")]
pub struct Errors;
