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
//! io_thread.rs     async callers without a tokio runtime
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
mod failure;
mod io_thread;
mod line;
mod open;
mod pool;
mod pooled;
mod scan;

pub use backend::RedisStore;
pub use config::{RedisAddress, RedisConfig};
pub(crate) use open::open;
