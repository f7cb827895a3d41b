//! What the tests of the file store share: the callers there are, and a look at the disk.

#![allow(dead_code, reason = "each of the test files uses a part of it")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cache_runtime::stores::files::{FileConfig, FileStore};
use cache_runtime::{Store, StoreFuture};
use cache_tests::process::Folder;
use tokio::runtime::{Builder, Runtime};

pub(crate) const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

pub(crate) const SHORT: Option<Duration> = Some(Duration::from_millis(100));

pub(crate) fn config(folder: &Folder) -> FileConfig {
    FileConfig {
        op_timeout: Duration::from_secs(5),
        ..FileConfig::new(folder.path())
    }
}

pub(crate) fn open(folder: &Folder) -> FileStore {
    FileStore::new(config(folder)).unwrap()
}

/// What a blocking store does at once.
pub(crate) fn now<T>(mut future: StoreFuture<'_, T>) -> T {
    match pin!(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer.unwrap(),
        Poll::Pending => panic!("a blocking store must be ready at the first poll"),
    }
}

pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a blocking store must be ready at the first poll"),
    }
}

pub(crate) fn current_thread() -> Runtime {
    // Without timers: the store must not ask for any.
    Builder::new_current_thread().build().unwrap()
}

pub(crate) fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).build().unwrap()
}

/// Runs `check` on an empty folder for each kind of caller.
pub(crate) fn for_every_caller<F>(check: F)
where
    F: AsyncFn(&dyn Store, &Path) + Copy + Send + Sync + 'static,
{
    type Call<F> = fn(F, &FileStore, &Path);
    let callers: [(&str, Call<F>); 5] = [
        ("async, current thread", |check, store, root| {
            current_thread().block_on(check(store, root));
        }),
        ("async, multi thread", |check, store, root| {
            multi_thread().block_on(check(store, root));
        }),
        ("async, another executor", |check, store, root| {
            futures_executor::block_on(check(store, root));
        }),
        ("blocking, plain thread", |check, store, root| {
            at_once(check(store.blocking().unwrap(), root));
        }),
        ("blocking, on a runtime", |check, store, root| {
            current_thread().block_on(async {
                at_once(check(store.blocking().unwrap(), root));
            });
        }),
    ];
    for (name, call) in callers {
        println!("{name}");
        let folder = Folder::new("files");
        call(check, &open(&folder), folder.path());
    }
}

/// All files below `root` whose names end with `end`.
pub(crate) fn files(root: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).into_iter().flatten() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn only_entry(root: &Path) -> PathBuf {
    let [entry] = &files(root, ".entry")[..] else {
        panic!("{:?}", files(root, ""));
    };
    entry.clone()
}

pub(crate) fn count(store: &dyn Store) -> usize {
    now(store.keys("", "*")).len()
}

pub(crate) fn bounded(folder: &Folder, max_entries: usize, cull_frequency: u32) -> FileStore {
    FileStore::new(FileConfig {
        max_entries,
        cull_frequency,
        ..config(folder)
    })
    .unwrap()
}
