//! One node of a cluster: its connections, and a breaker of its own.

use std::time::Instant;

use redis::Value;

use super::super::commands::Request;
use super::super::config::{RedisAddress, RedisConfig};
use super::super::connections::Connections;
use super::super::pool::Begun;
use super::asking::{answered, asking};
use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::guarded::breaker::{Admission, Breaker, News};
use crate::mode::Mode;

/// A node; its errors are partial, since the other nodes go on without it.
#[derive(Debug)]
pub(super) struct Node {
    config: RedisConfig,
    connections: Connections,
    breaker: Breaker,
}

/// A request that was sent to a node.
pub(super) struct Sent<'a> {
    begun: Begun<'a>,
    admission: Admission,
}

impl Node {
    /// Returns the node at the address in `config`. Does not connect.
    pub(super) fn new(config: RedisConfig) -> Result<Self, CacheError> {
        Ok(Self {
            connections: Connections::new(config.clone())?,
            config,
            breaker: Breaker::new(Clock::system()),
        })
    }

    pub(super) fn address(&self) -> &RedisAddress {
        &self.config.address
    }

    /// Returns whether it is used at all, as far as is known.
    pub(super) fn is_well(&self) -> bool {
        !self.breaker.is_open()
    }

    /// Sends the request and returns the reply.
    pub(super) async fn exchange(
        &self,
        mode: Mode,
        request: &Request,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        let admission = self.admit()?;
        let reply = match mode {
            Mode::Async => {
                let connections = &self.connections;
                connections.exchange_until(request, Some(deadline)).await
            }
            Mode::Blocking => self.connections.pool().exchange_until(request, deadline),
        };
        self.note(admission, reply)
    }

    /// Does the same when the key's slot is moving to this node.
    pub(super) async fn exchange_asking(
        &self,
        mode: Mode,
        request: &Request,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        let reply = self.exchange(mode, &asking(request), deadline).await?;
        Ok(answered(request, reply))
    }

    /// Sends the request, for a caller that blocks and has other nodes to send to before it waits.
    pub(super) fn begin<'a>(
        &'a self,
        request: &'a Request,
        deadline: Instant,
    ) -> Result<Sent<'a>, CacheError> {
        let admission = self.admit()?;
        match self.connections.pool().begin(request, deadline) {
            Ok(begun) => Ok(Sent { begun, admission }),
            Err(error) => self.note(admission, Err(error)),
        }
    }

    /// Returns the reply to what was sent.
    pub(super) fn finish(&self, sent: Sent<'_>, deadline: Instant) -> Result<Value, CacheError> {
        self.note(sent.admission, sent.begun.finish(deadline))
    }

    pub(super) fn close(&self) {
        self.connections.close_all();
    }

    fn admit(&self) -> Result<Admission, CacheError> {
        self.breaker.admits(self.config.op_timeout).ok_or_else(|| {
            let error = CacheError::new(
                ErrorKind::BreakerOpen,
                format!(
                    "the node {} of the redis cluster failed and is left alone for now",
                    self.address()
                ),
            );
            error.partial()
        })
    }

    /// Tells the breaker, and logs once for each change of state.
    fn note<T>(
        &self,
        admission: Admission,
        answer: Result<T, CacheError>,
    ) -> Result<T, CacheError> {
        match answer {
            Err(error) if error.is_retryable() => {
                if self.breaker.failed(admission) == News::Failing {
                    tracing::warn!(
                        node = %self.address(),
                        %error,
                        "a node of the redis cluster is failing; calls on its keys run uncached",
                    );
                }
                Err(error.partial())
            }
            // A refusal is a sign of life.
            answer => {
                if self.breaker.succeeded(admission) == News::Recovered {
                    tracing::info!(node = %self.address(), "the node of the redis cluster is back");
                }
                answer
            }
        }
    }
}
