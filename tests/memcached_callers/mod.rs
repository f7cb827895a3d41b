//! What the tests of the Memcached store share: the callers there are, and their clocks.

#![allow(dead_code, reason = "each of the test files uses a part of it")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::memcached::{MemcachedAddress, MemcachedConfig, MemcachedStore};
use cache_runtime::{CacheError, ErrorKind, Store};
use cache_tests::memcached_server::MemcachedServer;
use cache_tests::pulse::Pulse;
use tokio::runtime::{Builder, Runtime};

/// What a busy machine may add to a time limit, and beyond that what it is seen to.
pub(crate) const SLACK: Duration = Duration::from_millis(900);

/// The limit of an operation in the tests of faults.
pub(crate) const OP_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) fn config(servers: &[&MemcachedServer], op_timeout: Duration) -> MemcachedConfig {
    let address = |server: &&MemcachedServer| MemcachedAddress::new("127.0.0.1", server.port());
    MemcachedConfig {
        connect_timeout: op_timeout,
        op_timeout,
        ..MemcachedConfig::new(servers.iter().map(address))
    }
}

pub(crate) fn store(servers: &[&MemcachedServer]) -> Arc<MemcachedStore> {
    Arc::new(MemcachedStore::new(config(servers, OP_TIMEOUT)).unwrap())
}

/// So many servers; none if they may be skipped.
pub(crate) fn start(count: usize) -> Option<Vec<MemcachedServer>> {
    (0..count)
        .map(|_| MemcachedServer::start_or_skip())
        .collect()
}

/// Runs `check` for each kind of caller, after `reset`.
pub(crate) fn for_each_caller<F>(store: Arc<MemcachedStore>, reset: impl Fn(), check: F)
where
    F: AsyncFn(&dyn Store) + Clone + Send + Sync + 'static,
{
    let blocking = {
        let (store, check) = (Arc::clone(&store), check.clone());
        move || at_once(check(store.blocking().unwrap()))
    };
    let callers: [(&str, &dyn Fn()); 6] = [
        ("async, current thread", &|| {
            current_thread().block_on(check(&*store))
        }),
        ("async, multi thread", &|| {
            multi_thread().block_on(check(&*store))
        }),
        ("async, another executor", &|| {
            futures_executor::block_on(check(&*store))
        }),
        ("blocking, plain thread", &blocking),
        ("blocking, current thread", &|| {
            current_thread().block_on(async { blocking() })
        }),
        ("blocking, worker", &|| {
            let blocking = blocking.clone();
            let runtime = multi_thread();
            let task = runtime.spawn(async move { blocking() });
            runtime.block_on(task).unwrap();
        }),
    ];
    for (name, call) in callers {
        println!("{name}");
        reset();
        call();
    }
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

/// The outcome of a call, which must not take longer than it may.
pub(crate) async fn in_time<T>(
    call: impl Future<Output = Result<T, CacheError>>,
) -> Result<T, ErrorKind> {
    let pulse = Pulse::start();
    let outcome = call.await;
    let took = pulse.time();
    assert!(took <= OP_TIMEOUT + SLACK, "took {took:?}");
    outcome.map_err(|error| error.kind())
}

/// How many connections the server has, without the one that asks.
pub(crate) fn connections(server: &MemcachedServer) -> u64 {
    server.stat("curr_connections") - 1
}

pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn strings<const N: usize>(keys: [&str; N]) -> Vec<String> {
    keys.map(str::to_owned).to_vec()
}
