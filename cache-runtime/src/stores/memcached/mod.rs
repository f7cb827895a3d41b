//! Memcached: one server or several, in the meta protocol (Memcached 1.6 or newer).
//!
//! ```text
//! backend.rs       the Store operations, written once for both kinds of caller
//! incr.rs          exact, atomic sums on a server that counts without a sign
//! listing.rs       listing and clearing by prefix
//! facts.rs         what the servers say of themselves
//! route.rs         which server is asked, and which one when it does not answer
//! ring.rs          which server has a key; who is lost
//! names.rs         keys as the server takes them
//! requests.rs      what is sent for each operation
//! expiry.rs        lives as the server counts them
//! replies.rs       bytes as replies
//! talk.rs          one exchange on a connection, without the connection
//! lent.rs          the same on a connection, for both kinds of caller: once more on a new one if it was dead
//! awaited.rs       connections of callers that await: a pool for each tokio runtime
//! blocked.rs       connections of callers that block: a pool, without tokio
//! shelf.rs         the connections that nobody uses
//! failure.rs       what goes wrong, and what it means
//! config.rs        where the servers are, and how long we wait for them
//! open.rs          a store by URL
//! fuzz.rs          what a server sends and lists, as targets for fuzzing
//! ```
//!
//! # Several servers
//!
//! A key belongs to the server with the highest score (rendezvous hashing), computed as
//! `pymemcache` does, so that Rust and Python services with the same list of servers share
//! entries. A server that does not answer is left out for a second: its keys, and no others, move to
//! the server with the next score, and reads, writes and deletes that met the failure are repeated
//! there within the same time limit. After that, one operation tries the server again.
//!
//! **What was written while a server was away stays with the others** until it expires. A server
//! that was restarted comes back empty, which costs misses. One that was only cut off comes back
//! with what it had: it still has the old version of entries that were changed or deleted meanwhile. Likewise,
//! when it is lost a second time, the others may still have what they stored for it the first time. Where that
//! matters, timeouts should be short; a `clear` reaches all servers.
//!
//! ```no_run
//! use cache_runtime::Store;
//! use cache_runtime::stores::memcached::{MemcachedAddress, MemcachedConfig, MemcachedStore};
//!
//! # async fn example() -> Result<(), cache_runtime::CacheError> {
//! let servers = ["cache1", "cache2"].map(|host| MemcachedAddress::new(host, 11211));
//! let store = MemcachedStore::new(MemcachedConfig::new(servers))?; // does not connect yet
//! store.set("greeting", b"hello", None).await?;
//! assert_eq!(store.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
//! # Ok(())
//! # }
//! ```

mod awaited;
mod backend;
mod blocked;
mod config;
mod expiry;
mod facts;
mod failure;
#[cfg(any(test, cache_fuzz))]
pub(crate) mod fuzz;
mod incr;
mod lent;
mod listing;
mod names;
mod open;
mod replies;
mod requests;
mod ring;
mod route;
mod shelf;
mod talk;

pub use backend::MemcachedStore;
pub use config::{MemcachedAddress, MemcachedConfig};
pub(crate) use open::open;
