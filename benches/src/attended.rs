//! A store whose news is always heard, so that a hit before it looks at all there is to look at.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{Backplane, Heard, Store, StoreFuture};

/// See above.
#[derive(Debug, Default)]
pub struct Attended(Mutex<HashMap<String, Vec<u8>>>);

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
                pause().await;
            }
        })
    }
}

/// A tenth of a second, on any executor.
async fn pause() {
    let mut is_over: Option<Arc<AtomicBool>> = None;
    poll_fn(move |task| match &is_over {
        Some(is_over) if is_over.load(Ordering::Acquire) => Poll::Ready(()),
        Some(_) => Poll::Pending,
        None => {
            let (flag, waker) = (Arc::new(AtomicBool::new(false)), task.waker().clone());
            is_over = Some(flag.clone());
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(100));
                flag.store(true, Ordering::Release);
                waker.wake();
            });
            Poll::Pending
        }
    })
    .await;
}
