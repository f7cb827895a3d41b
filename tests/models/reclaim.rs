//! What the sources know as `crate::reclaim`, made of loom's types.

#[path = "../../cache-runtime/src/reclaim/bag.rs"]
mod bag;
#[path = "../../cache-runtime/src/reclaim/domain.rs"]
mod domain;

pub(crate) use bag::{Bag, Retired};
pub(crate) use domain::{Domain, Pinned, Reader};

loom::lazy_static! {
    pub(crate) static ref DOMAIN: Domain = Domain {
        epoch: atomic::AtomicU64::new(1),
        readers: atomic::Mutex::new(Vec::new()),
    };
}

/// Loom's atomics, each of which knows whether it was freed, and models of the fences.
pub(crate) mod atomic {
    use std::sync::atomic::Ordering;

    pub(crate) use loom::sync::{Mutex, MutexGuard};

    use crate::mortal::Life;

    #[derive(Debug)]
    pub(crate) struct AtomicU64(loom::sync::atomic::AtomicU64, Life);

    impl AtomicU64 {
        pub(crate) fn new(value: u64) -> Self {
            Self(loom::sync::atomic::AtomicU64::new(value), Life::new())
        }

        pub(crate) fn load(&self, order: Ordering) -> u64 {
            self.1.check();
            self.0.load(order)
        }

        pub(crate) fn store(&self, value: u64, order: Ordering) {
            self.1.check();
            self.0.store(value, order);
        }

        pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
            self.1.check();
            self.0.fetch_add(value, order)
        }
    }

    #[derive(Debug)]
    pub(crate) struct AtomicPtr<T>(loom::sync::atomic::AtomicPtr<T>, Life);

    impl<T> AtomicPtr<T> {
        pub(crate) fn new(value: *mut T) -> Self {
            Self(loom::sync::atomic::AtomicPtr::new(value), Life::new())
        }

        pub(crate) fn load(&self, order: Ordering) -> *mut T {
            self.1.check();
            self.0.load(order)
        }

        pub(crate) fn store(&self, value: *mut T, order: Ordering) {
            self.1.check();
            self.0.store(value, order);
        }

        pub(crate) fn swap(&self, value: *mut T, order: Ordering) -> *mut T {
            self.1.check();
            self.0.swap(value, order)
        }
    }

    pub(super) use crate::fences::{heavy, light, prepare};
}
