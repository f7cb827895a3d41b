//! Where words are asked: a cache whose time is moved by hand, with a store that fails on demand or
//! without one.

use std::time::Duration;

use cache_runtime::testing::{self, Fault, FaultyStore, When};
use cache_runtime::{Cache, Clock};

use crate::shelf::Shelf;

/// A cache whose time is moved by hand, and its store if it has one.
pub(crate) struct Place {
    pub(crate) cache: Cache,
    clock: Clock,
    store: Option<FaultyStore<Shelf>>,
}

impl Place {
    pub(crate) fn in_process() -> Self {
        let (cache, clock) = testing::isolated();
        Self {
            cache,
            clock,
            store: None,
        }
    }

    pub(crate) fn on_a_store(is_signed: bool) -> Self {
        let clock = Clock::manual();
        let store = FaultyStore::new(Shelf::default());
        let mut builder = Cache::builder().store(store.clone()).clock(clock.clone());
        if is_signed {
            builder = builder.signing_key("a key of more than 16 bytes");
        }
        Self {
            cache: builder.build().unwrap(),
            clock,
            store: Some(store),
        }
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
        if let Some(store) = &self.store {
            store.inner().advance(millis);
        }
    }

    /// What comes of `f` while this is wrong with the store.
    pub(crate) fn during<T>(&self, fault: Option<(Fault, When)>, f: impl FnOnce() -> T) -> T {
        if let (Some(store), Some((fault, when))) = (&self.store, fault) {
            store.inject(fault, when);
        }
        let result = f();
        if let Some(store) = &self.store {
            store.heal();
        }
        result
    }
}
