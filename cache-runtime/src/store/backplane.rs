//! How the processes that share a store hear from each other what has changed.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use crate::store::StoreFuture;

/// How often a listener asks for a sign of life.
pub const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

/// Messages between the processes that share a store.
///
/// A store that has one returns it from [`Store::backplane`](crate::Store::backplane). It carries short
/// texts (below 8,000 bytes) to everyone who listens, in the order in which one process said them.
/// What is said while nobody listens is lost: a listener that was cut off trusts nothing that it had.
pub trait Backplane: Send + Sync {
    /// Says `message` to all who listen to `channel`, in other processes and in this one.
    fn publish<'a>(&'a self, channel: &'a str, message: &'a str) -> StoreFuture<'a, ()>;

    /// Listens to `channel` until the connection is lost, which is the error; dropped, it stops.
    ///
    /// It tells `hear` when the connection stands, then each message, and every [`SIGN_OF_LIFE`] that
    /// the server answered on the same connection. `hear` does not wait. An error of kind `Unsupported`
    /// is for good: the server cannot do it. Polled on a thread with a tokio runtime, where the crate
    /// is built with one.
    fn listen<'a>(
        &'a self,
        channel: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible>;
}

/// What a listener hears.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Heard<'a> {
    /// The connection stands: what is said from now on is heard.
    Listening,
    /// This was said.
    Message(&'a str),
    /// The server answered what it was asked then: all that was said before that has been heard.
    Alive {
        /// Before the question was sent.
        asked: Instant,
    },
}
