//! Work that goes on behind the call that began it: what is refreshed while an old value is served,
//! and bodies that may take longer than their caller waits.
//!
//! A future goes to the tokio runtime that it was begun on, whose timers and sockets it may use.
//! What blocks, and futures of other executors, go to a few threads of ours.

pub(crate) mod parcel;
mod pool;

pub(crate) use pool::aside;

use std::future::Future;

use crate::mode::{Mode, block_on};

/// Runs `job` behind its caller, who waits as `mode` says. `Err`: there is no room for it.
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
    // The function may ask for the runtime that it was called on.
    #[cfg(feature = "tokio")]
    let runtime = tokio::runtime::Handle::try_current().ok();
    pool::run(job, move |job| {
        #[cfg(feature = "tokio")]
        let _inside = runtime.as_ref().map(tokio::runtime::Handle::enter);
        block_on(job);
    })
}
