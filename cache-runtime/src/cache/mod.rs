//! `Cache`: Django's vocabulary on any store, async and blocking.

mod blocking;
mod build;
mod core;
mod handle;
mod inspect;
mod many;
mod moment;
mod names;
mod ops;
mod options;
pub(crate) mod registry;
pub(crate) mod settings;
pub(crate) mod space;
mod tags;
mod tools;

pub use blocking::BlockingCache;
pub use build::CacheBuilder;
pub(crate) use core::{Backing, Core};
pub use handle::Cache;
pub use inspect::Inspection;
pub use moment::Moment;
pub(crate) use names::is_functions;
pub(crate) use options::timeout as read_timeout;
pub use tools::CallArguments;
