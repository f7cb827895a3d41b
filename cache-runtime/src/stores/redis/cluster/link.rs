//! How requests get to a cluster: about one key, about many, about all there are.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;

use super::super::backend::{Link, RedisStore, exchange};
use super::super::commands::{self, Request};
use super::super::config::{RedisAddress, RedisConfig};
use super::super::facts;
use super::super::listening::Hear;
use super::super::packed::Packed;
use super::super::scan;
use super::super::servers::Servers;
use super::batch::{self, Commands, Part};
use super::news;
use super::node::Node;
use super::redirect::{Direction, MOST_REDIRECTIONS, direction, in_circles, moment};
use super::slots::slot_of;
use super::topology::Topology;
use crate::clock::end_of;
use crate::error::{CacheError, ErrorKind};
use crate::mode::Mode;
use crate::store::Store;
use crate::store::facts::Facts;

/// A Redis Cluster, for one kind of caller.
#[derive(Debug)]
pub struct Cluster {
    topology: Arc<Topology>,
    mode: Mode,
    /// The same for callers that block; in that one, `None`.
    blocking: Option<Box<RedisStore<Cluster>>>,
}

impl RedisStore<Cluster> {
    /// Returns a store in the Redis Cluster that has a node at the address in `config`, or at one of
    /// `more`; all its nodes accept the same login. Does not connect.
    ///
    /// # Errors
    ///
    /// Kind `Config` for a database other than 0 and for a Unix socket: a cluster has neither.
    pub fn cluster(config: RedisConfig, more: Vec<RedisAddress>) -> Result<Self, CacheError> {
        let wrong = |text| Err(CacheError::new(ErrorKind::Config, text));
        if config.db != 0 {
            return wrong("a redis cluster has no other database than 0");
        }
        let is_socket = |address: &RedisAddress| matches!(address, RedisAddress::Unix(_));
        if is_socket(&config.address) || more.iter().any(is_socket) {
            return wrong("the nodes of a redis cluster have a host and a port");
        }
        let topology = Arc::new(Topology::new(config, more));
        let blocking = Self::over(Cluster {
            topology: Arc::clone(&topology),
            mode: Mode::Blocking,
            blocking: None,
        });
        Ok(Self::over(Cluster {
            topology,
            mode: Mode::Async,
            blocking: Some(Box::new(blocking)),
        }))
    }
}

impl Servers for Cluster {
    async fn exchange_about(&self, key: &str, request: &Request) -> Result<Value, CacheError> {
        let deadline = self.deadline();
        let slot = slot_of(key.as_bytes());
        let Some(node) = self.topology.owner(slot) else {
            // Boxed, to keep the future of the usual case small.
            return Box::pin(async {
                let node = self.topology.find(self.mode, slot, deadline).await?;
                let outcome = node.exchange(self.mode, request, deadline).await;
                self.follow(node, slot, request, outcome, deadline).await
            })
            .await;
        };
        match node.exchange(self.mode, request, deadline).await {
            Ok(reply) if is_answer(request, &reply) => Ok(reply),
            outcome => Box::pin(self.follow(node, slot, request, outcome, deadline)).await,
        }
    }

    fn has_hash_tags(&self) -> bool {
        true
    }

    /// A tombstone is in the slot of its entry, unless its key got too long or a prefix is put before
    /// both.
    fn has_both(&self, key: &str, other: &str) -> bool {
        slot_of(key.as_bytes()) == slot_of(other.as_bytes())
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, CacheError> {
        let outcomes = self
            .batch(keys, |packed, at| {
                packed.add(&[b"GET", keys[at].as_bytes()])
            })
            .await?;
        let mut values = Vec::with_capacity(keys.len());
        let mut lost = None;
        let mut any = false;
        for outcome in outcomes {
            match outcome.and_then(commands::read_value) {
                Ok(value) => {
                    any = true;
                    values.push(value);
                    continue;
                }
                // `MGET` says nothing about what is there and is not a value.
                Err(error) if error.kind() == ErrorKind::Decode => any = true,
                Err(error) if error.is_retryable() => lost = Some(error),
                Err(error) => return Err(error),
            }
            values.push(None);
        }
        match lost {
            // What a dead node had counts as missing, as far as a cache is concerned.
            Some(error) if !any => Err(error),
            _ => Ok(values),
        }
    }

    async fn set_many(
        &self,
        items: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<usize>, CacheError> {
        let write = |packed: &mut Packed, at: usize| {
            let (key, value) = &items[at];
            commands::add_set(packed, key, value, ttl, b"");
        };
        let commands = Commands {
            count: items.len(),
            key: |at: usize| items[at].0.as_bytes(),
            write,
        };
        let outcomes = batch::exchange(&self.topology, self.mode, commands).await?;
        let mut failed = Vec::new();
        let mut lost = None;
        for (at, outcome) in outcomes.into_iter().enumerate() {
            match outcome.and_then(commands::read_done) {
                Ok(()) => continue,
                Err(error) if error.is_retryable() => lost = Some(error),
                Err(_) => {}
            }
            failed.push(at);
        }
        match lost {
            Some(error) if failed.len() == items.len() => Err(error),
            _ => Ok(failed),
        }
    }

    async fn delete_many<K: AsRef<[u8]> + Sync>(&self, keys: &[K]) -> Result<u64, CacheError> {
        let outcomes = self
            .batch(keys, |packed, at| {
                packed.add(&[b"UNLINK", keys[at].as_ref()])
            })
            .await?;
        let count = |outcome: Result<Value, CacheError>| outcome.and_then(commands::read_number);
        // All were tried. A caller that deletes wants to know that something is still there.
        let counts = outcomes.into_iter().map(count);
        counts.map(|count| count.map(i64::unsigned_abs)).sum()
    }

    async fn keys(&self, prefix: &str, pattern: &str) -> Result<Vec<String>, CacheError> {
        let mut found = HashSet::new();
        for primary in self.primaries_now().await? {
            // A key whose slot is moving may be on two nodes.
            found.extend(scan::keys(&primary, prefix, pattern).await?);
        }
        Ok(found.into_iter().collect())
    }

    async fn clear(&self, prefix: &str) -> Result<(), CacheError> {
        let mut outcome = Ok(());
        for primary in self.primaries_now().await? {
            // Clear whatever can be cleared.
            outcome = scan::clear(&primary, self, prefix).await.and(outcome);
        }
        outcome
    }

    async fn publish(&self, channel: &str, message: &str) -> Result<(), CacheError> {
        let deadline = self.deadline();
        let commands::Call { request, read } = commands::publish(channel, message);
        let reply = match self.exchange_about(channel, &request).await {
            Err(error) if error.is_retryable() => {
                let topology = &self.topology;
                let elsewhere =
                    news::publish_elsewhere(topology, self.mode, channel, &request, deadline);
                elsewhere.await.unwrap_or(Err(error))
            }
            outcome => outcome,
        };
        reply.and_then(read)
    }

    async fn listen(&self, channel: &str, hear: Hear<'_>) -> Result<Infallible, CacheError> {
        self.topology.known(self.mode, self.deadline()).await?;
        news::listen(&self.topology, channel, hear).await
    }

    fn listens(&self) -> bool {
        self.blocking.is_some()
    }

    async fn ping(&self) -> Result<(), CacheError> {
        let deadline = self.deadline();
        self.topology.known(self.mode, deadline).await?;
        let ping = commands::ping();
        let primaries = self.topology.primaries().into_iter();
        let parts: Vec<_> = primaries
            .map(|node| Part::new(node, ping.request.clone()))
            .collect();
        let replies = batch::send(self.mode, &parts, deadline).await;
        let mut replies = replies.into_iter();
        replies.try_for_each(|reply| reply.and_then(ping.read))
    }

    async fn facts(&self) -> Result<Facts, CacheError> {
        let mut sum = Facts::default();
        for primary in self.primaries_now().await? {
            sum = sum.plus(exchange(&primary, &facts::facts()).await?);
        }
        Ok(sum)
    }

    fn close(&self) {
        self.topology.close();
    }

    fn blocking(&self) -> Option<&dyn Store> {
        self.blocking.as_deref().map(|store| store as &dyn Store)
    }
}

impl Cluster {
    /// Follows the outcome's redirections until there is an answer.
    async fn follow(
        &self,
        mut node: Arc<Node>,
        slot: u16,
        request: &Request,
        mut outcome: Result<Value, CacheError>,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        for nth in 1..=MOST_REDIRECTIONS + 1 {
            let reply = match outcome {
                Ok(reply) => reply,
                Err(error) => {
                    if error.is_retryable() {
                        self.topology.suspect(None);
                    }
                    return Err(error);
                }
            };
            let direction = direction(request, &reply);
            match direction {
                Direction::Here => return Ok(reply),
                Direction::Nowhere(error) => {
                    self.topology.suspect(None);
                    return Err(error);
                }
                _ if nth > MOST_REDIRECTIONS || !moment(self.mode, nth, deadline).await => break,
                Direction::Moved(target) => {
                    node = self.topology.moved(slot, target.address(node.address()))?;
                    outcome = node.exchange(self.mode, request, deadline).await;
                }
                Direction::Ask(target) => {
                    node = self.topology.node(&target.address(node.address()))?;
                    outcome = node.exchange_asking(self.mode, request, deadline).await;
                }
            }
        }
        Err(in_circles())
    }

    async fn batch<K: AsRef<[u8]> + Sync>(
        &self,
        keys: &[K],
        write: impl Fn(&mut Packed, usize) + Send + Sync,
    ) -> Result<Vec<Result<Value, CacheError>>, CacheError> {
        let commands = Commands {
            count: keys.len(),
            key: |at: usize| keys[at].as_ref(),
            write,
        };
        batch::exchange(&self.topology, self.mode, commands).await
    }

    /// Returns all current primaries, each as a server to walk over.
    async fn primaries_now(&self) -> Result<Vec<Primary>, CacheError> {
        self.topology.renewed(self.mode, self.deadline()).await?;
        let primaries = self.topology.primaries();
        let (mode, limit) = (self.mode, self.topology.config.op_timeout);
        let primary = |node| Primary { node, mode, limit };
        Ok(primaries.into_iter().map(primary).collect())
    }

    fn deadline(&self) -> Instant {
        end_of(self.topology.config.op_timeout)
    }
}

fn is_answer(request: &Request, reply: &Value) -> bool {
    matches!(direction(request, reply), Direction::Here)
}

/// One of the servers, for what is not about a key.
struct Primary {
    node: Arc<Node>,
    mode: Mode,
    limit: Duration,
}

impl Link for Primary {
    async fn exchange(&self, request: &Request) -> Result<Value, CacheError> {
        let deadline = end_of(self.limit);
        self.node.exchange(self.mode, request, deadline).await
    }

    fn close(&self) {
        self.node.close();
    }

    fn blocking(&self) -> Option<&dyn Store> {
        None
    }
}
