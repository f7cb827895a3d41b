//! Functions that reach themselves, or each other, in threads: nobody waits in a circle.

use std::sync::{Arc, PoisonError};

use shuttle::thread;

use crate::house::{Call, End, House, pause};
use crate::mode::{Mode, block_on};
use crate::orders;
use crate::sharing::call;

/// A call of `keys[0]` whose body calls the others, one inside the other.
fn nested(house: &Arc<House>, keys: &[u64]) -> Option<u64> {
    let Some((key, rest)) = keys.split_first() else {
        return Some(0);
    };
    let call = Call {
        key: *key,
        ..call(Mode::Blocking)
    };
    let body = async || {
        pause(Mode::Blocking).await;
        nested(house, rest).map_or(End::Gone, |_| End::Well)
    };
    block_on(house.call(call, body))
}

fn in_a_thread(house: &Arc<House>, keys: &'static [u64]) -> thread::JoinHandle<Option<u64>> {
    let house = house.clone();
    thread::spawn(move || nested(&house, keys))
}

/// The walk has one lock for the whole process, and shuttle's locks know one model at a time.
static ONE_MODEL: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn in_many_orders(model: impl Fn() + Send + Sync + Copy + 'static) {
    let _one = ONE_MODEL.lock().unwrap_or_else(PoisonError::into_inner);
    orders::in_many_orders(model);
}

fn all_end(chains: &[&'static [u64]]) {
    let house = House::new();
    let threads: Vec<_> = chains
        .iter()
        .map(|keys| in_a_thread(&house, keys))
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Some(1));
    }
    house.is_empty();
}

#[test]
fn one_that_reaches_itself_ends() {
    in_many_orders(|| all_end(&[&[1, 1], &[1, 1]]));
}

#[test]
fn two_that_reach_each_other_end() {
    in_many_orders(|| all_end(&[&[1, 2], &[2, 1]]));
}

#[test]
fn three_in_a_ring_end() {
    in_many_orders(|| all_end(&[&[1, 2], &[2, 3], &[3, 1]]));
}

#[test]
fn a_way_without_a_circle_is_waited_for() {
    in_many_orders(|| {
        let house = House::new();
        let threads = [&[1, 3][..], &[2, 3], &[3]].map(|keys| in_a_thread(&house, keys));
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Some(1));
        }
        assert_eq!(house.runs(), 3, "one for each key");
        house.is_empty();
    });
}
