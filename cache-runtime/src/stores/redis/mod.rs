//! Redis and Valkey: one multiplexed connection per tokio runtime, a pool for callers that block.
//!
//! ```text
//! backend.rs       the Store operations, written once for both kinds of caller
//! commands.rs      what is sent for each operation, and how the reply is read
//! failure.rs       what an error of the client means: for the caller, and for the connection
//! scan.rs          listing and clearing by prefix
//! open.rs          a store by URL
//! connections.rs   async callers: which connection belongs to this runtime
//! line.rs          one runtime's connection: connecting, breaking, connecting again
//! wire.rs          a connection that many callers use at once
//! queue.rs         who waits for what on it
//! driver.rs        the task that reads its replies
//! socket.rs        its two halves
//! packed.rs        commands as bytes
//! replies.rs       bytes as replies
//! pool.rs          callers that block: who gets which connection
//! pooled.rs        one of these connections, held to its time limit
//! ```
//!
//! ```no_run
//! use cache_runtime::Store;
//! use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
//!
//! # async fn example() -> Result<(), cache_runtime::CacheError> {
//! let config = RedisConfig {
//!     db: 1,
//!     ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", 6379))
//! };
//! let store = RedisStore::new(config)?; // does not connect yet
//! store.set("greeting", b"hello", None).await?;
//! assert_eq!(store.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
//! # Ok(())
//! # }
//! ```

mod backend;
mod commands;
mod config;
mod connections;
mod driver;
mod failure;
mod line;
mod open;
mod packed;
mod pool;
mod pooled;
mod queue;
mod replies;
mod scan;
mod socket;
mod wire;
#[cfg(test)]
mod wire_tests;

pub use backend::RedisStore;
pub use config::{RedisAddress, RedisConfig};
pub(crate) use open::open;
