//! What threads share, and locking that survives a panic: state here is valid between any two statements
//! under a lock.
//!
//! Sources that are also part of the models import these types from here; a model has its own.

use std::sync::PoisonError;

pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
