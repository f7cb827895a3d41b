//! How long a handler is called: as long as its subscription lives.

use std::any::TypeId;
use std::sync::{Arc, Weak};

use super::Inner;
use super::handler::Handler;

/// A handler's place on a bus: dropping it unsubscribes.
///
/// Dropping it in the handler itself, or while others run it, is fine.
#[must_use = "the handler is unsubscribed when this is dropped: keep it, or say `.forever()`"]
pub struct Subscription {
    bus: Weak<Inner>,
    event: TypeId,
    handler: Arc<Handler>,
}

impl Subscription {
    pub(super) fn new(bus: &Arc<Inner>, event: TypeId, handler: Arc<Handler>) -> Self {
        Self {
            bus: Arc::downgrade(bus),
            event,
            handler,
        }
    }

    /// Keeps the handler for as long as the bus exists.
    pub fn forever(mut self) {
        self.bus = Weak::new();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(bus) = self.bus.upgrade() {
            self.handler.leave();
            bus.remove(self.event, &self.handler);
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("at", &format_args!("{}", self.handler.at))
            .finish_non_exhaustive()
    }
}
