//! How the processes that share a store learn from each other what has changed.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use crate::store::StoreFuture;

/// How often a listener checks that the connection is alive.
pub const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

/// Messages between the processes that share a store.
///
/// A store that has a backplane returns it from [`Store::backplane`](crate::Store::backplane). It carries
/// short texts (below 8,000 bytes) to all listeners, in the order in which each process published them.
/// What is published while nobody listens is lost: a listener that was cut off trusts nothing that it had.
pub trait Backplane: Send + Sync {
    /// Publishes `message` to all listeners of `channel`, in other processes and in this one.
    fn publish<'a>(&'a self, channel: &'a str, message: &'a str) -> StoreFuture<'a, ()>;

    /// Listens to `channel` until the connection is lost, which is the error; listening ends when the future is
    /// dropped.
    ///
    /// It calls `hear` once the connection is established, then for each message, and every [`SIGN_OF_LIFE`] to
    /// confirm that the server has answered on the same connection. `hear` does not wait. An error of kind
    /// `Unsupported` is final: the server cannot do it. The future is polled on a thread with a tokio runtime, if
    /// the crate is built with one.
    fn listen<'a>(
        &'a self,
        channel: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible>;
}

/// What a listener receives.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Heard<'a> {
    /// The connection is established: what is published from now on is received.
    Listening,
    /// This was published.
    Message(&'a str),
    /// The server answered a check: everything published before it was sent has been received.
    Alive {
        /// A moment before the check was sent.
        asked: Instant,
    },
}
