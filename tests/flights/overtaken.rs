//! An invalidation that comes while a function runs wins over its result.

use std::sync::Arc;
use std::thread;

use cache_runtime::cache_result;

use crate::world::{World, eventually, milliseconds, multi_thread};

in_both_places! {
    delete_wins
    delete_by_name_wins
    delete_many_by_name_wins
    clear_of_the_cache_wins
    clear_of_the_function_wins
    a_value_set_by_hand_wins
    a_value_set_by_name_wins
    several_values_set_by_name_win
    a_touch_with_zero_wins
    a_refresh_wins
    those_who_came_before_are_served_and_those_who_come_after_run_it
    delete_wins_over_an_async_function
    a_value_set_by_hand_wins_over_an_async_function
    clear_leaves_the_flights_of_other_prefixes_alone
    a_clear_of_others_is_no_reason_to_run_it_twice
    delete_wins_over_one_who_waited_no_longer_and_runs_beside
}

/// Held back until it is released; a later execution is not.
#[cache_result(timeout = 60, key(id), key_prefix = "held", cache = world.cache.clone())]
fn held(world: &World, id: u64) -> u64 {
    let run = world.run() as u64;
    if run == 0 {
        eventually("it is released", || world.is_released());
    }
    id + run
}

#[cache_result(timeout = 60, key(id), key_prefix = "held_async", cache = world.cache.clone())]
async fn held_async(world: Arc<World>, id: u64) -> u64 {
    let run = world.run() as u64;
    while run == 0 && !world.is_released() {
        tokio::time::sleep(milliseconds(1)).await;
    }
    id + run
}

/// Starts `held`, does `invalidation` meanwhile, lets it end; what is kept then.
fn kept_after(world: &World, invalidation: impl FnOnce()) -> Option<u64> {
    thread::scope(|scope| {
        let leader = scope.spawn(|| held(world, 100));
        eventually("it runs", || world.runs() == 1);
        invalidation();
        world.release();
        assert_eq!(leader.join().unwrap(), 100, "the caller has its result");
    });
    assert_eq!(world.flights(), 0);
    held::entry(world, 100).get().unwrap()
}

/// The entry's key without prefix and version, as `Cache` takes it.
fn name(world: &World) -> String {
    let key = held::entry(world, 100).key();
    let at = key.find("held:").unwrap();
    key[at..].to_owned()
}

fn delete_wins(world: Arc<World>) {
    let kept = kept_after(&world, || {
        held::entry(&world, 100).delete().unwrap();
    });
    assert_eq!(kept, None);
}

fn delete_by_name_wins(world: Arc<World>) {
    let kept = kept_after(&world, || {
        world.cache.blocking().delete(&name(&world)).unwrap();
    });
    assert_eq!(kept, None);
}

fn delete_many_by_name_wins(world: Arc<World>) {
    let kept = kept_after(&world, || {
        world.cache.blocking().delete_many([name(&world)]).unwrap();
    });
    assert_eq!(kept, None);
}

fn clear_of_the_cache_wins(world: Arc<World>) {
    let kept = kept_after(&world, || world.cache.blocking().clear().unwrap());
    assert_eq!(kept, None);
}

fn clear_of_the_function_wins(world: Arc<World>) {
    let kept = kept_after(&world, || held::clear_in(&world.cache).unwrap());
    assert_eq!(kept, None);
}

fn a_value_set_by_hand_wins(world: Arc<World>) {
    let kept = kept_after(&world, || held::entry(&world, 100).set(&999).unwrap());
    assert_eq!(kept, Some(999));
}

fn a_value_set_by_name_wins(world: Arc<World>) {
    let kept = kept_after(&world, || {
        world
            .cache
            .blocking()
            .set(&name(&world), &999_u64, 60)
            .unwrap();
    });
    assert_eq!(kept, Some(999));
}

fn several_values_set_by_name_win(world: Arc<World>) {
    let kept = kept_after(&world, || {
        let items = [(name(&world), 999_u64)];
        world.cache.blocking().set_many(items, 60).unwrap();
    });
    assert_eq!(kept, Some(999));
}

fn a_touch_with_zero_wins(world: Arc<World>) {
    let kept = kept_after(&world, || {
        held::entry(&world, 100).touch(0).unwrap();
    });
    assert_eq!(kept, None);
}

fn a_refresh_wins(world: Arc<World>) {
    let kept = kept_after(&world, || assert_eq!(held::refresh(&world, 100), 101));
    assert_eq!(kept, Some(101));
}

fn those_who_came_before_are_served_and_those_who_come_after_run_it(world: Arc<World>) {
    let world = world.standing_still();
    thread::scope(|scope| {
        let leader = scope.spawn(|| held(&world, 100));
        eventually("it runs", || world.runs() == 1);
        let waiting = scope.spawn(|| held(&world, 100));
        eventually("the second one waits", || world.waiting() == 1);
        held::entry(&world, 100).delete().unwrap();
        // This one must not wait for the old execution, which does not end before it.
        assert_eq!(held(&world, 100), 101);
        world.release();
        assert_eq!(leader.join().unwrap(), 100);
        assert_eq!(waiting.join().unwrap(), 100);
    });
    let kept = held::entry(&world, 100).get().unwrap();
    // On Redis the old execution may take its own write back, and the new one with it.
    assert!(
        kept == Some(101) || world.is_redis() && kept.is_none(),
        "{kept:?}"
    );
}

fn delete_wins_over_an_async_function(world: Arc<World>) {
    let runtime = multi_thread();
    let leader = runtime.spawn(held_async(world.clone(), 100));
    eventually("it runs", || world.runs() == 1);
    let entry = held_async::entry(world.clone(), 100);
    runtime.block_on(entry.delete()).unwrap();
    world.release();
    assert_eq!(runtime.block_on(leader).unwrap(), 100);
    assert_eq!(runtime.block_on(entry.get()).unwrap(), None);
    assert_eq!(runtime.block_on(held_async(world, 100)), 101);
}

fn a_value_set_by_hand_wins_over_an_async_function(world: Arc<World>) {
    let runtime = multi_thread();
    let leader = runtime.spawn(held_async(world.clone(), 100));
    eventually("it runs", || world.runs() == 1);
    let entry = held_async::entry(world.clone(), 100);
    runtime.block_on(entry.set(&999)).unwrap();
    world.release();
    assert_eq!(runtime.block_on(leader).unwrap(), 100);
    assert_eq!(runtime.block_on(entry.get()).unwrap(), Some(999));
}

fn clear_leaves_the_flights_of_other_prefixes_alone(world: Arc<World>) {
    let kept = kept_after(&world, || {
        world.cache.with_prefix("other").blocking().clear().unwrap();
        world.cache.with_version(2).blocking().clear().unwrap();
    });
    assert_eq!(kept, Some(100));
}

fn a_clear_of_others_is_no_reason_to_run_it_twice(world: Arc<World>) {
    thread::scope(|scope| {
        let first = scope.spawn(|| held(&world, 100));
        eventually("it runs", || world.runs() == 1);
        world.cache.with_prefix("other").blocking().clear().unwrap();
        world.cache.with_version(2).blocking().clear().unwrap();
        beside::clear_in(&world.cache).unwrap();
        let second = scope.spawn(|| held(&world, 100));
        // Time enough to run it, which it does not.
        thread::sleep(milliseconds(50));
        world.release();
        assert_eq!(first.join().unwrap(), 100);
        assert_eq!(second.join().unwrap(), 100);
    });
    assert_eq!(world.runs(), 1);
}

/// Held back until it is released, every execution of it.
#[cache_result(timeout = 60, key(id), cache = world.cache.clone(), wait = "20ms")]
fn beside(world: &World, id: u64) -> u64 {
    world.run();
    eventually("it is released", || world.is_released());
    id
}

fn delete_wins_over_one_who_waited_no_longer_and_runs_beside(world: Arc<World>) {
    thread::scope(|scope| {
        let callers = [(), ()].map(|()| scope.spawn(|| beside(&world, 100)));
        eventually("both run", || world.runs() == 2);
        beside::entry(&world, 100).delete().unwrap();
        world.release();
        for caller in callers {
            assert_eq!(caller.join().unwrap(), 100);
        }
    });
    assert_eq!(beside::entry(&world, 100).get().unwrap(), None);
}
