//! Support for the tests: real servers that they start themselves.

pub mod built_examples;
pub mod certificates;
pub mod every_store;
pub mod mariadb_server;
pub mod memcached_server;
pub mod pages;
pub mod postgres_server;
pub mod process;
pub mod proxy;
pub mod pulse;
pub mod python;
pub mod redis_cluster;
pub mod redis_sentinel;
pub mod redis_server;
pub mod small_disk;

/// Options of a URL whose store no fault befalls: limits that a busy machine keeps.
pub const PATIENT: &str = "op_timeout=20&connect_timeout=20";
