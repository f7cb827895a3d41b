//! What the sources know as `crate::mode`: waiting as a thread of shuttle's, or as a task.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Async,
    Blocking,
}

impl Mode {
    pub(crate) fn is_blocking(self) -> bool {
        self == Mode::Blocking
    }

    pub(crate) async fn wait<F: Future>(self, future: F) -> F::Output {
        match self {
            Mode::Async => future.await,
            Mode::Blocking => shuttle::future::block_on(future),
        }
    }
}

/// In blocking mode all is ready at the first poll: who waits does so inside.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("who blocks waits inside"),
    }
}
