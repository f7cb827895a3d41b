//! Where the folder is, how much it may hold, and how long to wait for a lock.

use std::path::PathBuf;
use std::time::Duration;

/// A folder for entries, and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileConfig {
    /// The folder. It is created when the first entry is written (as are missing parent folders, each accessible
    /// to its owner only), and again if it vanishes.
    pub root: PathBuf,
    /// The most entries, at least 1; 100,000 by default. Concurrent writers
    /// may exceed it by their number.
    pub max_entries: usize,
    /// The most bytes of all files together, including their headers; unlimited by default. A value that is
    /// larger by itself is not kept.
    pub max_bytes: Option<usize>,
    /// When the folder is full, one entry in this many is evicted at once, the expired ones first and then
    /// the oldest; 0: all of them. 3 by default.
    pub cull_frequency: u32,
    /// The longest time of one operation, including waiting for the lock of another process; 500 ms
    /// by default.
    ///
    /// Callers that block do the work themselves, so that a disk that hangs delays them for longer.
    pub op_timeout: Duration,
}

impl FileConfig {
    /// Returns the folder `root` with the default limits.
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
