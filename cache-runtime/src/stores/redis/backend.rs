//! The operations of the store, written once for callers that await and callers that block.

use std::future::Future;
use std::time::Duration;

use redis::Value;

use super::commands::{self, Call, Request};
use super::config::RedisConfig;
use super::connections::Connections;
use super::servers::Servers;
use crate::error::CacheError;
use crate::markers::tombstone::Unless;
use crate::store::backplane::Backplane;
use crate::store::facts::Facts;
use crate::store::{Capabilities, Store, StoreFuture, Ttl, set_unless_in_steps};
use crate::stores::answer;

/// A Redis or Valkey server as a [`Store`].
///
/// Async callers share one connection per tokio runtime, which is opened when it is first used and
/// again after it broke; callers on another executor are served by a thread of this crate.
/// [`Store::blocking`] is the same store over a pool of connections, for callers that block.
///
/// An operation, including connecting, takes at most `op_timeout`; listing and clearing take up to
/// that long for each of their round trips.
#[derive(Debug)]
pub struct RedisStore<S = Connections> {
    servers: S,
}

/// How requests reach a server: awaiting, or blocking inside the first poll.
///
/// Sealed: its methods name types that only this module knows.
pub trait Link: Send + Sync + 'static {
    /// Sends the request and returns the reply, within `op_timeout`.
    #[doc(hidden)]
    fn exchange(&self, request: &Request)
    -> impl Future<Output = Result<Value, CacheError>> + Send;

    /// Returns where to listen to other processes; `None` for callers that block.
    #[doc(hidden)]
    fn home(&self) -> Option<&RedisConfig> {
        None
    }

    /// Closes all connections.
    #[doc(hidden)]
    fn close(&self);

    /// Returns the store that blocks, unless this is it.
    #[doc(hidden)]
    fn blocking(&self) -> Option<&dyn Store>;
}

impl RedisStore {
    /// Returns a store on the server that `config` describes. Does not connect.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the files that `tls` names cannot be read.
    pub fn new(config: RedisConfig) -> Result<Self, CacheError> {
        Connections::new(config).map(Self::over)
    }
}

impl<S> RedisStore<S> {
    pub(super) fn over(servers: S) -> Self {
        Self { servers }
    }

    pub(super) fn servers(&self) -> &S {
        &self.servers
    }
}

/// Makes one round trip, and parses its reply.
pub(super) async fn exchange<L: Link, T>(link: &L, call: &Call<T>) -> Result<T, CacheError> {
    (call.read)(link.exchange(&call.request).await?)
}

impl<S: Servers> RedisStore<S> {
    /// Makes a call about one key.
    fn about<'a, T: 'a>(
        &'a self,
        operation: &'static str,
        key: &'a str,
        call: Call<T>,
    ) -> StoreFuture<'a, T> {
        answer::about(operation, key, async move {
            let reply = self.servers.exchange_about(key, &call.request).await;
            reply.and_then(call.read)
        })
    }
}

impl<S: Servers> Store for RedisStore<S> {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic_add: true,
            atomic_delete_if: true,
            atomic_set_unless: true,
            atomic_incr: true,
            list_keys: true,
            batch: true,
            time_limits: true,
            hash_tags: self.servers.has_hash_tags(),
            ..Capabilities::default()
        }
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.about("get", key, commands::get(key))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.about("set", key, commands::set(key, value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.about("delete", key, commands::delete(key))
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        self.about("add", key, commands::add(key, value, ttl))
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        self.about("touch", key, commands::touch(key, ttl))
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        self.about("delete_if", key, commands::delete_if(key, value))
    }

    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        if self.servers.has_both(key, unless.key) {
            let call = commands::set_unless(key, value, ttl, unless);
            return self.about("set_unless", key, call);
        }
        Box::pin(set_unless_in_steps(self, key, value, ttl, unless))
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        self.about("ttl", key, commands::ttl(key))
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        self.about("incr", key, commands::incr(key, by))
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        if keys.is_empty() {
            return answer::ready(Ok(Vec::new()));
        }
        answer::during("get_many", self.servers.get_many(keys))
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        if items.is_empty() {
            return answer::ready(Ok(Vec::new()));
        }
        answer::during("set_many", self.servers.set_many(items, ttl))
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        if keys.is_empty() {
            return answer::ready(Ok(0));
        }
        answer::during("delete_many", self.servers.delete_many(keys))
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        answer::during("keys", self.servers.keys(prefix, pattern))
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        answer::during("clear", self.servers.clear(prefix))
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        answer::during("ping", self.servers.ping())
    }

    fn facts(&self) -> StoreFuture<'_, Facts> {
        answer::during("facts", self.servers.facts())
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.servers.close();
        answer::ready(Ok(()))
    }

    fn backplane(&self) -> Option<&dyn Backplane> {
        self.servers.listens().then_some(self)
    }

    fn blocking(&self) -> Option<&dyn Store> {
        self.servers.blocking()
    }
}
