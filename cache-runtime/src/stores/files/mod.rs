//! Files: one for each entry, in a folder that any number of processes share.
//!
//! ```text
//! config.rs    where the folder is, and how much it may hold
//! open.rs      a store by URL
//! backend.rs   the operations, for callers that await
//! inline.rs    the operations, for callers that block
//! hop.rs       the threads that do the work of callers that await
//! folder.rs    what each operation does
//! writing.rs   a new entry: a temporary file, and a rename
//! bulk.rs      all entries: listing, clearing
//! cull.rs      what goes when the folder is full, and what is left behind
//! names.rs     which file is a key's, and which files are ours
//! entry.rs     what stands in a file
//! reading.rs   a file as an entry, or as something strange
//! locks.rs     one writer at a time, among threads and processes
//! ledger.rs    how many entries there are
//! failure.rs   what an error of the file system means
//! fuzz.rs      a file that anybody may have written, as a target for fuzzing
//! ```
//!
//! An entry is written to a temporary file that is then renamed, so a reader sees the old entry or
//! the new one, never half of one, and needs no lock. Whatever changes or removes entries takes
//! the lock of the key's shard, one of 256, for a moment. Nothing is flushed to the disk (`fsync`):
//! after a power failure an entry may be gone or broken; a broken one is detected by its checksum and
//! is a miss.
//!
//! Files whose names are not of this store are never touched.
//!
//! ```
//! use cache_runtime::Store;
//! use cache_runtime::stores::files::{FileConfig, FileStore};
//!
//! # async fn example(folder: &std::path::Path) -> Result<(), cache_runtime::CacheError> {
//! let store = FileStore::new(FileConfig::new(folder))?; // touches nothing yet
//! store.set("greeting", b"hello", None).await?;
//! assert_eq!(store.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
//! # Ok(())
//! # }
//! # let folder = tempfile::tempdir().unwrap();
//! # futures_executor::block_on(example(folder.path())).unwrap();
//! ```

mod backend;
mod bulk;
mod config;
mod cull;
mod entry;
mod failure;
mod folder;
#[cfg(any(test, cache_fuzz))]
pub(crate) mod fuzz;
mod hop;
mod inline;
mod ledger;
#[expect(
    clippy::incompatible_msrv,
    reason = "locks on files: the feature needs Rust 1.89, the crate without it does not"
)]
mod locks;
mod names;
mod open;
mod reading;
#[cfg(test)]
mod tests;
mod writing;

pub use backend::FileStore;
pub use config::FileConfig;
pub(crate) use open::open;
