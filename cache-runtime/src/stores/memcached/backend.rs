//! The operations of the store, written once for callers that await and callers that block.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::awaited::Connections;
use super::config::MemcachedConfig;
use super::expiry::{expiry, left};
use super::failure::{is_too_large, refused};
use super::incr;
use super::listing::Walk;
use super::names::Name;
use super::replies::Reply;
use super::requests::{Condition, Request};
use super::route::{Batch, Exchange, ask, ask_many, step};
use crate::error::{CacheError, ErrorKind};
use crate::store::facts::Facts;
use crate::store::{Capabilities, Store, StoreFuture, Ttl};
use crate::stores::{answer, together};

/// Memcached's items are at most 1 MiB by default; this leaves room for
/// the key, for what the server stores beside it, and for a long key in front of the value.
const LARGEST: usize = (1 << 20) - (2 << 10);

/// The server drops an existing entry when an `add` of too large a value meets it: for values larger than this,
/// first check whether one is there.
const LOOK_FIRST: usize = 16 << 10;

/// One or several Memcached servers as a [`Store`].
///
/// Async callers have a pool of connections per server and tokio runtime; callers on another
/// executor are served by a thread of this crate. [`Store::blocking`] is the same store over
/// a pool for callers that block.
///
/// An operation, including connecting, takes at most `op_timeout`; listing and clearing take up to
/// that long for each of their steps. Lifetimes are whole seconds; an entry lives at least as long as asked
/// for, and up to two seconds longer. A lifetime that ends in 2038 or later never ends.
///
/// [`Store::ping`] fails if any of the servers does not answer, so that a wrong address is found at
/// start: with kind `Unavailable` if none answers, with kind `Store` if others do.
#[derive(Debug)]
pub struct MemcachedStore<L = Connections> {
    link: L,
}

/// How requests reach the servers: awaiting, or blocking inside the first poll.
///
/// Sealed: its methods name types that only this module knows.
#[expect(private_bounds, reason = "sealed")]
pub trait Link: Exchange + fmt::Debug + 'static {
    /// Walks over all entries.
    #[doc(hidden)]
    fn walk(&self, walk: Walk) -> impl Future<Output = Result<Vec<String>, CacheError>> + Send;

    /// Asks all servers what they know about themselves.
    #[doc(hidden)]
    fn facts(&self) -> impl Future<Output = Result<Facts, CacheError>> + Send;

    /// Closes all connections.
    #[doc(hidden)]
    fn close(&self);

    /// Returns the store that blocks, unless this is it.
    #[doc(hidden)]
    fn blocking(&self) -> Option<&dyn Store>;
}

impl MemcachedStore {
    /// Returns a store on the servers that `config` names. Does not connect.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the list of servers is empty, too long, or names one twice.
    pub fn new(config: MemcachedConfig) -> Result<Self, CacheError> {
        config.check()?;
        Ok(Self::over(Connections::new(config)))
    }
}

impl<L> MemcachedStore<L> {
    pub(super) fn over(link: L) -> Self {
        Self { link }
    }

    pub(super) fn link(&self) -> &L {
        &self.link
    }
}

impl<L: Link> MemcachedStore<L> {
    /// Sends one command about one key, and returns its reply.
    async fn one(&self, name: &Name<'_>, request: &Request) -> Result<Reply, CacheError> {
        let deadline = self.link.servers().deadline();
        let mut replies = ask(&self.link, name.bytes(), request, deadline).await?;
        Ok(replies.pop().unwrap_or(Reply::Missing))
    }

    async fn set_one(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        let name = Name::of(key);
        let request = Request::one(|request| {
            let flags = name.flags(value);
            request.set(&name, value, expiry(ttl), flags, Condition::None);
        });
        let error = match self.one(&name, &request).await? {
            Reply::Done(_) => return Ok(()),
            other => refused(other),
        };
        if error.kind() == ErrorKind::TooLarge {
            self.delete_one(key).await?;
        }
        Err(error)
    }

    async fn delete_one(&self, key: &str) -> Result<bool, CacheError> {
        let name = Name::of(key);
        let request = Request::one(|request| request.delete(name.bytes()));
        was_there(self.one(&name, &request).await?)
    }

    async fn delete_one_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheError> {
        let name = Name::of(key);
        let look = Request::one(|request| request.get_for_change(&name));
        let item = match self.one(&name, &look).await? {
            Reply::Done(item) => item,
            Reply::Missing => return Ok(false),
            other => return Err(refused(other)),
        };
        let version = item.version;
        if name
            .open(item.flags, item.value)
            .is_none_or(|there| there != value)
        {
            return Ok(false);
        }
        let delete = Request::one(|request| request.delete_unchanged(&name, version));
        match self.one(&name, &delete.once_only()).await? {
            Reply::Changed => Ok(false),
            reply => was_there(reply),
        }
    }

    async fn add_one(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError> {
        let name = Name::of(key);
        if value.len() > LOOK_FIRST {
            let look = Request::one(|request| request.ttl(&name));
            if was_there(self.one(&name, &look).await?)? {
                return Ok(false);
            }
        }
        let add = Request::one(|request| {
            let flags = name.flags(value);
            request.set(&name, value, expiry(ttl), flags, Condition::Missing);
        });
        match self.one(&name, &add.once_only()).await? {
            Reply::Done(_) => Ok(true),
            Reply::NotStored => Ok(false),
            other => Err(refused(other)),
        }
    }

    async fn ping_all(&self) -> Result<(), CacheError> {
        let servers = self.link.servers();
        let request = Request::one(Request::noop);
        let asked = (0..servers.ring.len())
            .map(|server| self.link.exchange(server, &request, step(&servers.config)));
        let mut answered = 0;
        let mut last = None;
        for (server, answer) in together::all(asked).await.into_iter().enumerate() {
            match answer.map(|replies| replies.into_iter().next()) {
                Ok(Some(Reply::Done(_))) => {
                    servers.ring.found(server);
                    answered += 1;
                }
                Ok(other) => last = Some(refused(other.unwrap_or(Reply::Missing))),
                Err(broken) => {
                    if broken.blames_server {
                        servers.ring.lost(server);
                    }
                    let address = servers.ring.address(server);
                    last = Some(broken.describe(address, servers.config.op_timeout));
                }
            }
        }
        match last {
            None => Ok(()),
            Some(error) if answered == 0 => Err(error),
            // Not `Unavailable`: the store is there, and the breaker must not close it off.
            Some(error) => Err(CacheError::new(
                ErrorKind::Store,
                format!(
                    "of {} servers {answered} answer: {error}",
                    servers.ring.len()
                ),
            )
            .with_source(error)),
        }
    }
}

fn was_there(reply: Reply) -> Result<bool, CacheError> {
    match reply {
        Reply::Done(_) => Ok(true),
        Reply::Missing => Ok(false),
        other => Err(refused(other)),
    }
}

fn read_value(name: &Name<'_>, reply: Reply) -> Result<Option<Vec<u8>>, CacheError> {
    match reply {
        Reply::Done(item) => Ok(name.open(item.flags, item.value)),
        Reply::Missing => Ok(None),
        other => Err(refused(other)),
    }
}

impl<L: Link> Store for MemcachedStore<L> {
    fn name(&self) -> &'static str {
        "memcached"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic_add: true,
            atomic_delete_if: true,
            atomic_set_unless: false,
            atomic_incr: true,
            list_keys: true,
            batch: true,
            time_limits: true,
            hash_tags: false,
            resolution: Duration::from_secs(1),
            max_value: Some(LARGEST),
        }
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        answer::about("get", key, async move {
            let name = Name::of(key);
            let request = Request::one(|request| request.get(&name));
            read_value(&name, self.one(&name, &request).await?)
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        answer::about("set", key, self.set_one(key, value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        answer::about("delete", key, self.delete_one(key))
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        answer::about("add", key, self.add_one(key, value, ttl))
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        answer::about("touch", key, async move {
            let name = Name::of(key);
            let request = Request::one(|request| request.touch(&name, expiry(ttl)));
            was_there(self.one(&name, &request).await?)
        })
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        answer::about("delete_if", key, self.delete_one_if(key, value))
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        answer::about("ttl", key, async move {
            let name = Name::of(key);
            let request = Request::one(|request| request.ttl(&name));
            match self.one(&name, &request).await? {
                Reply::Done(item) => Ok(left(item.ttl)),
                Reply::Missing => Ok(Ttl::Missing),
                other => Err(refused(other)),
            }
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        answer::about("incr", key, incr::incr(&self.link, key, by))
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        if keys.is_empty() {
            return answer::ready(Ok(Vec::new()));
        }
        answer::during("get_many", async move {
            let names: Vec<Name<'_>> = keys.iter().map(|key| Name::of(key)).collect();
            let add = |request: &mut Request, at: usize| request.get(&names[at]);
            let batch = self.many(&names, add).await;
            let values = batch.replies.into_iter().zip(&names);
            let values = values.map(|(reply, name)| match reply {
                Some(reply) => read_value(name, reply),
                None => Ok(None),
            });
            let values = values.collect::<Result<_, _>>()?;
            batch.error.map_or(Ok(values), Err)
        })
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        if items.is_empty() {
            return answer::ready(Ok(Vec::new()));
        }
        answer::during("set_many", async move {
            let names: Vec<Name<'_>> = items.iter().map(|(key, _)| Name::of(key)).collect();
            let expiry = expiry(ttl);
            let add = |request: &mut Request, at: usize| {
                let (name, value) = (&names[at], &items[at].1);
                request.set(name, value, expiry, name.flags(value), Condition::None);
            };
            let batch = self.many(&names, add).await;
            let is_done = |reply: &Option<Reply>| matches!(reply, Some(Reply::Done(_)));
            let failed = batch.replies.iter().enumerate();
            let failed: Vec<usize> = failed
                .filter(|(_, reply)| !is_done(reply))
                .map(|(at, _)| at)
                .collect();
            for at in &failed {
                if let Some(Reply::Refused(text)) = &batch.replies[*at]
                    && is_too_large(text)
                {
                    self.delete_one(&items[*at].0).await?;
                }
            }
            match batch.error {
                Some(error) if failed.len() == items.len() => Err(error),
                _ => Ok(failed),
            }
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        if keys.is_empty() {
            return answer::ready(Ok(0));
        }
        answer::during("delete_many", async move {
            let names: Vec<Name<'_>> = keys.iter().map(|key| Name::of(key)).collect();
            let add = |request: &mut Request, at: usize| request.delete(names[at].bytes());
            let batch = self.many(&names, add).await;
            let mut count = 0;
            for reply in batch.replies.into_iter().flatten() {
                count += u64::from(was_there(reply)?);
            }
            batch.error.map_or(Ok(count), Err)
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        let walk = Walk {
            prefix: prefix.to_owned(),
            pattern: Some(pattern.to_owned()),
        };
        answer::during("keys", async move {
            let keys = self.link.walk(walk).await?;
            Ok(self.alive(keys).await)
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        let walk = Walk {
            prefix: prefix.to_owned(),
            pattern: None,
        };
        answer::during("clear", async move { self.link.walk(walk).await.map(drop) })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        answer::during("ping", self.ping_all())
    }

    fn facts(&self) -> StoreFuture<'_, Facts> {
        answer::during("facts", self.link.facts())
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.link.close();
        answer::ready(Ok(()))
    }

    fn blocking(&self) -> Option<&dyn Store> {
        self.link.blocking()
    }
}

impl<L: Link> MemcachedStore<L> {
    /// Returns the keys that can still be read: the server lists an entry for a second after it expires.
    async fn alive(&self, keys: Vec<String>) -> Vec<String> {
        let names: Vec<Name<'_>> = keys.iter().map(|key| Name::of(key)).collect();
        let add = |request: &mut Request, at: usize| request.ttl(&names[at]);
        let replies = self.many(&names, add).await.replies;
        let is_gone: Vec<bool> = replies
            .iter()
            .map(|reply| matches!(reply, Some(Reply::Missing)))
            .collect();
        let alive = keys
            .into_iter()
            .zip(is_gone)
            .filter(|(_, is_gone)| !is_gone);
        alive.map(|(key, _)| key).collect()
    }

    async fn many(&self, names: &[Name<'_>], add: impl Fn(&mut Request, usize) + Send) -> Batch {
        ask_many(&self.link, names.len(), |at| names[at].bytes(), add).await
    }
}
