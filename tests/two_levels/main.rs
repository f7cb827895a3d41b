//! An in-process level before a store that several processes share, as far as it can be shown in one
//! process: two caches that know nothing of each other, over one store. With real processes and servers:
//! `processes`.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod copies;
mod faults;
mod marks;
mod overtaken;
mod shared;
mod world;
