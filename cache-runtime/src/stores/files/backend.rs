//! The operations for callers that await: each is one job on another thread.

use std::sync::Arc;
use std::time::Duration;

use super::FileConfig;
use super::folder::Folder;
use super::hop::Hop;
use super::inline::Inline;
use crate::error::CacheError;
use crate::store::facts::Facts;
use crate::store::{Capabilities, Store, StoreFuture, Ttl};
use crate::stores::answer;
use crate::tools::glob::Glob;

/// How many keys make one job, within one time limit.
const BATCH: usize = 64;

/// A folder of files as a [`Store`].
///
/// Async callers, on any executor, are served by a few threads of the store. [`Store::blocking`]
/// is the same store for callers that block: they do the work themselves.
///
/// An operation takes at most `op_timeout`; listing and clearing take up to that long for each of the 256
/// folders, batches for each 64 keys.
#[derive(Debug)]
pub struct FileStore {
    folder: Arc<Folder>,
    reading: Hop,
    /// Separate threads: they wait for locks, and callers that only read must not wait behind them.
    writing: Hop,
    inline: Inline,
}

impl FileStore {
    /// Returns a store in the folder that `config` names. Touches no file.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the path is empty.
    pub fn new(config: FileConfig) -> Result<Self, CacheError> {
        let op_timeout = config.op_timeout;
        let folder = Arc::new(Folder::new(config)?);
        Ok(Self {
            inline: Inline::new(Arc::clone(&folder)),
            reading: Hop::new(op_timeout),
            writing: Hop::new(op_timeout),
            folder,
        })
    }

    /// Runs a job about one key.
    fn about<'a, T: Send + 'static>(
        &'a self,
        hop: &'a Hop,
        operation: &'static str,
        key: &'a str,
        job: impl FnOnce(&Folder, &str) -> Result<T, CacheError> + Send + 'static,
    ) -> StoreFuture<'a, T> {
        answer::about(operation, key, async move {
            let key = key.to_owned();
            self.job(hop, move |folder| job(folder, &key)).await
        })
    }

    /// One job.
    async fn job<T: Send + 'static>(
        &self,
        hop: &Hop,
        job: impl FnOnce(&Folder) -> Result<T, CacheError> + Send + 'static,
    ) -> Result<T, CacheError> {
        let folder = Arc::clone(&self.folder);
        hop.run(move || job(&folder)).await
    }
}

/// Returns what this store can do, for callers of both kinds.
pub(super) fn capabilities() -> Capabilities {
    Capabilities {
        atomic_add: true,
        atomic_delete_if: true,
        atomic_incr: true,
        list_keys: true,
        batch: true,
        time_limits: true,
        ..Capabilities::default()
    }
}

impl Store for FileStore {
    fn name(&self) -> &'static str {
        "file"
    }

    fn capabilities(&self) -> Capabilities {
        capabilities()
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.about(&self.reading, "get", key, Folder::get)
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        let value = value.to_vec();
        self.about(&self.writing, "set", key, move |folder, key| {
            folder.set(key, &value, ttl)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.about(&self.writing, "delete", key, Folder::delete)
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        let value = value.to_vec();
        self.about(&self.writing, "add", key, move |folder, key| {
            folder.add(key, &value, ttl)
        })
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        self.about(&self.writing, "touch", key, move |folder, key| {
            folder.touch(key, ttl)
        })
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        let value = value.to_vec();
        self.about(&self.writing, "delete_if", key, move |folder, key| {
            folder.delete_if(key, &value)
        })
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        self.about(&self.reading, "ttl", key, Folder::ttl)
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        self.about(&self.writing, "incr", key, move |folder, key| {
            folder.incr(key, by)
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        answer::during("get_many", async move {
            let mut values = Vec::with_capacity(keys.len());
            for some in keys.chunks(BATCH) {
                let some = some.to_vec();
                let job = self.job(&self.reading, move |folder| folder.get_many(&some));
                values.extend(job.await?);
            }
            Ok(values)
        })
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        answer::during("set_many", async move {
            let mut failed = Vec::new();
            for (at, some) in items.chunks(BATCH).enumerate() {
                let some = some.to_vec();
                let job = self.job(&self.writing, move |folder| Ok(folder.set_many(&some, ttl)));
                failed.extend(job.await?.into_iter().map(|of_some| at * BATCH + of_some));
            }
            Ok(failed)
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        answer::during("delete_many", async move {
            let mut count = 0;
            for some in keys.chunks(BATCH) {
                let some = some.to_vec();
                let job = self.job(&self.writing, move |folder| folder.delete_many(&some));
                count += job.await?;
            }
            Ok(count)
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        answer::during("keys", async move {
            let glob = Arc::new(Glob::new(pattern));
            let mut keys = Vec::new();
            for shard in 0..=u8::MAX {
                let (prefix, glob) = (prefix.to_owned(), Arc::clone(&glob));
                let job = self.job(&self.reading, move |folder| {
                    folder.keys(shard, &prefix, &glob)
                });
                keys.append(&mut job.await?);
            }
            Ok(keys)
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        answer::during("clear", async move {
            for shard in 0..=u8::MAX {
                let prefix = prefix.to_owned();
                let job = self.job(&self.writing, move |folder| folder.clear(shard, &prefix));
                job.await?;
            }
            Ok(())
        })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        answer::during("ping", self.job(&self.writing, Folder::ping))
    }

    fn facts(&self) -> StoreFuture<'_, Facts> {
        answer::during("facts", self.job(&self.writing, Folder::facts))
    }

    fn blocking(&self) -> Option<&dyn Store> {
        Some(&self.inline)
    }
}
