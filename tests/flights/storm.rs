//! Thousands of calls given up at random points: nobody is left waiting, nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache_runtime::cache_result;
use tokio::time::timeout;

use crate::world::{World, current_thread, eventually, multi_thread};

in_both_places! {
    calls_given_up_at_random_leave_nothing_behind
    calls_given_up_at_random_on_one_thread_leave_nothing_behind
}

const KEYS: u64 = 12;
const CALLS: u64 = 4000;

/// Numbers that look random, the same in every run.
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, limit: u64) -> u64 {
        let seed = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mut bits = seed ^ (seed >> 30);
        bits = bits.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % limit
    }
}

/// Not kept, so that every round has flights; for every third key an error, which is shared.
#[cache_result(timeout = 60, key(id), cache = world.cache.clone(), when = |_| false)]
async fn restless(world: Arc<World>, id: u64, pause: u64) -> Result<u64, std::fmt::Error> {
    world.run();
    for _ in 0..pause % 7 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_micros(pause)).await;
    if id.is_multiple_of(3) {
        return Err(std::fmt::Error);
    }
    Ok(id)
}

/// An error that cannot be shared.
#[derive(Debug)]
struct Broken;

#[cache_result(timeout = 60, key(id), cache = world.cache.clone())]
async fn breaks(world: Arc<World>, id: u64, pause: u64) -> Result<u64, Broken> {
    tokio::time::sleep(Duration::from_micros(pause)).await;
    if pause.is_multiple_of(2) {
        return Err(Broken);
    }
    breaks::entry(world, id, 0)
        .delete()
        .await
        .map_err(|_| Broken)?;
    Ok(id)
}

async fn storm(world: Arc<World>) {
    let dice = Arc::new(Dice(AtomicU64::new(1)));
    let mut calls = Vec::new();
    for call in 0..CALLS {
        let (world, own_dice) = (world.clone(), dice.clone());
        calls.push(tokio::spawn(async move {
            let (id, pause) = (own_dice.below(KEYS), own_dice.below(3000));
            let patience = Duration::from_micros(own_dice.below(4000));
            if own_dice.below(4) == 0 {
                let _ = timeout(patience, breaks(world, id, pause)).await;
            } else {
                let _ = timeout(patience, restless(world, id, pause)).await;
            }
        }));
        if dice.below(8) == 0 {
            // From outside as well, wherever it stands.
            calls[dice.below(call + 1) as usize].abort();
        }
        if dice.below(16) == 0 {
            tokio::time::sleep(Duration::from_micros(dice.below(2000))).await;
        }
    }
    for call in calls {
        let _ = call.await;
    }
}

async fn nobody_is_left(world: Arc<World>) {
    for id in 0..KEYS {
        let call = restless(world.clone(), id, 0);
        let answer = timeout(Duration::from_secs(5), call).await;
        assert_eq!(
            answer.expect("it does not wait").is_err(),
            id.is_multiple_of(3)
        );
    }
}

fn calls_given_up_at_random_leave_nothing_behind(world: Arc<World>) {
    let runtime = multi_thread();
    let all = async { timeout(Duration::from_secs(60), storm(world.clone())).await };
    runtime.block_on(all).expect("nobody waits for ever");
    eventually("no flight is left", || world.flights() == 0);
    runtime.block_on(nobody_is_left(world.clone()));
    assert_eq!(world.flights(), 0);
    println!("{} executions", world.runs());
    assert!(world.runs() > 100);
}

fn calls_given_up_at_random_on_one_thread_leave_nothing_behind(world: Arc<World>) {
    let runtime = current_thread();
    let all = async { timeout(Duration::from_secs(60), storm(world.clone())).await };
    runtime.block_on(all).expect("nobody waits for ever");
    assert_eq!(world.flights(), 0);
    runtime.block_on(nobody_is_left(world.clone()));
    assert_eq!(world.flights(), 0);
}
