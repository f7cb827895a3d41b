//! A store whose news is always heard, so that a hit before it looks at all there is to look at.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use cache_runtime::{Backplane, Heard, Store, StoreFuture};

#[derive(Default)]
pub(crate) struct Attended(Mutex<HashMap<String, Vec<u8>>>);

impl Attended {
    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<u8>>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Store for Attended {
    fn name(&self) -> &'static str {
        "attended"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { Ok(self.entries().get(key).cloned()) })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        _: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.entries().insert(key.to_owned(), value.to_vec());
            Ok(())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.entries().remove(key).is_some()) })
    }

    fn backplane(&self) -> Option<&dyn Backplane> {
        Some(self)
    }
}

impl Backplane for Attended {
    fn publish<'a>(&'a self, _: &'a str, _: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn listen<'a>(
        &'a self,
        _: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible> {
        Box::pin(async move {
            hear(Heard::Listening);
            loop {
                hear(Heard::Alive {
                    asked: Instant::now(),
                });
                // It has a thread to itself here.
                std::thread::sleep(Duration::from_millis(100));
            }
        })
    }
}
