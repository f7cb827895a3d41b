//! Background work of a call: what is refreshed while an old value is served,
//! and bodies that may take longer than their caller waits.
//!
//! A future is spawned on the tokio runtime on which it began, whose timers and sockets it may use.
//! Blocking work, and futures of other executors, run on a few threads of this crate.

pub(crate) mod parcel;
mod pool;

pub(crate) use pool::aside;

use std::future::Future;

use crate::mode::{Mode, block_on};

/// Runs `job` in the background of its caller, which waits as `mode` says. `Err`: there is no room for it.
pub(crate) fn spawn<F>(mode: Mode, job: F) -> Result<(), F>
where
    F: Future<Output = ()> + Send + 'static,
{
    #[cfg(feature = "tokio")]
    if mode == Mode::Async
        && let Ok(runtime) = tokio::runtime::Handle::try_current()
    {
        runtime.spawn(job);
        return Ok(());
    }
    #[cfg(not(feature = "tokio"))]
    let _ = mode;
    // The function may ask for the runtime on which it was called.
    #[cfg(feature = "tokio")]
    let runtime = tokio::runtime::Handle::try_current().ok();
    pool::run(job, move |job| {
        #[cfg(feature = "tokio")]
        let _inside = runtime.as_ref().map(tokio::runtime::Handle::enter);
        block_on(job);
    })
}
