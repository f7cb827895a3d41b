//! The external stores. They are made from URLs, or by hand.
//!
//! ```text
//! schemes.rs      which URL scheme is which store
//! opening.rs      what a store is opened with: the URL's parts, the settings, its own options
//! runtimes.rs     whose connections: one set for each tokio runtime
//! io_thread.rs    callers without a tokio runtime
//! answer.rs       what an operation answers, and what its errors name
//! together.rs     several futures at once
//! inbox.rs        what came on a connection and was not read yet
//! limited.rs      calls of the system that take as long as they take
//! prefixed.rs     a store in which others have their place
//! files/          a folder of files
//! redis/          Redis and Valkey, one server or a cluster
//! memcached/      Memcached
//! sql/            SQLite, PostgreSQL, MySQL and MariaDB
//! ```

#[cfg(any(
    feature = "redis",
    feature = "memcached",
    feature = "_sql",
    feature = "files"
))]
mod answer;
#[cfg(any(feature = "redis", feature = "memcached"))]
mod inbox;
#[cfg(any(feature = "redis", feature = "memcached", feature = "_sql"))]
pub(crate) mod io_thread;
#[cfg(any(feature = "redis", feature = "memcached"))]
pub(crate) mod limited;
#[cfg_attr(
    not(any(feature = "redis", feature = "memcached", feature = "_sql")),
    allow(dead_code, reason = "not every store has options of its own")
)]
mod opening;
mod prefixed;
#[cfg(any(feature = "redis", feature = "memcached", feature = "_sql"))]
mod runtimes;
mod schemes;
#[cfg(any(feature = "redis", feature = "memcached"))]
mod together;

#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "memcached")]
pub mod memcached;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "_sql")]
pub mod sql;

pub use prefixed::PrefixedStore;

pub(crate) use opening::{
    Opening, Own, duration_with_unit, read_duration, read_number, read_size, wrong,
};
pub(crate) use schemes::{Scheme, find, with_option};
