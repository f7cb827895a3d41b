//! What processes that share a store say to each other: heard, in order, and not trusted after it was cut
//! off.
//!
//! ```text
//! world.rs       a listener, and what it has heard
//! promises.rs    what is so at every server
//! redis.rs       one Redis server: TLS, sockets, users, RESP2
//! moving.rs      sentinels and clusters
//! postgres.rs    PostgreSQL
//! ```

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod moving;
mod postgres;
mod promises;
mod redis;
#[path = "../redis_callers/mod.rs"]
mod redis_callers;
mod world;
