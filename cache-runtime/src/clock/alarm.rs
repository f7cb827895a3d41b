//! Waiting for a time, on the clock in use: the system's, or one that is moved by hand.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::hand::Hand;
use super::timer::TIMER;
use super::{Clock, end_of, millis};

/// Ready when the time has come. If it is dropped before that, it leaves nothing behind.
pub(crate) struct Alarm {
    at: At,
    /// Its place among those that wait, once it has been polled.
    set: Option<u64>,
}

enum At {
    System(Instant),
    Hand(Arc<Hand>, u64),
}

impl Clock {
    /// Returns an alarm this long from now.
    pub(crate) fn alarm(&self, after: Duration) -> Alarm {
        let at = match &self.0 {
            None => At::System(end_of(after)),
            Some(hand) => At::Hand(hand.clone(), hand.now().saturating_add(millis(after))),
        };
        Alarm { at, set: None }
    }

    /// Returns the result of `future` if it comes within `limit`; `None` otherwise.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        let (mut future, mut alarm) = (pin!(future), None);
        std::future::poll_fn(|task| {
            if let Poll::Ready(output) = future.as_mut().poll(task) {
                return Poll::Ready(Some(output));
            }
            // The time is not read before there is something to wait for.
            let alarm = alarm.get_or_insert_with(|| self.alarm(limit));
            Pin::new(alarm).poll(task).map(|()| None)
        })
        .await
    }
}

impl Alarm {
    /// Asks to be woken; returns true if the time has come already.
    fn wake(&mut self, waker: &Waker) -> bool {
        let set = &mut self.set;
        match &self.at {
            At::System(at) => TIMER.set(*at, set, waker),
            At::Hand(hand, at) => hand.set(*at, set, waker),
        }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.wake(task.waker()) {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let Some(number) = self.set else { return };
        match &self.at {
            At::System(at) => TIMER.unset(*at, number),
            At::Hand(hand, at) => hand.unset(*at, number),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    use super::Clock;
    use crate::mode::block_on;

    #[test]
    fn the_systems_alarm_rings_when_it_is_time_and_not_before() {
        let clock = Clock::system();
        let start = Instant::now();
        let alarms = [40, 10, 20].map(|ms| clock.alarm(Duration::from_millis(ms)));
        for alarm in alarms {
            block_on(alarm);
        }
        assert!(start.elapsed() >= Duration::from_millis(40));
        let quick = block_on(clock.within(Duration::MAX, async { 7 }));
        assert_eq!(quick, Some(7));
        let late = block_on(clock.within(Duration::from_millis(5), pending::<()>()));
        assert_eq!(late, None);
    }

    #[test]
    fn the_alarm_of_a_hand_rings_when_it_is_moved() {
        let clock = Clock::manual();
        let mut alarm = pin!(clock.alarm(Duration::from_secs(2)));
        let mut task = Context::from_waker(Waker::noop());
        clock.advance(Duration::from_secs(1));
        assert!(alarm.as_mut().poll(&mut task).is_pending());
        clock.advance(Duration::from_secs(1));
        assert_eq!(alarm.as_mut().poll(&mut task), Poll::Ready(()));

        let waits = std::thread::spawn({
            let clock = clock.clone();
            move || block_on(clock.alarm(Duration::from_secs(60)))
        });
        while clock.waiting() == 0 {
            std::thread::yield_now();
        }
        clock.advance(Duration::from_secs(60));
        waits.join().unwrap();
        assert_eq!(clock.waiting(), 0);
    }

    #[test]
    fn a_dropped_alarm_leaves_nothing() {
        let clock = Clock::manual();
        let mut alarm = Box::pin(clock.alarm(Duration::from_secs(2)));
        let mut task = Context::from_waker(Waker::noop());
        assert!(alarm.as_mut().poll(&mut task).is_pending());
        assert_eq!(clock.waiting(), 1);
        drop(alarm);
        assert_eq!(clock.waiting(), 0);
    }
}
