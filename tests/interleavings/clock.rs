//! What the sources know as `crate::clock`: a limit of so many milliseconds is up after so many looks,
//! and the time stands still.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

pub(crate) type Tick = u64;

pub(crate) const NEVER: Tick = Tick::MAX;

/// Longer than any model.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone)]
pub(crate) struct Clock;

impl Clock {
    pub(crate) fn system() -> Self {
        Self
    }

    pub(crate) fn now(&self) -> Tick {
        1
    }

    pub(crate) async fn within<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut looks = limit.as_millis();
        poll_fn(|task| {
            if let Poll::Ready(output) = future.as_mut().poll(task) {
                return Poll::Ready(Some(output));
            }
            if limit >= FOR_EVER {
                return Poll::Pending;
            }
            if looks == 0 {
                return Poll::Ready(None);
            }
            looks -= 1;
            task.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}
