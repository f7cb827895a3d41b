//! Redis and Valkey: one multiplexed connection per tokio runtime, a pool for callers that block.
//!
//! ```text
//! backend.rs       the Store operations, written once for both kinds of caller
//! backplane.rs     what the processes that share the store say to each other
//! servers.rs       what a store is over: one server, or several
//! commands.rs      what is sent for each operation, and how the reply is read
//! failure.rs       what an error of the client means: for the caller, and for the connection
//! facts.rs         what the server says of itself
//! scan.rs          listing and clearing by prefix
//! config.rs        where the server is, who we are to it, and how long we wait for it
//! open.rs          a store by URL
//! connecting.rs    from an address to a connection that can be used, for both kinds of caller
//! greeting.rs      who we are: said on each new connection
//! sentinel.rs      where the master is
//! connections.rs   async callers: which connection belongs to this runtime
//! listening.rs     a connection that listens
//! line.rs          one runtime's connection: connecting, breaking, connecting again
//! awaiting.rs      making one
//! wire.rs          a connection that many callers use at once
//! queue.rs         who waits for what on it
//! driver.rs        the task that reads its replies
//! socket.rs        its two halves
//! secured.rs       the same with TLS
//! packed.rs        commands as bytes
//! replies.rs       bytes as replies
//! values.rs        one reply's bytes as a value
//! pool.rs          callers that block: who gets which connection
//! pooled.rs        one of these connections, held to its time limit
//! stream.rs        its socket, with TLS or without
//! tls.rs           whom to trust
//! trust.rs         the same as rustls wants it; what its errors mean
//! session.rs       one TLS session over any socket
//! fuzz.rs          what a server sends, as a target for fuzzing
//! cluster/         Redis Cluster: several servers, each with connections as above
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

mod awaiting;
mod backend;
mod backplane;
mod cluster;
mod commands;
mod config;
mod connecting;
mod connections;
mod driver;
mod facts;
mod failure;
#[cfg(any(test, cache_fuzz))]
pub(crate) mod fuzz;
mod greeting;
mod line;
mod listening;
mod open;
mod packed;
mod pool;
mod pooled;
mod queue;
mod replies;
mod scan;
#[cfg(feature = "redis-tls")]
mod secured;
mod sentinel;
mod servers;
#[cfg(feature = "redis-tls")]
mod session;
mod socket;
mod stream;
mod tls;
#[cfg(feature = "redis-tls")]
mod trust;
mod values;
mod wire;
#[cfg(test)]
mod wire_tests;

pub use backend::RedisStore;
pub(crate) use cluster::open_cluster;
pub use config::{RedisAddress, RedisConfig, RedisProtocol};
pub(crate) use open::open;
pub use sentinel::RedisSentinels;
pub use tls::{RedisIdentity, RedisTls};

/// A Redis Cluster as a [`Store`](crate::Store).
///
/// It is the [`RedisStore`] over several servers: each node has the connections and the time limits
/// of one (`max_connections` is for each node), and a breaker of its own, so that the others go on
/// when one is dead. Keys with the same `{tag}` are on one node. The nodes are discovered from those
/// that are named, and again whenever one fails or says that a key has moved.
///
/// While a node is down, its keys cannot be read or written: the error is
/// [partial](crate::CacheError::partial). `get_many` treats them as missing as long as another node
/// answers; `set_many` lists them among those that failed; `delete_many`, `keys`, `clear` and `ping`
/// do what they can and return the error. A key that is moving from one node to another may be missed by
/// `keys` and `clear`.
///
/// ```no_run
/// use cache_runtime::Store;
/// use cache_runtime::stores::redis::{RedisAddress, RedisClusterStore, RedisConfig};
///
/// # async fn example() -> Result<(), cache_runtime::CacheError> {
/// let seed = RedisConfig::new(RedisAddress::tcp("10.0.0.1", 7000));
/// let more = vec![RedisAddress::tcp("10.0.0.2", 7000)];
/// let store = RedisClusterStore::cluster(seed, more)?; // does not connect yet
/// store.set("greeting", b"hello", None).await?;
/// # Ok(())
/// # }
/// ```
pub type RedisClusterStore = RedisStore<cluster::Cluster>;
