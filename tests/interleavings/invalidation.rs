//! Invalidations during a flight: what was computed from the old state is not there afterwards.

use std::sync::Arc;

use shuttle::future;
use shuttle::thread;

use crate::house::{Call, End, House, pause, read};
use crate::mode::{Mode, block_on};
use crate::orders::{below, in_many_orders, in_more_orders};
use crate::sharing::{call, caller};
use crate::sync::atomic::Ordering::SeqCst;
use crate::sync::lock;

#[derive(Clone, Copy)]
enum What {
    OneKey,
    All,
}

async fn invalidate(house: &House, mode: Mode, what: What) {
    match what {
        What::OneKey => house.invalidate(mode, 7).await,
        What::All => house.clear(mode).await,
    }
}

/// Waits for a future of this mode.
fn ends<T>(mode: Mode, future: impl Future<Output = T>) -> T {
    if mode.is_blocking() {
        block_on(future)
    } else {
        future::block_on(future)
    }
}

async fn computed(house: Arc<House>, mode: Mode) -> Option<u64> {
    let body = async || {
        pause(mode).await;
        End::Well
    };
    house.call(call(mode), body).await
}

/// One or two callers and one invalidation; in a store there may be an old value already.
fn the_old_value_is_not_there(house: &Arc<House>, what: What) {
    if let Some(store) = &house.store
        && below(2) == 0
    {
        lock(store).insert(7, 1);
    }
    let callers: Vec<_> = (0..1 + below(2) as usize)
        .map(|at| caller(at, |mode| computed(house.clone(), mode)))
        .collect();
    let mode = if below(2) == 0 {
        Mode::Blocking
    } else {
        Mode::Async
    };
    ends(mode, invalidate(house, mode, what));
    // Whoever comes now does not get what was true before.
    let after = ends(mode, computed(house.clone(), mode));
    assert_eq!(after, Some(2), "an old value was served");
    for caller in callers {
        assert!(matches!(caller.join(), Some(1 | 2)));
    }
    for map in [Some(&house.level), house.store.as_ref()]
        .into_iter()
        .flatten()
    {
        let left = read(map, 7);
        assert!(matches!(left, None | Some(2)), "an old value was left");
    }
    house.is_empty();
}

#[test]
fn after_a_delete_the_old_value_is_not_there() {
    in_many_orders(|| the_old_value_is_not_there(&House::new(), What::OneKey));
}

#[test]
fn after_a_delete_the_old_value_is_not_in_a_store() {
    in_many_orders(|| the_old_value_is_not_there(&House::with_a_store(), What::OneKey));
}

#[test]
fn after_a_clear_the_old_value_is_not_there() {
    in_many_orders(|| the_old_value_is_not_there(&House::new(), What::All));
}

#[test]
fn after_a_clear_the_old_value_is_not_in_a_store() {
    in_many_orders(|| the_old_value_is_not_there(&House::with_a_store(), What::All));
}

/// Few steps, so that a delete that does not wait for a write is found out.
#[test]
fn a_delete_has_the_last_word_over_a_write_under_way() {
    in_more_orders(|| {
        let house = House::with_a_store();
        let writing = caller(0, |mode| computed(house.clone(), mode));
        // The write begins first.
        (0..below(40)).for_each(|_| thread::yield_now());
        block_on(house.invalidate(Mode::Blocking, 7));
        let left = read(house.store.as_ref().unwrap(), 7);
        assert!(matches!(left, None | Some(2)), "an old value was left");
        assert!(writing.join().is_some());
        house.is_empty();
    });
}

#[test]
fn two_deletes_at_once_end_and_both_have_the_last_word() {
    in_many_orders(|| {
        let house = House::with_a_store();
        let callers = [0, 1].map(|at| caller(at, |mode| computed(house.clone(), mode)));
        let deletes = [0, 1].map(|at| {
            let house = house.clone();
            caller(at, |mode| async move {
                house.invalidate(mode, 7).await;
                let seen = house.source.load(SeqCst) as u64;
                (seen, computed(house, mode).await)
            })
        });
        for delete in deletes {
            let (seen, after) = delete.join();
            // At least what was true when its own delete had ended: the other's may follow.
            assert!(seen >= 2 && matches!(after, Some(2 | 3)));
        }
        for caller in callers {
            assert!(caller.join().is_some());
        }
        let left = read(house.store.as_ref().unwrap(), 7);
        assert!(matches!(left, None | Some(3)), "an old value was left");
        house.is_empty();
    });
}

#[test]
fn an_invalidation_leaves_other_keys_alone() {
    in_many_orders(|| {
        let house = House::new();
        let other = {
            let house = house.clone();
            thread::spawn(move || {
                let call = Call {
                    key: 8,
                    ..call(Mode::Blocking)
                };
                let body = async || {
                    pause(Mode::Blocking).await;
                    End::Well
                };
                block_on(house.call(call, body))
            })
        };
        block_on(house.invalidate(Mode::Blocking, 7));
        let value = other.join().unwrap();
        assert!(value.is_some());
        assert_eq!(read(&house.level, 8), value, "it was kept");
        house.is_empty();
    });
}
