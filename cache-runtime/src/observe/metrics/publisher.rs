//! Publishing again and again, for recorders that push.

use std::panic::catch_unwind;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::publish_metrics;
use crate::error::{CacheError, ErrorKind};

/// Publishes on a thread of its own, as long as it is kept.
#[derive(Debug)]
#[must_use = "it publishes as long as it is kept; `.forever()` keeps it"]
pub struct Publisher(#[expect(dead_code, reason = "its end is the news")] Sender<()>);

/// Gives the recorder that is installed what has been counted, now and then every `interval`: for recorders
/// that send what they have, and have no moment of being asked. See [`publish_metrics`].
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
/// Kind `Unavailable` if there is no thread for it.
pub fn publish_metrics_every(interval: Duration) -> Result<Publisher, CacheError> {
    let (kept, end) = channel::<()>();
    let run = move || {
        loop {
            // A recorder that panics once may be well the next time; the panic hook has told of it.
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
