//! The in-process level: typed values, bounded, read without writing to shared memory.

mod entry;
mod ghosts;
mod level;
mod queue;
mod table;

pub(crate) use entry::{FullKey, Header, Lookup, Ready, Slot, choose_secret};
pub(crate) use level::{Bounds, Change, Level, Reading};
pub(crate) use table::{Node, Shard};
