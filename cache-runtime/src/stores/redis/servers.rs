//! What a store is built on: one server, or several that each have a part of the keys.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use redis::Value;

use super::backend::{Link, exchange};
use super::commands::{self, Request};
use super::facts;
use super::failure;
use super::listening::{Ear, Hear};
use super::scan;
use crate::error::CacheError;
use crate::store::Store;
use crate::store::facts::Facts;

/// The server or the servers.
///
/// Sealed: its methods name types that only this module knows.
pub trait Servers: Send + Sync + 'static {
    /// Sends a request about `key` and returns the reply, within `op_timeout`.
    #[doc(hidden)]
    fn exchange_about(
        &self,
        key: &str,
        request: &Request,
    ) -> impl Future<Output = Result<Value, CacheError>> + Send;

    /// Returns whether keys are spread over the servers by their `{hash tags}`.
    #[doc(hidden)]
    fn has_hash_tags(&self) -> bool {
        false
    }

    /// Returns whether a script may use both keys at once.
    #[doc(hidden)]
    fn has_both(&self, key: &str, other: &str) -> bool {
        let _ = (key, other);
        true
    }

    /// As [`Store::get_many`], of at least one key.
    #[doc(hidden)]
    fn get_many(
        &self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, CacheError>> + Send;

    /// As [`Store::set_many`], of at least one item.
    #[doc(hidden)]
    fn set_many(
        &self,
        items: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> impl Future<Output = Result<Vec<usize>, CacheError>> + Send;

    /// As [`Store::delete_many`], of at least one key.
    #[doc(hidden)]
    fn delete_many<K: AsRef<[u8]> + Sync>(
        &self,
        keys: &[K],
    ) -> impl Future<Output = Result<u64, CacheError>> + Send;

    /// As [`Store::keys`].
    #[doc(hidden)]
    fn keys(
        &self,
        prefix: &str,
        pattern: &str,
    ) -> impl Future<Output = Result<Vec<String>, CacheError>> + Send;

    /// As [`Store::clear`].
    #[doc(hidden)]
    fn clear(&self, prefix: &str) -> impl Future<Output = Result<(), CacheError>> + Send;

    /// As [`Backplane::publish`](crate::Backplane::publish).
    #[doc(hidden)]
    fn publish(
        &self,
        channel: &str,
        message: &str,
    ) -> impl Future<Output = Result<(), CacheError>> + Send;

    /// As [`Backplane::listen`](crate::Backplane::listen).
    #[doc(hidden)]
    fn listen(
        &self,
        channel: &str,
        hear: Hear<'_>,
    ) -> impl Future<Output = Result<Infallible, CacheError>> + Send;

    /// Returns whether it can listen: for callers that block it cannot.
    #[doc(hidden)]
    fn listens(&self) -> bool;

    /// As [`Store::ping`].
    #[doc(hidden)]
    fn ping(&self) -> impl Future<Output = Result<(), CacheError>> + Send;

    /// As [`Store::facts`].
    #[doc(hidden)]
    fn facts(&self) -> impl Future<Output = Result<Facts, CacheError>> + Send;

    /// Closes all connections.
    #[doc(hidden)]
    fn close(&self);

    /// Returns the store that blocks, unless this is it.
    #[doc(hidden)]
    fn blocking(&self) -> Option<&dyn Store>;
}

/// One server has all keys.
impl<L: Link> Servers for L {
    async fn exchange_about(&self, _key: &str, request: &Request) -> Result<Value, CacheError> {
        self.exchange(request).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, CacheError> {
        exchange(self, &commands::get_many(keys)).await
    }

    async fn set_many(
        &self,
        items: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<usize>, CacheError> {
        exchange(self, &commands::set_many(items, ttl)).await
    }

    async fn delete_many<K: AsRef<[u8]> + Sync>(&self, keys: &[K]) -> Result<u64, CacheError> {
        exchange(self, &commands::delete_many(keys)).await
    }

    async fn keys(&self, prefix: &str, pattern: &str) -> Result<Vec<String>, CacheError> {
        scan::keys(self, prefix, pattern).await
    }

    async fn clear(&self, prefix: &str) -> Result<(), CacheError> {
        scan::clear(self, self, prefix).await
    }

    async fn publish(&self, channel: &str, message: &str) -> Result<(), CacheError> {
        exchange(self, &commands::publish_by_master(channel, message)).await
    }

    async fn listen(&self, channel: &str, hear: Hear<'_>) -> Result<Infallible, CacheError> {
        match self.home() {
            Some(config) => {
                Ear::open(config)
                    .await?
                    .listen(channel, hear, &|| true)
                    .await
            }
            None => Err(failure::lost("there is nothing to listen with")),
        }
    }

    fn listens(&self) -> bool {
        self.home().is_some()
    }

    async fn ping(&self) -> Result<(), CacheError> {
        exchange(self, &commands::ping()).await
    }

    async fn facts(&self) -> Result<Facts, CacheError> {
        exchange(self, &facts::facts()).await
    }

    fn close(&self) {
        Link::close(self);
    }

    fn blocking(&self) -> Option<&dyn Store> {
        Link::blocking(self)
    }
}
