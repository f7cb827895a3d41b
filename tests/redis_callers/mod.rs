//! What the tests of the Redis store share: the callers there are, and their clocks.

#![allow(dead_code, reason = "each of the test files uses a part of it")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
use cache_runtime::{CacheError, ErrorKind};
use cache_tests::pulse::Pulse;
use cache_tests::redis_server::RedisServer;
use tokio::runtime::{Builder, Runtime};

/// What a busy machine may add to a time limit, and beyond that what it is seen to.
const SLACK: Duration = Duration::from_millis(200);

/// The limit of an operation where a server will not answer.
pub(crate) const OP_TIMEOUT: Duration = Duration::from_millis(300);

/// Where a server will not answer.
pub(crate) fn config(port: u16) -> RedisConfig {
    RedisConfig {
        op_timeout: OP_TIMEOUT,
        ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", port))
    }
}

/// Where a server answers or says no, in the time that a busy machine needs.
pub(crate) fn patient(port: u16) -> RedisConfig {
    RedisConfig {
        op_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", port))
    }
}

pub(crate) fn store(server: &RedisServer) -> Arc<RedisStore> {
    Arc::new(RedisStore::new(config(server.port())).unwrap())
}

pub(crate) fn patient_store(server: &RedisServer) -> Arc<RedisStore> {
    Arc::new(RedisStore::new(patient(server.port())).unwrap())
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a blocking store must be ready at the first poll"),
    }
}

/// The outcome of a call, which must not take longer than `OP_TIMEOUT`.
pub(crate) async fn in_time<T>(
    call: impl Future<Output = Result<T, CacheError>>,
) -> Result<T, ErrorKind> {
    in_time_of(OP_TIMEOUT, call).await
}

/// The same with another limit.
pub(crate) async fn in_time_of<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, CacheError>>,
) -> Result<T, ErrorKind> {
    let pulse = Pulse::start();
    let outcome = call.await;
    let took = pulse.time();
    assert!(took <= limit + SLACK, "took {took:?}");
    outcome.map_err(|error| error.kind())
}

/// A server that lives answers: a busy machine may be too late for a short limit, and nothing else.
pub(crate) fn answers<T>(call: impl Fn() -> Result<T, CacheError>) {
    eventually("an answer", || match call() {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            false
        }
    });
}

/// How many connections the server has, without the one that asks.
pub(crate) fn connections(server: &RedisServer) -> usize {
    server.command(&["CLIENT", "LIST"]).trim().lines().count() - 1
}

pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Polls once, for good measure with the task's own waker.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
