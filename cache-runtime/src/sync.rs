//! What threads share, and locking that outlives a panic: our state is valid between any two statements
//! under a lock.
//!
//! Sources that the models include name these types from here, where a model has its own.

use std::sync::PoisonError;

pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
