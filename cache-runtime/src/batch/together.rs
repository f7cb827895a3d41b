//! Several futures at a time, and no more than that.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

/// Runs the futures of `calls`, at most `most` at a time; each is created when its turn comes. Passes the
/// result of each to `done`, with what accompanies it.
pub(super) async fn together<T, F: Future>(
    most: usize,
    calls: impl Iterator<Item = (T, F)>,
    mut done: impl FnMut(T, F::Output),
) {
    let mut calls = calls.fuse();
    let mut running: Vec<(T, Pin<Box<F>>)> = Vec::new();
    std::future::poll_fn(|task| {
        let mut at = 0;
        while let Some((_, call)) = running.get_mut(at) {
            match call.as_mut().poll(task) {
                Poll::Ready(output) => done(running.swap_remove(at).0, output),
                Poll::Pending => at += 1,
            }
        }
        while running.len() < most.max(1) {
            let Some((what, call)) = calls.next() else {
                break;
            };
            let mut call = Box::pin(call);
            match call.as_mut().poll(task) {
                Poll::Ready(output) => done(what, output),
                Poll::Pending => running.push((what, call)),
            }
        }
        if running.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Lets the other tasks of this thread have a turn.
pub(super) async fn turn() {
    let mut is_over = false;
    std::future::poll_fn(|task| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
