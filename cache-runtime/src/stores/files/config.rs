//! Where the folder is, how much it may hold, and how long we wait for a lock.

use std::path::PathBuf;
use std::time::Duration;

/// A folder for entries, and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileConfig {
    /// The folder. It is made when the first entry is written (as are those above it, each for its
    /// owner alone), and again if it vanishes.
    pub root: PathBuf,
    /// The most entries, at least 1; 100,000 unless told. Writers that are at work at the same time
    /// may exceed it by their number.
    pub max_entries: usize,
    /// The most bytes of all files together, the headers included; no limit unless told. What is
    /// larger by itself is not kept.
    pub max_bytes: Option<usize>,
    /// When the folder is full, one entry in so many goes at once, the expired ones first and then
    /// the oldest; 0: all. 3 unless told.
    pub cull_frequency: u32,
    /// The longest time of one operation, waiting for the lock of another process included; 500 ms
    /// unless told.
    ///
    /// Callers that block do the work themselves: a disk that hangs holds them up for longer.
    pub op_timeout: Duration,
}

impl FileConfig {
    /// The folder `root` with the default bounds.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            max_entries: 100_000,
            max_bytes: None,
            cull_frequency: 3,
            op_timeout: Duration::from_millis(500),
        }
    }
}
