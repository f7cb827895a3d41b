//! The columns of the table: a name, how its server is started, and the suite for it.

use std::any::Any;

use cache_runtime::testing::conformance::{Running, Suite};
use cache_tests::every_store::{EVERY_STORE, Started};
use cache_tests::redis_server::RedisServer;
use tokio::runtime::Builder;

use crate::own_store::OwnStore;

/// One column.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// `None` where its server is not installed and `CACHE_TESTS_SKIP` allows that.
    pub(crate) open: Box<dyn Fn() -> Option<Opened> + Send + Sync>,
}

/// A suite, and the server that it needs.
pub(crate) struct Opened {
    pub(crate) suite: Suite,
    pub(crate) server: Box<dyn Any>,
}

/// In the order of the table: what a URL can name, and then what it cannot.
pub(crate) fn all() -> Vec<Column> {
    let by_url = EVERY_STORE.iter().map(|store| Column {
        name: store.name,
        open: Box::new(|| {
            let Started { url, server, .. } = (store.start)()?;
            at_url(&url, server)
        }),
    });
    let column = |name, open: fn() -> Option<Opened>| Column {
        name,
        open: Box::new(open),
    };
    let others = [
        column("dummy", || at_url("dummy://", ())),
        column("own", || on(Suite::of_store(OwnStore::default), ())),
        // Callers on a runtime, who await, and who block in the middle of it.
        column("redis-threads", || {
            let server = RedisServer::start_or_skip()?;
            at_url(&server.url(0), server)
                .map(|opened| driven_by(opened, on_a_multi_thread_runtime))
        }),
        column("redis-thread", || {
            let server = RedisServer::start_or_skip()?;
            at_url(&server.url(0), server)
                .map(|opened| driven_by(opened, on_a_current_thread_runtime))
        }),
    ];
    by_url.chain(others).collect()
}

fn on(suite: Suite, server: impl Any) -> Option<Opened> {
    Some(Opened {
        suite,
        server: Box::new(server),
    })
}

/// What the URL names, through the type, `Box<dyn Store>` and `Arc<dyn Store>`.
fn at_url(url: &str, server: impl Any) -> Option<Opened> {
    on(
        Suite::of_url(url).unwrap_or_else(|error| panic!("{url}: {error}")),
        server,
    )
}

/// Through the type alone: the pointers are tried in another column of the same store.
fn briefly(opened: Opened) -> Opened {
    Opened {
        suite: opened.suite.through_the_type(),
        ..opened
    }
}

fn driven_by(opened: Opened, drive: fn(Running)) -> Opened {
    let opened = briefly(opened);
    Opened {
        suite: opened.suite.driven_by(drive),
        ..opened
    }
}

/// Each behaviour has a runtime of its own, as each `#[tokio::test]` has; all share one store.
fn on_a_multi_thread_runtime(behaviour: Running) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    let task = runtime.spawn(behaviour);
    runtime
        .block_on(task)
        .unwrap_or_else(|error| panic!("{error}"));
}

fn on_a_current_thread_runtime(behaviour: Running) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(behaviour);
}
