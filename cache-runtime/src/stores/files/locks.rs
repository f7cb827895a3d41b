//! One writer at a time in each shard, among the threads of this process and among processes.
//!
//! Among processes it is a lock on a file, which the system releases if a process dies.
//! It cannot be waited for with a time limit, so it is polled; among threads
//! it can, so only one of them polls.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::failure;
use super::names::{self, SHARDS};
use crate::sync::lock;

/// The locks of all shards of one folder.
#[derive(Debug)]
pub(super) struct Locks {
    gates: Box<[Gate]>,
}

/// The lock of a shard, until it is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    file: File,
    // After the file: the next thread must find it unlocked.
    _gate: Passed<'a>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Explicit, and not left to closing: a process that was just spawned has the file open too,
        // until it runs its program. An error means that it is unlocked.
        let _ = self.file.unlock();
    }
}

impl Default for Locks {
    fn default() -> Self {
        let gates = std::iter::repeat_with(Gate::default).take(SHARDS);
        Self {
            gates: gates.collect(),
        }
    }
}

impl Locks {
    /// Takes the lock of `shard`, whose folder is `folder`.
    ///
    /// An error of kind `NotFound` if the folder does not exist, of kind `TimedOut` if the lock cannot
    /// be taken by `until`.
    pub(super) fn lock(&self, shard: u8, folder: &Path, until: Instant) -> io::Result<Held<'_>> {
        let gate = self.gates[usize::from(shard)].pass(until);
        let gate = gate.ok_or_else(failure::locked)?;
        let path = names::lock(folder);
        let mut pause = Duration::from_micros(50);
        let mut file = options().open(&path)?;
        loop {
            match file.try_lock() {
                Ok(()) if is_there(&file)? => return Ok(Held { file, _gate: gate }),
                // Its folder was removed, and perhaps created again: others lock another file.
                Ok(()) => {
                    file = options().open(&path)?;
                    continue;
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(failure::locked());
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(1));
        }
    }
}

/// A lock among threads, with a time limit.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_held: bool,
    /// Waking nobody is a system call too.
    waiting: usize,
}

/// It has been passed, and is closed to others until this is dropped.
#[derive(Debug)]
pub(super) struct Passed<'a>(&'a Gate);

impl Gate {
    /// `None` if it is held until `until`.
    pub(super) fn pass(&self, until: Instant) -> Option<Passed<'_>> {
        let mut state = lock(&self.state);
        while state.is_held {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state.waiting += 1;
            let waited = self.freed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
        state.is_held = true;
        Some(Passed(self))
    }
}

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.is_held = false;
        if state.waiting > 0 {
            self.0.freed.notify_one();
        }
    }
}

/// Whether the file still has a name.
#[cfg(unix)]
fn is_there(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
fn is_there(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Opens the file, or makes it.
#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    options
}
