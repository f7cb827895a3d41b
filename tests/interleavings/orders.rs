//! Running a model in many orders, the same for the same seed.

use std::hash::{BuildHasher, RandomState};

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

const ORDERS: usize = 250;

/// Runs `model` in random orders, and in others where a thread is held up at a few points.
pub(crate) fn in_many_orders(model: impl Fn() + Send + Sync + Copy + 'static) {
    in_orders(ORDERS, model);
}

/// The same for a model that goes wrong in few orders, if it does.
pub(crate) fn in_more_orders(model: impl Fn() + Send + Sync + Copy + 'static) {
    in_orders(ORDERS * 10, model);
}

fn in_orders(orders: usize, model: impl Fn() + Send + Sync + Copy + 'static) {
    let seed = std::env::var("CACHE_TESTS_SEED").map_or_else(
        |_| RandomState::new().hash_one("seed"),
        |seed| seed.parse().expect("CACHE_TESTS_SEED is a number"),
    );
    println!("CACHE_TESTS_SEED={seed}");
    let is_long = std::env::var_os("CACHE_TESTS_LONG").is_some();
    let orders = if is_long { orders * 20 } else { orders };
    let random = RandomScheduler::new_from_seed(seed, orders);
    Runner::new(random, Config::default()).run(model);
    let held_up = PctScheduler::new_from_seed(seed, 3, orders);
    Runner::new(held_up, Config::default()).run(model);
}

/// A number from 0 to below `end`, by the same seed.
pub(crate) fn below(end: u64) -> u64 {
    use shuttle::rand::{Rng, thread_rng};
    thread_rng().gen_range(0..end)
}
