//! Stores that are not there, are slow, or say no: of each kind one, without a server.

use std::time::Duration;

use cache_runtime::testing::{Fault, FaultyStore, When};
use cache_runtime::{Cache, CacheError, ErrorKind, Store, StoreFuture};
use cache_tests::process::{Folder, free_port};

use crate::group::Group;

/// A store of the user's own that has only what it must.
#[derive(Debug)]
pub(super) struct Least;

impl Store for Least {
    fn name(&self) -> &'static str {
        "own"
    }

    fn get<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }

    fn set<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, _: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async { Ok(false) })
    }
}

/// The error of the first `get` of a cache at this URL, where a port stands for `{port}`.
pub(super) fn first_error(url: &str, port: u16, usual: u16) -> String {
    let url = url.replace("{port}", &port.to_string());
    // A machine that is busy does not make another error of it.
    let url = format!("{url}?op_timeout=30&connect_timeout=30");
    let cache = Cache::from_url(&url).unwrap().blocking();
    let error = cache.get::<u8>("task").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    error
        .to_string()
        .replace(&port.to_string(), &usual.to_string())
}

pub(crate) fn groups() -> Vec<Group> {
    let gone = free_port();
    vec![
        Group::new(
            "run unreachable",
            [
                first_error("redis://127.0.0.1:{port}", gone, 6379),
                first_error("redis+sentinel://127.0.0.1:{port}/mymaster", gone, 26379),
                first_error("redis+cluster://127.0.0.1:{port}", gone, 7000),
                first_error("memcached://127.0.0.1:{port}", gone, 11211),
                first_error("postgres://me:pw@127.0.0.1:{port}/app", gone, 5432),
                first_error("mysql://me:pw@127.0.0.1:{port}/app", gone, 3306),
            ],
        ),
        breaker(gone),
        no_folder(),
        of_ones_own(),
        Group::new("run unsupported", unsupported()),
    ]
}

fn breaker(gone: u16) -> Group {
    let url = format!("redis://127.0.0.1:{gone}");
    let cache = Cache::from_url(&url).unwrap().blocking();
    let errors = (0..100).map(|_| cache.get::<u8>("task").unwrap_err());
    let open = errors
        .into_iter()
        .find(|error| error.kind() == ErrorKind::BreakerOpen);
    Group::new("run breaker_open", [open.unwrap()])
}

fn no_folder() -> Group {
    let folder = Folder::new("errors");
    let inside = folder.path().join("file");
    std::fs::write(&inside, b"").unwrap();
    let shown = folder.path().display().to_string();
    let error = |url: String| {
        let cache = Cache::from_url(&url).unwrap().blocking();
        let error = cache.set("task", &1, 60).unwrap_err();
        error.to_string().replace(&shown, "/var/cache")
    };
    std::fs::write(folder.path().join("text.db"), [b'x'; 4096]).unwrap();
    Group::new(
        "run unusable_files",
        [
            error(format!("file://{}", inside.display())),
            error(format!("sqlite://{shown}/none/app.db")),
            error(format!("sqlite://{shown}/text.db")),
        ],
    )
}

fn of_ones_own() -> Group {
    let told = |fault: Fault| {
        let store = FaultyStore::new(Least);
        store.inject(fault, When::Always);
        let cache = Cache::builder().store(store);
        let cache = cache.op_timeout(Duration::from_millis(20)).build().unwrap();
        cache.blocking().get::<u8>("task").unwrap_err()
    };
    Group::new("run store", [told(Fault::Hang), told(Fault::Panic)])
}

fn unsupported() -> Vec<CacheError> {
    let cache = Cache::builder().store(Least).build().unwrap().blocking();
    vec![
        cache.ttl("task").unwrap_err(),
        cache.keys("*").unwrap_err(),
        cache.clear().unwrap_err(),
        cache.incr("task", 1).unwrap_err(),
    ]
}
