//! One value on its way from a job to the only caller that may be waiting for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::sync::lock;

enum State<T> {
    UnderWay(Option<Waker>),
    Here(T),
    /// The value has been taken, or the job has gone without one.
    Over,
}

/// The caller's end: ready with the value, or with `None` if the job is gone.
pub(crate) struct Receiver<T>(Arc<Mutex<State<T>>>);

/// The job's end.
pub(crate) struct Sender<T>(Arc<Mutex<State<T>>>);

pub(crate) fn parcel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Arc::new(Mutex::new(State::UnderWay(None)));
    (Sender(state.clone()), Receiver(state))
}

impl<T> Sender<T> {
    /// Sends the value; a caller that has stopped waiting loses it.
    pub(crate) fn send(self, value: T) {
        self.end(State::Here(value));
    }

    fn end(&self, end: State<T>) {
        let waker = {
            let mut state = lock(&self.0);
            let State::UnderWay(waker) = &mut *state else {
                return;
            };
            let waker = waker.take();
            *state = end;
            waker
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.end(State::Over);
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<T>> {
        let waker = task.waker().clone();
        // Declared before the lock, so that it is dropped after it: dropping it may drop a task.
        let mut _before = None;
        let mut state = lock(&self.0);
        if let State::UnderWay(there) = &mut *state {
            _before = there.replace(waker);
            return Poll::Pending;
        }
        match std::mem::replace(&mut *state, State::Over) {
            State::Here(value) => Poll::Ready(Some(value)),
            _ => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parcel;
    use crate::mode::block_on;

    #[test]
    fn it_arrives_or_its_sender_is_gone() {
        let (sender, receiver) = parcel();
        let thread = std::thread::spawn(move || block_on(receiver));
        sender.send(7);
        assert_eq!(thread.join().unwrap(), Some(7));
        let (sender, receiver) = parcel::<u8>();
        drop(sender);
        assert_eq!(block_on(receiver), None);
    }
}
