//! Many processes with one folder of files: each is the test program itself, told what to do by its
//! environment.

#![allow(dead_code, reason = "each of the test files uses a part of it")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cache_runtime::stores::files::{FileConfig, FileStore};
use cache_runtime::{CacheError, Store, StoreFuture};

pub(crate) const ROLE: &str = "FILE_RACES_ROLE";

pub(crate) const ROOT: &str = "FILE_RACES_ROOT";

/// The store as callers that block see it.
pub(crate) struct Files(pub(crate) FileStore);

impl Files {
    pub(crate) fn open(root: &Path) -> Self {
        Self::with_limit(root, Duration::from_secs(30))
    }

    pub(crate) fn with_limit(root: &Path, op_timeout: Duration) -> Self {
        let config = FileConfig {
            op_timeout,
            ..FileConfig::new(root)
        };
        Self(FileStore::new(config).unwrap())
    }

    pub(crate) fn ask<'a, T>(
        &'a self,
        ask: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T>,
    ) -> Result<T, CacheError> {
        let future = ask(self.0.blocking().unwrap());
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("a blocking store must be ready at the first poll"),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.ask(|store| store.get(key)).unwrap()
    }

    pub(crate) fn set(&self, key: &str, value: &[u8]) {
        self.ask(|store| store.set(key, value, None)).unwrap();
    }

    pub(crate) fn set_for(&self, key: &str, value: &[u8], life: Duration) {
        self.ask(|store| store.set(key, value, Some(life))).unwrap();
    }

    pub(crate) fn incr(&self, key: &str, by: i64) -> Option<i64> {
        self.ask(|store| store.incr(key, by)).unwrap()
    }
}

pub(crate) fn start(role: &str, root: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "in_another_process", "--nocapture"])
        .env(ROLE, role)
        .env(ROOT, root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads, byte by byte, what it says up to `> ready`.
pub(crate) fn wait_until_ready(child: &mut Child) {
    let out = child.stdout.as_mut().unwrap();
    let mut told = Vec::new();
    let mut byte = [0];
    while !told.ends_with(b"> ready\n") {
        assert!(
            out.read(&mut byte).unwrap() == 1,
            "{}",
            String::from_utf8_lossy(&told)
        );
        told.push(byte[0]);
    }
}

pub(crate) fn wait_for_go() {
    println!("> ready");
    std::io::stdout().flush().unwrap();
    BufReader::new(std::io::stdin())
        .read_line(&mut String::new())
        .unwrap();
}

/// What this process is to do, and where; `None` if it is the one that was started by hand.
pub(crate) fn role() -> Option<(String, PathBuf)> {
    let root = env::var_os(ROOT)?;
    Some((env::var(ROLE).ok()?, PathBuf::from(root)))
}
