//! A connection that listens: it reports what is published on a channel, and that it is still alive.
//!
//! It is driven by the listener's own future, not by a task of its own: to stop listening is to close it.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Instant;

use redis::{PushKind, Value};
use tokio::runtime::Handle;

use super::awaiting::{Awaited, Awaiting};
use super::commands::{self, Request};
use super::config::{RedisConfig, RedisProtocol};
use super::connecting;
use super::driver::{Driver, News};
use super::failure;
use super::sentinel;
use crate::clock::end_of;
use crate::error::{CacheError, ErrorKind};
use crate::store::backplane::{Heard, SIGN_OF_LIFE};
use crate::sync::lock;

/// What is called with the news.
pub(super) type Hear<'a> = &'a (dyn Fn(Heard<'_>) + Send + Sync);

/// Unsolicited messages that have not been reported yet.
type Pushed = Arc<Mutex<Vec<(PushKind, Vec<Value>)>>>;

/// A connection that can listen.
pub(super) struct Ear<'a> {
    config: &'a RedisConfig,
    connection: Awaited,
    pushed: Pushed,
}

impl<'a> Ear<'a> {
    /// Connects to the server that `config` describes.
    pub(super) async fn open(config: &'a RedisConfig) -> Result<Self, CacheError> {
        let cannot = |text: &str| Err(CacheError::new(ErrorKind::Unsupported, text));
        if config.protocol == RedisProtocol::Resp2 {
            return cannot("listening takes RESP3, and `protocol` is `resp2`");
        }
        if Handle::try_current().is_err() {
            return cannot("listening takes a tokio runtime");
        }
        let pushed = Pushed::default();
        let news = || -> News {
            let pushed = Arc::clone(&pushed);
            Box::new(move |kind, data| lock(&pushed).push((kind, data)))
        };
        let dial = Awaiting {
            news: &news,
            needs_resp3: true,
        };
        let limit = config.connect_timeout;
        let connecting = connecting::connect(&dial, config, end_of(limit));
        let connection = tokio::time::timeout(limit, connecting).await;
        let late = |_| Err(failure::timeout(limit, "no connection to redis"));
        Ok(Self {
            config,
            connection: connection.unwrap_or_else(late)?,
            pushed,
        })
    }

    /// Listens until the connection is lost, or this is no longer the right place.
    pub(super) async fn listen(
        mut self,
        channel: &str,
        hear: Hear<'_>,
        is_the_place: &(dyn Fn() -> bool + Sync),
    ) -> Result<Infallible, CacheError> {
        let subscribe = commands::subscribe(channel);
        let mut asked = Instant::now();
        let reply = self.ask(&subscribe.request, hear).await?;
        (subscribe.read)(reply)?;
        loop {
            let pause = tokio::time::sleep_until((asked + SIGN_OF_LIFE).into());
            // If the connection ends meanwhile, the next request fails at once.
            while_told(&mut self.connection.driver, &self.pushed, hear, pause).await;
            asked = Instant::now();
            self.ask_for_a_sign_of_life(hear).await?;
            if !is_the_place() {
                return Err(failure::lost("news is told by another redis server now"));
            }
            hear(Heard::Alive { asked });
        }
    }

    async fn ask_for_a_sign_of_life(&mut self, hear: Hear<'_>) -> Result<(), CacheError> {
        if !self.config.address.may_move() {
            let ping = commands::ping();
            return (ping.read)(self.ask(&ping.request, hear).await?);
        }
        // A server that has become a replica is as alive as before.
        let role = sentinel::role();
        let reply = self.ask(&role.request, hear).await?;
        match (role.read)(reply)? {
            true => Ok(()),
            false => Err(failure::no_master()),
        }
    }

    /// Makes one round trip. What arrives before the reply is reported before it.
    async fn ask(&mut self, request: &Request, hear: Hear<'_>) -> Result<Value, CacheError> {
        let Awaited { wire, driver } = &mut self.connection;
        let deadline = end_of(self.config.op_timeout);
        let exchange = wire.exchange(request, Some(deadline));
        let reply = while_told(driver, &self.pushed, hear, exchange).await;
        let lost = || failure::broken(io::ErrorKind::BrokenPipe.into());
        let failed = |error| wire.trouble().unwrap_or_else(|| failure::describe(error));
        reply.ok_or_else(lost)?.map_err(failed)
    }
}

/// Returns the result of `work`, while the connection is driven and its messages are reported; `None` if
/// the connection ends first.
async fn while_told<T>(
    driver: &mut Driver,
    pushed: &Pushed,
    hear: Hear<'_>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|task| {
        // The request is polled first, since the server may be quick.
        if let Poll::Ready(done) = work.as_mut().poll(task) {
            return Poll::Ready(Some(done));
        }
        let end = Pin::new(&mut *driver).poll(task);
        let came = std::mem::take(&mut *lock(pushed));
        for (kind, data) in came {
            tell(hear, &kind, &data);
        }
        match work.as_mut().poll(task) {
            Poll::Pending if end.is_ready() => Poll::Ready(None),
            poll => poll.map(Some),
        }
    })
    .await
}

fn tell(hear: Hear<'_>, kind: &PushKind, data: &[Value]) {
    let PushKind::Other(kind) = kind else {
        return;
    };
    match (&kind[..], data) {
        ("subscribe", _) => hear(Heard::Listening),
        ("message", [_, Value::BulkString(message)]) => {
            // What is not text was not published by this library.
            if let Ok(message) = std::str::from_utf8(message) {
                hear(Heard::Message(message));
            }
        }
        _ => {}
    }
}
