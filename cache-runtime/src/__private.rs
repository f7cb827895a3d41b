//! Everything that expansions may name. Not for users; it changes with every version.

pub use crate::batch::{Asked, Batch, Batched, Item, Parted, reason};
pub use crate::call::bounds::{failed, goes_behind};
pub use crate::call::cached::Cached;
pub use crate::changes::{
    Changes, Copied, Entries, Put, Whole, WholeIn, call, copy_of, each_tag, entries,
};
pub use crate::entry::{NoneToo, Opaque};
pub use crate::keep::{Keep, probe};
pub use crate::key::call_key::Key;
pub use crate::site::Site;
pub use crate::site::function::{
    clear, clear_blocking, clear_in, clear_in_blocking, clear_version, clear_version_blocking,
    refreshing, refreshing_blocking, stats, stats_in, uncached, uncached_blocking,
};
pub use crate::value::InProcess;
pub use std::format;
