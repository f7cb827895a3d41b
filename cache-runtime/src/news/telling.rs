//! The events that wait to be published to the other processes.

use std::sync::Mutex;
use std::task::{Poll, Waker};

use super::message::Event;
use crate::sync::lock;

/// Beyond this many, a single event says that anything may have changed.
const MOST: usize = 10_000;

#[derive(Default)]
pub(super) struct Telling(Mutex<State>);

#[derive(Default)]
struct State {
    events: Vec<Event>,
    waker: Option<Waker>,
    is_closed: bool,
    /// Whether some are being published.
    is_telling: bool,
    /// The callers that wait for everything to be published.
    waiting: Vec<Waker>,
}

/// What the publisher is to do.
pub(super) enum Order {
    Tell(Vec<Event>),
    Leave,
}

impl Telling {
    pub(super) fn add(&self, event: Event) {
        let waker = {
            let mut state = lock(&self.0);
            state.push(event);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Puts events back that could not be published: they come first the next time.
    pub(super) fn put_back(&self, mut events: Vec<Event>) {
        let mut state = lock(&self.0);
        let newer = std::mem::take(&mut state.events);
        events.extend(newer);
        for event in events {
            state.push(event);
        }
    }

    pub(super) fn close(&self) {
        let waker = {
            let mut state = lock(&self.0);
            state.is_closed = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits for something to publish, or for the end.
    pub(super) async fn next(&self) -> Order {
        std::future::poll_fn(|task| {
            let mut state = lock(&self.0);
            // What was added before the end is still published.
            if !state.events.is_empty() {
                state.is_telling = true;
                return Poll::Ready(Order::Tell(std::mem::take(&mut state.events)));
            }
            state.is_telling = false;
            state.waiting.drain(..).for_each(Waker::wake);
            if state.is_closed {
                return Poll::Ready(Order::Leave);
            }
            state.waker = Some(task.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Waits until everything has been published.
    pub(super) async fn told(&self) {
        std::future::poll_fn(|task| {
            let mut state = lock(&self.0);
            if state.events.is_empty() && !state.is_telling {
                return Poll::Ready(());
            }
            state.waiting.push(task.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.0).is_closed
    }
}

impl State {
    fn push(&mut self, event: Event) {
        if self.events.len() < MOST {
            self.events.push(event);
            return;
        }
        // Markers are few, and "anything may have changed" does not cover them: they are in the
        // store, and will be read.
        self.events.clear();
        self.events.push(Event::Everything);
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, MOST, Order, Telling};
    use crate::mode::block_on;

    #[test]
    fn too_much_is_told_in_one_word() {
        let telling = Telling::default();
        for n in 0..=MOST {
            telling.add(Event::Changed(n.to_string()));
        }
        telling.add(Event::Changed("last".into()));
        let Order::Tell(events) = block_on(telling.next()) else {
            panic!("there is something to tell");
        };
        assert_eq!(events, [Event::Everything, Event::Changed("last".into())]);
        telling.add(Event::Changed("newer".into()));
        telling.put_back(events);
        telling.close();
        let Order::Tell(events) = block_on(telling.next()) else {
            panic!("what was said before the end is told");
        };
        assert_eq!(events.len(), 3);
        assert_eq!(events[2], Event::Changed("newer".into()));
        assert!(matches!(block_on(telling.next()), Order::Leave));
    }
}
