//! The operations, for callers that block: they do the work themselves.

use std::sync::Arc;
use std::time::Duration;

use super::backend::capabilities;
use super::folder::Folder;
use crate::store::{Capabilities, Store, StoreFuture, Ttl};
use crate::stores::answer::ready;
use crate::tools::glob::Glob;

#[derive(Debug)]
pub(super) struct Inline {
    folder: Arc<Folder>,
}

impl Inline {
    pub(super) fn new(folder: Arc<Folder>) -> Self {
        Self { folder }
    }
}

impl Store for Inline {
    fn name(&self) -> &'static str {
        "file"
    }

    fn capabilities(&self) -> Capabilities {
        capabilities()
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        ready(self.folder.get(key))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        ready(self.folder.set(key, value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        ready(self.folder.delete(key))
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        ready(self.folder.add(key, value, ttl))
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        ready(self.folder.touch(key, ttl))
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        ready(self.folder.ttl(key))
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        ready(self.folder.delete_if(key, value))
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        ready(self.folder.incr(key, by))
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        ready(self.folder.get_many(keys))
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        ready(Ok(self.folder.set_many(items, ttl)))
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        ready(self.folder.delete_many(keys))
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        let glob = Glob::new(pattern);
        let keys = (0..=u8::MAX).map(|shard| self.folder.keys(shard, prefix, &glob));
        let keys: Result<Vec<_>, _> = keys.collect();
        ready(keys.map(|keys| keys.concat()))
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        ready((0..=u8::MAX).try_for_each(|shard| self.folder.clear(shard, prefix)))
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        ready(self.folder.ping())
    }
}
