//! What the sources know as `crate::clock`: a hand that the model moves.

use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};

pub(crate) type Tick = u64;

pub(crate) const NEVER: Tick = Tick::MAX;

#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn manual() -> Self {
        Self(Arc::new(AtomicU64::new(1)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Tick {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}
