//! A new connection, for callers that await.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Instant;

use redis::{RedisError, RedisResult, Value};

use super::commands::Request;
use super::config::{RedisAddress, RedisConfig};
use super::connecting::Dial;
use super::driver::{Driver, News};
use super::failure;
use super::socket;
use super::wire::Wire;
use crate::error::CacheError;

/// Makes connections for callers that await.
pub(super) struct Awaiting<'a> {
    /// Where unsolicited messages of the server go.
    pub(super) news: &'a (dyn Fn() -> News + Sync),
    pub(super) needs_resp3: bool,
}

/// A connection whose driver is not a task yet.
pub(super) struct Awaited {
    pub(super) wire: Wire,
    pub(super) driver: Driver,
}

impl Dial for Awaiting<'_> {
    type Connection = Awaited;

    async fn dial(
        &self,
        address: &RedisAddress,
        config: &RedisConfig,
        deadline: Instant,
    ) -> Result<Awaited, CacheError> {
        let connecting = socket::connect(address, config.tls.as_ref());
        let connected = tokio::time::timeout_at(deadline.into(), connecting).await;
        let (reader, writer) = connected.unwrap_or_else(|_| Err(failure::broken(late())))?;
        let (wire, driver) = Wire::new(reader, writer, (self.news)());
        Ok(Awaited { wire, driver })
    }

    async fn ask(
        &self,
        connection: &mut Awaited,
        request: &Request,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        let Awaited { wire, driver } = connection;
        let reply = while_driven(driver, wire.exchange(request, Some(deadline))).await;
        // What is wrong with the client's certificate is reported with the first reply.
        reply.map_err(|error| wire.trouble().unwrap_or_else(|| failure::describe(error)))
    }

    fn needs_resp3(&self) -> bool {
        self.needs_resp3
    }
}

/// Returns the reply, on a connection whose driver is not a task yet. The request is polled first, since the server
/// may be quick.
async fn while_driven(
    driver: &mut Driver,
    reply: impl Future<Output = RedisResult<Value>>,
) -> RedisResult<Value> {
    let mut reply = pin!(reply);
    poll_fn(|task| {
        if let Poll::Ready(reply) = reply.as_mut().poll(task) {
            return Poll::Ready(reply);
        }
        let end = Pin::new(&mut *driver).poll(task);
        // It has told why.
        match reply.as_mut().poll(task) {
            Poll::Pending if end.is_ready() => Poll::Ready(Err(closed())),
            poll => poll,
        }
    })
    .await
}

pub(super) fn late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

fn closed() -> RedisError {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}
