//! Messages between the processes that share the store: `PUBLISH`, and a connection that listens.

use std::convert::Infallible;

use super::backend::RedisStore;
use super::servers::Servers;
use crate::store::StoreFuture;
use crate::store::backplane::{Backplane, Heard};
use crate::stores::answer;

/// Channels belong to the server: its databases share them. Listening takes RESP3 (Redis 6), and a user
/// with an ACL needs `+publish`, `+subscribe` and the channel.
impl<S: Servers> Backplane for RedisStore<S> {
    fn publish<'a>(&'a self, channel: &'a str, message: &'a str) -> StoreFuture<'a, ()> {
        answer::during("publish", self.servers().publish(channel, message))
    }

    fn listen<'a>(
        &'a self,
        channel: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible> {
        answer::during("listen", self.servers().listen(channel, hear))
    }
}
