//! A store in a map that goes by a hand's time, so that it ends lives when the model does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use cache_runtime::{Capabilities, Glob, Store, StoreFuture, Ttl};

use crate::possible::Kept;

/// A store in a map; clones are one store. What can be left to the trait is left to it.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Milliseconds.
    now: u64,
    kept: BTreeMap<String, Kept<Vec<u8>>>,
}

impl Shelf {
    /// Lets time pass.
    pub(crate) fn advance(&self, millis: u64) {
        let mut inner = self.inner();
        inner.now += millis;
        let now = inner.now;
        inner.kept.retain(|_, kept| kept.is_fresh(now));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

fn done<'a, T: Send + 'a>(answer: T) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(Ok(answer)))
}

impl Store for Shelf {
    fn name(&self) -> &'static str {
        "shelf"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        done(self.inner().kept.get(key).map(|kept| kept.value.clone()))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        let mut inner = self.inner();
        let life = ttl.map(|ttl| ttl.as_micros().div_ceil(1000) as u64);
        let kept = Kept {
            value: value.to_vec(),
            end: life.map(|life| inner.now + life),
        };
        inner.kept.insert(key.to_owned(), kept);
        done(())
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        done(self.inner().kept.remove(key).is_some())
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        can.list_keys = true;
        can
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        let inner = self.inner();
        done(match inner.kept.get(key).map(|kept| kept.end) {
            None => Ttl::Missing,
            Some(None) => Ttl::Never,
            Some(Some(end)) => Ttl::After(Duration::from_millis(end - inner.now)),
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        let glob = Glob::new(pattern);
        let matches = |key: &&String| {
            key.strip_prefix(prefix)
                .is_some_and(|key| glob.matches(key))
        };
        done(self.inner().kept.keys().filter(matches).cloned().collect())
    }
}
