//! From an address to a usable connection: sentinels are asked, the client logs in, and the other side is
//! verified. Written once for callers that await and callers that block.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::Value;

use super::commands::Request;
use super::config::{RedisAddress, RedisConfig, RedisProtocol};
use super::failure;
use super::greeting::{self, Hello};
use super::sentinel::{self, RedisSentinels};
use crate::error::CacheError;

/// How one kind of caller connects and asks.
pub(super) trait Dial: Sync {
    /// A connection that is not shared yet.
    type Connection: Send;

    /// Opens a socket.
    fn dial(
        &self,
        address: &RedisAddress,
        config: &RedisConfig,
        deadline: Instant,
    ) -> impl Future<Output = Result<Self::Connection, CacheError>> + Send;

    /// One round trip.
    fn ask(
        &self,
        connection: &mut Self::Connection,
        request: &Request,
        deadline: Instant,
    ) -> impl Future<Output = Result<Value, CacheError>> + Send;

    /// Returns whether a connection that does not speak RESP3 is useless.
    fn needs_resp3(&self) -> bool {
        false
    }
}

/// A connection to the server that `config` describes, logged in.
pub(super) async fn connect<D: Dial>(
    dial: &D,
    config: &RedisConfig,
    deadline: Instant,
) -> Result<D::Connection, CacheError> {
    match &config.address {
        RedisAddress::Sentinels(sentinels) => master(dial, config, sentinels, deadline).await,
        address => greeted(dial, config, address, deadline).await,
    }
}

/// Logs in on a new connection.
///
/// This takes at least one round trip, so that a connection to a server that hangs is never taken for a good
/// one.
async fn greeted<D: Dial>(
    dial: &D,
    config: &RedisConfig,
    address: &RedisAddress,
    deadline: Instant,
) -> Result<D::Connection, CacheError> {
    let dialed = dial.dial(address, config, deadline).await;
    let mut connection = dialed.map_err(|error| failure::at(error, address))?;
    let mut is_logged_in = false;
    if dial.needs_resp3() || config.protocol == RedisProtocol::Resp3 {
        let hello = greeting::hello(config);
        let reply = dial.ask(&mut connection, &hello.request, deadline).await?;
        match (hello.read)(reply)? {
            Hello::Done => is_logged_in = true,
            Hello::Refused(why) if dial.needs_resp3() => return Err(failure::no_resp3(&why)),
            Hello::Refused(why) => say_once(&why),
        }
    }
    for call in greeting::greeting(config, is_logged_in) {
        let reply = dial.ask(&mut connection, &call.request, deadline).await?;
        (call.read)(reply)?;
    }
    Ok(connection)
}

/// Returns a connection to the master.
///
/// The sentinels are asked one after the other. The answer of each is checked: if it leads to no
/// master, that sentinel may know less than the next one.
async fn master<D: Dial>(
    dial: &D,
    config: &RedisConfig,
    sentinels: &RedisSentinels,
    deadline: Instant,
) -> Result<D::Connection, CacheError> {
    let mut refuted = Vec::new();
    let mut last = None;
    for (at, to_come) in sentinels.in_turn() {
        let address = match where_is_it(dial, config, sentinels, at, share(deadline, to_come)).await
        {
            Ok(address) => address,
            Err(error) => {
                // What a server said matters more than that another one is down.
                last.get_or_insert(error);
                continue;
            }
        };
        if refuted.contains(&address) {
            continue;
        }
        match verified(dial, config, &address, deadline).await {
            Ok(connection) => {
                sentinels.was_right(at);
                return Ok(connection);
            }
            Err(error) => last = Some(error),
        }
        refuted.push(address);
    }
    // Next time another one is first.
    sentinels.was_wrong();
    Err(last.unwrap_or_else(|| failure::lost("there are no sentinels to ask")))
}

/// Returns what the sentinel says.
async fn where_is_it<D: Dial>(
    dial: &D,
    config: &RedisConfig,
    sentinels: &RedisSentinels,
    at: usize,
    deadline: Instant,
) -> Result<RedisAddress, CacheError> {
    let (host, port) = &sentinels.nodes[at];
    let node = RedisAddress::tcp(host, *port);
    let asked = async {
        let mut connection = dial.dial(&node, config, deadline).await?;
        if let Some(login) =
            greeting::login(sentinels.username.as_deref(), sentinels.password.as_deref())
        {
            let reply = dial.ask(&mut connection, &login.request, deadline).await?;
            (login.read)(reply)?;
        }
        let question = sentinel::where_is(&sentinels.master);
        let reply = dial
            .ask(&mut connection, &question.request, deadline)
            .await?;
        (question.read)(reply)
    };
    match asked.await {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(failure::lost(&format!(
            "the sentinel {host}:{port} knows no master `{}`",
            sentinels.master
        ))),
        Err(error) => Err(sentinel::no_word_of(host, *port, error)),
    }
}

/// Returns a connection to this server, if it says itself that it is a master.
async fn verified<D: Dial>(
    dial: &D,
    config: &RedisConfig,
    address: &RedisAddress,
    deadline: Instant,
) -> Result<D::Connection, CacheError> {
    let mut connection = greeted(dial, config, address, deadline).await?;
    let role = sentinel::role();
    let reply = dial.ask(&mut connection, &role.request, deadline).await?;
    if (role.read)(reply)? {
        return Ok(connection);
    }
    Err(failure::lost(
        "the sentinels name a server that is no master",
    ))
}

/// Returns until when one of the sentinels may answer, if `to_come` more follow: some time must be left
/// for them, and for the master.
fn share(deadline: Instant, to_come: usize) -> Instant {
    const MOST: Duration = Duration::from_millis(200);
    let now = Instant::now();
    let left = deadline.saturating_duration_since(now);
    let parts = u32::try_from(to_come + 2).unwrap_or(u32::MAX);
    now + (left / parts).min(MOST)
}

/// Logs once per program: every connection would say the same.
fn say_once(why: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            why,
            "the redis server refuses RESP3; it is spoken to in RESP2"
        );
    }
}
