//! Leaders that go: the lead is handed on to one of those who wait, whoever else goes meanwhile.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use shuttle::future;

use crate::house::{Call, End, House, pause};
use crate::mode::Mode;
use crate::orders::{below, in_many_orders};
use crate::sharing::{Caller, call, caller};
use crate::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[test]
fn a_leader_that_goes_is_followed_by_one_other() {
    in_many_orders(|| {
        let house = House::new();
        let callers: Vec<_> = (0..3)
            .map(|at| {
                let house = house.clone();
                caller(at, |mode| async move {
                    let body = async || {
                        pause(mode).await;
                        let is_first = house.runs() == 1;
                        if is_first { End::Gone } else { End::Well }
                    };
                    house.call(call(mode), body).await
                })
            })
            .collect();
        let results: Vec<_> = callers.into_iter().map(Caller::join).collect();
        assert_eq!(results.iter().flatten().count(), 2);
        assert_eq!(house.runs(), 2, "one of them alone ran it again");
        house.is_empty();
    });
}

#[test]
fn of_leaders_that_all_go_each_is_followed() {
    in_many_orders(|| {
        let house = House::new();
        let callers: Vec<_> = (0..3)
            .map(|at| {
                let house = house.clone();
                caller(at, |mode| async move {
                    house.call(call(mode), async || End::Gone).await
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.join(), None);
        }
        assert_eq!(house.runs(), 3, "everyone had his turn");
        house.is_empty();
    });
}

/// The result of `call`, unless it is dropped after so many polls.
async fn given_up<T>(mut polls: u64, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    poll_fn(move |task| {
        if let Poll::Ready(result) = call.as_mut().poll(task) {
            return Poll::Ready(Some(result));
        }
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        Poll::Pending
    })
    .await
}

async fn tired(house: Arc<House>, key: u64, polls: u64) -> Option<u64> {
    let call = Call {
        key,
        ..call(Mode::Async)
    };
    let body = async || {
        pause(Mode::Async).await;
        pause(Mode::Async).await;
        if below(4) == 0 { End::Gone } else { End::Well }
    };
    given_up(polls, house.call(call, body)).await.flatten()
}

fn dropped_at_random(house: &Arc<House>) {
    let tasks: Vec<_> = (0..4)
        .map(|_| future::spawn(tired(house.clone(), 7, below(4))))
        .collect();
    // One who does not go, among them.
    let patient = {
        let house = house.clone();
        caller(0, |mode| async move {
            let body = async || {
                pause(mode).await;
                End::Well
            };
            house.call(call(mode), body).await
        })
    };
    assert_eq!(patient.join(), Some(1), "he waits for nobody who is gone");
    for task in tasks {
        let result = future::block_on(task).unwrap();
        assert!(matches!(result, None | Some(1)));
    }
    house.is_empty();
}

#[test]
fn callers_dropped_at_random_leave_nobody_behind() {
    in_many_orders(|| dropped_at_random(&House::new()));
}

#[test]
fn callers_dropped_at_random_leave_nobody_behind_on_a_store() {
    in_many_orders(|| dropped_at_random(&House::with_a_store()));
}

#[test]
fn who_is_aborted_from_outside_leaves_nobody_behind() {
    in_many_orders(|| {
        let house = House::new();
        let others = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let (house, others) = (house.clone(), others.clone());
                future::spawn(async move {
                    let result = tired(house, 7, u64::MAX).await;
                    others.fetch_add(1, SeqCst);
                    result
                })
            })
            .collect();
        tasks[0].abort();
        let mut aborted = 0;
        for task in tasks {
            aborted += usize::from(future::block_on(task).is_err());
        }
        assert_eq!(others.load(SeqCst) + aborted, 3);
        house.is_empty();
    });
}
