//! The in-process level: typed values, bounded, read without writing to shared memory.

#[cfg(test)]
mod bounds;
mod entry;
mod ghosts;
mod guard;
mod kind;
mod level;
mod queue;
#[cfg(test)]
mod ratio;
#[cfg(test)]
mod stress;
mod table;
mod tuning;

pub(crate) use entry::{Draft, Entry, FullKey, Header, Lookup, Ready, choose_secret};
pub(crate) use guard::Guard;
pub(crate) use kind::Held;
pub(crate) use level::{Bounds, Change, Level, Reading};
pub(crate) use table::{Node, Shard};
