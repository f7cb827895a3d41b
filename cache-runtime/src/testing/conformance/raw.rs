//! A caller of the store itself, which awaits or blocks.

use std::sync::Arc;
use std::time::Duration;

use crate::error::CacheError;
use crate::markers::tombstone::Unless;
use crate::mode::block_on;
use crate::store::{Capabilities, Store, StoreFuture, Ttl};

#[derive(Clone)]
pub(super) struct Raw {
    store: Arc<dyn Store>,
    blocks: bool,
}

macro_rules! ask {
    ($($(#[$doc:meta])* $word:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(
            $(#[$doc])*
            pub(super) async fn $word(&self, $($name: $type),*) -> Result<$answer, CacheError> {
                self.wait(self.face().$word($($name),*)).await
            }
        )*
    };
}

impl Raw {
    pub(super) fn new(store: Arc<dyn Store>, blocks: bool) -> Self {
        Self { store, blocks }
    }

    /// Returns the store as this caller has it.
    pub(super) fn face(&self) -> &dyn Store {
        let blocking = self.blocks.then(|| self.store.blocking()).flatten();
        blocking.unwrap_or(&*self.store)
    }

    /// Returns the store itself.
    pub(super) fn itself(&self) -> &dyn Store {
        &*self.store
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn wait<T>(&self, answer: StoreFuture<'_, T>) -> Result<T, CacheError> {
        if self.blocks {
            block_on(answer)
        } else {
            answer.await
        }
    }

    ask! {
        get(key: &str) -> Option<Vec<u8>>;
        set(key: &str, value: &[u8], ttl: Option<Duration>) -> ();
        delete(key: &str) -> bool;
        delete_if(key: &str, value: &[u8]) -> bool;
        set_unless(key: &str, value: &[u8], ttl: Option<Duration>, unless: Unless<'_>) -> bool;
        add(key: &str, value: &[u8], ttl: Option<Duration>) -> bool;
        touch(key: &str, ttl: Option<Duration>) -> bool;
        ttl(key: &str) -> Ttl;
        incr(key: &str, by: i64) -> Option<i64>;
        get_many(keys: &[String]) -> Vec<Option<Vec<u8>>>;
        set_many(items: &[(String, Vec<u8>)], ttl: Option<Duration>) -> Vec<usize>;
        delete_many(keys: &[String]) -> u64;
        clear(prefix: &str) -> ();
        ping() -> ();
        close() -> ();
    }

    /// Returns the keys in alphabetical order.
    pub(super) async fn keys(
        &self,
        prefix: &str,
        pattern: &str,
    ) -> Result<Vec<String>, CacheError> {
        let mut keys = self.wait(self.face().keys(prefix, pattern)).await?;
        keys.sort();
        Ok(keys)
    }
}
