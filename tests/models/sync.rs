//! What the sources know as `crate::sync`.

use std::cell::Cell;
use std::sync::PoisonError;

pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};

thread_local! {
    // Loom's threads are all in the one thread of the test.
    static LOCKED: Cell<u64> = const { Cell::new(0) };
}

/// How many locks were taken so far.
pub(crate) fn locked() -> u64 {
    LOCKED.get()
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    LOCKED.set(LOCKED.get() + 1);
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `once_cell::sync`, by std's name for it.
pub(crate) type Lazy<T> = std::sync::LazyLock<T>;
