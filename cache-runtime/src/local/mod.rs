//! The in-process level: typed values, bounded, read without writing to shared memory.

mod ending;
mod entry;
mod level;
mod queue;

pub(crate) use ending::thread_is_alive;
pub(crate) use entry::{FullKey, Header, Lookup, Ready, Slot};
pub(crate) use level::{Bounds, Change, Level};
