//! All entries: listing and clearing, one shard after the other.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::cull::AT_ONCE;
use super::failure;
use super::folder::Folder;
use super::ledger::{Count, Ledger, remove};
use super::names::{self, Ours};
use super::reading::{self, Seen, now};
use crate::error::CacheError;
use crate::tools::glob::Glob;

impl Folder {
    /// Returns the keys of one shard that start with `prefix` and match `pattern` after it.
    pub(super) fn keys(
        &self,
        shard: u8,
        prefix: &str,
        pattern: &Glob,
    ) -> Result<Vec<String>, CacheError> {
        let now = now();
        let mut keys = Vec::new();
        let walked = self.walk(shard, |_, seen| {
            if seen.is_over(now) {
                return;
            }
            if let Some((key, _)) = seen.entry
                && let Some(rest) = key.strip_prefix(prefix)
                && pattern.matches(rest)
            {
                keys.push(key);
            }
        });
        walked.map_err(|error| failure::describe(self.root(), error).in_operation("keys"))?;
        Ok(keys)
    }

    /// Removes the entries of one shard whose keys start with `prefix`, and invalid ones.
    pub(super) fn clear(&self, shard: u8, prefix: &str) -> Result<(), CacheError> {
        self.clear_files(shard, prefix)
            .map_err(|error| failure::describe(self.root(), error).in_operation("clear"))
    }

    fn clear_files(&self, shard: u8, prefix: &str) -> io::Result<()> {
        let goes = |seen: &Seen| {
            let key = seen.entry.as_ref().map(|(key, _)| key);
            key.is_none_or(|key| key.starts_with(prefix))
        };
        let mut paths = Vec::new();
        self.walk(shard, |path, seen| {
            if goes(&seen) {
                paths.push(path);
            }
        })?;
        if paths.is_empty() {
            return Ok(());
        }
        let ledger = Ledger::open(self.root())?;
        let folder = names::folder(self.root(), shard);
        for some in paths.chunks(AT_ONCE) {
            let held = match self.locks.lock(shard, &folder, self.until()) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                held => held?,
            };
            for path in some {
                // Another key may have the same hash and have replaced it.
                if let Some(seen) = reading::see(path)?
                    && goes(&seen)
                    && remove(path)?
                {
                    ledger.change(shard, |count| count.minus(Count::one(seen.len)))?;
                }
            }
            drop(held);
        }
        Ok(())
    }

    /// Visits every file of a shard that is named like an entry.
    pub(super) fn walk(&self, shard: u8, mut show: impl FnMut(PathBuf, Seen)) -> io::Result<()> {
        let files = match fs::read_dir(names::folder(self.root(), shard)) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for file in files {
            let file = file?;
            if names::ours(&file.file_name(), shard) == Some(Ours::Entry) {
                let path = file.path();
                if let Some(seen) = reading::see(&path)? {
                    show(path, seen);
                }
            }
        }
        Ok(())
    }
}
