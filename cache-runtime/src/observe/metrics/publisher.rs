//! Publishing at intervals, for recorders that push.

use std::panic::catch_unwind;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::publish_metrics;
use crate::error::{CacheError, ErrorKind};

/// Publishes metrics on a thread of its own, until it is dropped.
#[derive(Debug)]
#[must_use = "it publishes as long as it is kept; `.forever()` keeps it"]
pub struct Publisher(#[expect(dead_code, reason = "its end is the news")] Sender<()>);

/// Passes all counters to the installed recorder, at once and then every `interval`: for recorders that push what
/// they have and are never asked for it. See [`publish_metrics`].
///
/// ```no_run
/// use std::time::Duration;
///
/// cache_runtime::publish_metrics_every(Duration::from_secs(10))?.forever();
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
///
/// # Errors
///
/// Kind `Unavailable` if the thread cannot be started.
pub fn publish_metrics_every(interval: Duration) -> Result<Publisher, CacheError> {
    let (kept, end) = channel::<()>();
    let run = move || {
        loop {
            // A recorder that panics once may recover; the panic hook has reported it.
            let _ = catch_unwind(publish_metrics);
            match end.recv_timeout(interval) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    };
    let thread = thread::Builder::new().name("cache-metrics".to_owned());
    thread.spawn(run).map_err(|error| {
        CacheError::new(ErrorKind::Unavailable, "no thread to publish metrics on")
            .with_source(error)
    })?;
    Ok(Publisher(kept))
}

impl Publisher {
    /// Publishes until the process ends.
    pub fn forever(self) {
        std::mem::forget(self);
    }
}
