//! Callers of one key: one execution, whose result all of them get.

use std::sync::Arc;
use std::time::Duration;

use shuttle::{future, thread};

use crate::clock::FOR_EVER;
use crate::house::{Call, End, House, pause};
use crate::mode::{Mode, block_on};
use crate::orders::{below, in_many_orders};

pub(crate) fn call(mode: Mode) -> Call {
    Call {
        key: 7,
        mode,
        limit: FOR_EVER,
    }
}

/// A caller at work: a thread that blocks, or a task.
pub(crate) enum Caller<T> {
    Thread(thread::JoinHandle<T>),
    Task(future::JoinHandle<T>),
}

impl<T> Caller<T> {
    pub(crate) fn join(self) -> T {
        match self {
            Caller::Thread(thread) => thread.join().unwrap(),
            Caller::Task(task) => future::block_on(task).unwrap(),
        }
    }
}

/// Starts a caller; every second one is a task.
pub(crate) fn caller<T, F>(at: usize, f: impl FnOnce(Mode) -> F) -> Caller<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    if at.is_multiple_of(2) {
        let call = f(Mode::Blocking);
        Caller::Thread(thread::spawn(move || block_on(call)))
    } else {
        Caller::Task(future::spawn(f(Mode::Async)))
    }
}

/// What each of so many callers got, whose bodies end as `end` says.
fn callers(
    house: &Arc<House>,
    number: usize,
    end: impl Fn() -> End + Copy + Send + Sync + 'static,
) -> Vec<Option<u64>> {
    let callers: Vec<_> = (0..number)
        .map(|at| {
            let house = house.clone();
            caller(at, |mode| async move {
                let body = async || {
                    pause(mode).await;
                    end()
                };
                house.call(call(mode), body).await
            })
        })
        .collect();
    callers.into_iter().map(Caller::join).collect()
}

#[test]
fn all_get_the_result_of_one_execution() {
    in_many_orders(|| {
        let house = House::new();
        assert_eq!(callers(&house, 3, || End::Well), [Some(1); 3]);
        assert_eq!(house.runs(), 1);
        house.is_empty();
    });
}

#[test]
fn all_get_the_result_of_one_execution_behind_a_store() {
    in_many_orders(|| {
        let house = House::with_a_store();
        assert_eq!(callers(&house, 3, || End::Well), [Some(1); 3]);
        assert_eq!(house.runs(), 1);
        house.is_empty();
    });
}

#[test]
fn what_is_not_kept_is_shared_by_those_who_wait() {
    in_many_orders(|| {
        let house = House::new();
        assert_eq!(callers(&house, 3, || End::Unkept), [Some(1); 3]);
        house.is_empty();
    });
}

#[test]
fn what_cannot_be_shared_releases_those_who_wait() {
    in_many_orders(|| {
        let house = House::new();
        assert_eq!(callers(&house, 3, || End::Unshared), [Some(1); 3]);
        assert_eq!(house.runs(), 3, "each ran for himself");
        house.is_empty();
    });
}

#[test]
fn bodies_that_end_in_any_way_leave_nobody_behind() {
    in_many_orders(|| {
        let house = House::new();
        let ends = [End::Well, End::Unkept, End::Unshared, End::Gone];
        for result in callers(&house, 4, move || ends[below(4) as usize]) {
            assert!(matches!(result, None | Some(1)));
        }
        house.is_empty();
        // And the next one finds it as it should be.
        assert_eq!(callers(&house, 2, || End::Well), [Some(1); 2]);
        house.is_empty();
    });
}

#[test]
fn who_waits_no_longer_runs_it_himself() {
    in_many_orders(|| {
        let house = House::new();
        let callers: Vec<_> = (0..4)
            .map(|at| {
                let house = house.clone();
                caller(at, |mode| async move {
                    let limit = Duration::from_millis(if at < 2 { 0 } else { below(3) });
                    let call = Call {
                        limit,
                        ..call(mode)
                    };
                    let body = async || {
                        pause(mode).await;
                        End::Well
                    };
                    house.call(call, body).await
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.join(), Some(1));
        }
        house.is_empty();
    });
}
