//! A flight that shows an old value: nobody has to wait for the new one, and none who comes after an
//! invalidation is served what was before it.

use std::sync::Arc;

use shuttle::future;

use crate::house::{End, House, pause, read};
use crate::mode::Mode;
use crate::orders::{below, in_many_orders};
use crate::sharing::{Caller, call, caller};
use crate::sync::lock;

/// A value that the source had once.
const OLD: u64 = 100;

fn house() -> Arc<House> {
    let house = House::new();
    lock(&house.stale).insert(7, OLD);
    house
}

async fn renewed(house: Arc<House>, mode: Mode) -> Option<u64> {
    let body = async || {
        pause(mode).await;
        End::Well
    };
    house.call(call(mode), body).await
}

#[test]
fn all_but_the_one_who_renews_get_the_old_value_or_the_new_one() {
    in_many_orders(|| {
        let house = house();
        let callers: Vec<_> = (0..3)
            .map(|at| caller(at, |mode| renewed(house.clone(), mode)))
            .collect();
        let results: Vec<_> = callers.into_iter().map(Caller::join).collect();
        assert!(results.iter().all(|result| matches!(result, Some(OLD | 1))));
        assert!(results.contains(&Some(1)));
        assert_eq!(house.runs(), 1);
        assert_eq!(read(&house.level, 7), Some(1));
        house.is_empty();
    });
}

#[test]
fn who_renews_and_goes_leaves_nobody_behind() {
    in_many_orders(|| {
        let house = house();
        let callers: Vec<_> = (0..3)
            .map(|at| {
                let house = house.clone();
                caller(at, |mode| async move {
                    let body = async || {
                        pause(mode).await;
                        if below(2) == 0 { End::Gone } else { End::Well }
                    };
                    house.call(call(mode), body).await
                })
            })
            .collect();
        for caller in callers {
            assert!(matches!(caller.join(), None | Some(OLD | 1)));
        }
        house.is_empty();
    });
}

#[test]
fn after_a_delete_the_old_value_is_not_served() {
    in_many_orders(|| {
        let house = house();
        let callers = [0, 1].map(|at| caller(at, |mode| renewed(house.clone(), mode)));
        future::block_on(house.invalidate(Mode::Async, 7));
        let after = future::block_on(renewed(house.clone(), Mode::Async));
        assert_eq!(after, Some(2), "an old value was served");
        for caller in callers {
            assert!(matches!(caller.join(), Some(OLD | 1 | 2)));
        }
        assert!(matches!(read(&house.level, 7), None | Some(2)));
        house.is_empty();
    });
}
