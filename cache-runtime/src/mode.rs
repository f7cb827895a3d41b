//! How a caller waits: the only difference between sync and async callers.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use crate::background::aside;

/// How the caller waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Async,
    Blocking,
}

impl Mode {
    pub(crate) fn is_blocking(self) -> bool {
        self == Mode::Blocking
    }

    /// Returns the result of `future`, waited for as this caller waits.
    pub(crate) async fn wait<F: Future>(self, future: F) -> F::Output {
        match self {
            Mode::Async => future.await,
            Mode::Blocking => aside(|| block_on(future)),
        }
    }
}

/// Runs a future that blocks inside `poll`, if it waits at all.
///
/// In blocking mode, every future of this crate is ready at the first poll. A user's own store
/// without a blocking counterpart may be pending; its future is driven here, by this thread.
#[inline(always)]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    drive(pin!(future))
}

/// Does the same for a future that is pinned in place: a large one is slow to move.
pub(crate) fn drive<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    let mut quick = Context::from_waker(Waker::noop());
    if let Poll::Ready(output) = future.as_mut().poll(&mut quick) {
        return output;
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut task = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
            return output;
        }
        std::thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
