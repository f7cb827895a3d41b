//! The in-process level: typed values, bounded, read without writing to shared memory.

mod entry;
mod level;
mod queue;

pub(crate) use entry::{FullKey, Header, Lookup, Ready, Slot};
pub(crate) use level::{Bounds, Change, Level};
