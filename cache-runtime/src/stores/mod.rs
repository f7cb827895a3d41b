//! The stores outside the process. A URL makes them; they can be made by hand too.
//!
//! ```text
//! schemes.rs      which URL scheme is which store
//! opening.rs      what a store is opened with: the URL's parts, the settings, its own options
//! runtimes.rs     whose connections: one set for each tokio runtime
//! io_thread.rs    callers without a tokio runtime
//! redis/          Redis and Valkey
//! ```

#[cfg(any(
    feature = "redis",
    feature = "memcached",
    feature = "_sql",
    feature = "files"
))]
mod io_thread;
mod opening;
#[cfg(any(feature = "redis", feature = "memcached", feature = "_sql"))]
mod runtimes;
mod schemes;

#[cfg(feature = "redis")]
pub mod redis;

pub(crate) use opening::{
    Opening, Own, duration_with_unit, read_duration, read_number, read_size, wrong,
};
pub(crate) use schemes::{Scheme, find};
