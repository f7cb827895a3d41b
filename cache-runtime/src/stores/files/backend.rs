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

    /// One job.
    fn job<'a, T: Send + 'static>(
        &'a self,
        operation: &'static str,
        job: impl FnOnce(&Folder) -> Result<T, CacheError> + Send + 'static,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let folder = Arc::clone(&self.folder);
            let hop = match operation {
                "get" | "get_many" | "ttl" | "keys" => &self.reading,
                _ => &self.writing,
            };
            let done = hop.run(move || job(&folder)).await;
            done.map_err(|error| error.in_operation(operation))
        })
    }

    /// Runs a job about one key.
    fn about<'a, T: Send + 'static>(
        &'a self,
        operation: &'static str,
        key: &'a str,
        job: impl FnOnce(&Folder, &str) -> Result<T, CacheError> + Send + 'static,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let own = key.to_owned();
            let done = self.job(operation, move |folder| job(folder, &own)).await;
            done.map_err(|error| error.on_key(key))
        })
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
        self.about("get", key, Folder::get)
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        let value = value.to_vec();
        self.about("set", key, move |folder, key| folder.set(key, &value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.about("delete", key, Folder::delete)
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        let value = value.to_vec();
        self.about("add", key, move |folder, key| folder.add(key, &value, ttl))
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        self.about("touch", key, move |folder, key| folder.touch(key, ttl))
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        let value = value.to_vec();
        self.about("delete_if", key, move |folder, key| {
            folder.delete_if(key, &value)
        })
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        self.about("ttl", key, Folder::ttl)
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        self.about("incr", key, move |folder, key| folder.incr(key, by))
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let mut values = Vec::with_capacity(keys.len());
            for some in keys.chunks(BATCH) {
                let some = some.to_vec();
                let job = self.job("get_many", move |folder| folder.get_many(&some));
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
        Box::pin(async move {
            let mut failed = Vec::new();
            for (at, some) in items.chunks(BATCH).enumerate() {
                let some = some.to_vec();
                let job = self.job("set_many", move |folder| Ok(folder.set_many(&some, ttl)));
                failed.extend(job.await?.into_iter().map(|of_some| at * BATCH + of_some));
            }
            Ok(failed)
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let mut count = 0;
            for some in keys.chunks(BATCH) {
                let some = some.to_vec();
                let job = self.job("delete_many", move |folder| folder.delete_many(&some));
                count += job.await?;
            }
            Ok(count)
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        Box::pin(async move {
            let glob = Arc::new(Glob::new(pattern));
            let mut keys = Vec::new();
            for shard in 0..=u8::MAX {
                let (prefix, glob) = (prefix.to_owned(), Arc::clone(&glob));
                let job = self.job("keys", move |folder| folder.keys(shard, &prefix, &glob));
                keys.append(&mut job.await?);
            }
            Ok(keys)
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            for shard in 0..=u8::MAX {
                let prefix = prefix.to_owned();
                let job = self.job("clear", move |folder| folder.clear(shard, &prefix));
                job.await?;
            }
            Ok(())
        })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        self.job("ping", Folder::ping)
    }

    fn facts(&self) -> StoreFuture<'_, Facts> {
        self.job("facts", Folder::facts)
    }

    fn blocking(&self) -> Option<&dyn Store> {
        Some(&self.inline)
    }
}
