//! What the sources know as `crate::sync`.

use std::sync::PoisonError;

pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
