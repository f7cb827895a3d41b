//! Many futures in one task, some at a time, each with a waker of its own.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use crate::sync::lock;

/// Returns the results of the futures, in their order; at most `at_once` of them run at a time.
pub(super) async fn gather<F: Future>(
    work: impl IntoIterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    let parent = Arc::new(Mutex::new(Waker::noop().clone()));
    let mut work = work.into_iter().enumerate();
    let mut running: Vec<Running<F>> = Vec::new();
    let mut done = Vec::new();
    poll_fn(|task| {
        // Before any future is polled, so that no wake-up is lost.
        lock(&parent).clone_from(task.waker());
        loop {
            while running.len() < at_once.max(1)
                && let Some((index, future)) = work.next()
            {
                running.push(Running::new(index, future, &parent));
            }
            if running.is_empty() {
                return Poll::Ready(());
            }
            let before = running.len();
            running.retain_mut(|one| match one.poll() {
                Poll::Ready(output) => {
                    done.push((one.index, output));
                    false
                }
                Poll::Pending => true,
            });
            // There is room for the next one.
            if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, output)| output).collect()
}

struct Running<F> {
    index: usize,
    future: Pin<Box<F>>,
    call: Arc<Call>,
    waker: Waker,
}

impl<F: Future> Running<F> {
    fn new(index: usize, future: F, parent: &Arc<Mutex<Waker>>) -> Self {
        let call = Arc::new(Call {
            is_called: AtomicBool::new(true),
            parent: parent.clone(),
        });
        Self {
            index,
            future: Box::pin(future),
            waker: call.clone().into(),
            call,
        }
    }

    fn poll(&mut self) -> Poll<F::Output> {
        if !self.call.is_called.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        self.future
            .as_mut()
            .poll(&mut Context::from_waker(&self.waker))
    }
}

/// Wakes the task, and records for which future.
struct Call {
    is_called: AtomicBool,
    parent: Arc<Mutex<Waker>>,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.is_called.store(true, Ordering::Release);
        let parent = lock(&self.parent).clone();
        parent.wake();
    }
}
