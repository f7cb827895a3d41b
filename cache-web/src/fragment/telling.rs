//! What a trace is told of a fragment, for the panel and for `Server-Timing`.

use std::time::Instant;

use cache_runtime::{Kind, Outcome, TraceEvent, is_traced, note};

/// A rendering that is on its way.
pub(super) struct Telling(Option<Instant>);

impl Telling {
    /// It begins. Where nobody listens, that is all.
    pub(super) fn begin() -> Self {
        Self(is_traced().then(Instant::now))
    }

    /// It has ended like this.
    pub(super) fn end<T, E>(
        self,
        name: &str,
        key: impl FnOnce() -> String,
        outcome: Outcome,
        result: &Result<T, E>,
    ) {
        let Some(began) = self.0 else { return };
        let outcome = if result.is_ok() {
            outcome
        } else {
            Outcome::Failed
        };
        note(|| {
            let event = TraceEvent::new(Kind::Fragment, name.to_owned(), outcome);
            event.took(began.elapsed()).key(key())
        });
    }
}
