//! Callers that are tasks of one tokio runtime with two workers, as in a small service.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use std::fmt::Debug;
use std::future::Future;
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// One for all lanes: their connections belong to it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
});

/// Drives the future on the runtime.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// How long `callers` tasks take for so many calls in all; `call` is told which caller it is.
pub(crate) fn time<F>(
    callers: u64,
    iterations: u64,
    call: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Duration
where
    F: Future<Output: Send> + Send + 'static,
{
    let each = iterations.div_ceil(callers);
    let took = wait(async move {
        let start = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                let call = call.clone();
                tokio::spawn(async move {
                    for _ in 0..each {
                        black_box(call(black_box(caller)).await);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        start.elapsed()
    });
    // They made a few more calls than were asked for.
    took.mul_f64(iterations as f64 / (each * callers) as f64)
}

/// The result of a call: a race in which calls fail is none.
pub(crate) async fn sound<T, E: Debug>(call: impl Future<Output = Result<T, E>>) -> T {
    call.await.unwrap()
}
