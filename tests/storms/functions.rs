//! What is called: functions that call each other, also in circles, and fail in several ways.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cache_runtime::cache_result;

use crate::world::World;

/// An error that those who wait can share.
#[derive(Debug, Clone)]
pub(crate) struct Shared;

/// One that they cannot.
#[derive(Debug)]
pub(crate) struct Unshared;

/// Every second result is kept.
#[cache_result(key(id), cache = world.cache, when = |id| id % 2 == 0)]
pub(crate) async fn leaf(world: Arc<World>, id: u64) -> Result<u64, Shared> {
    world.run().await;
    if id % 5 == 1 {
        return Err(Shared);
    }
    Ok(id)
}

#[cache_result(key(id), cache = world.cache)]
pub(crate) async fn lonely(world: Arc<World>, id: u64) -> Result<u64, Unshared> {
    world.run().await;
    if id.is_multiple_of(2) {
        return Err(Unshared);
    }
    Ok(id)
}

#[cache_result(key(id), cache = world.cache)]
pub(crate) async fn branch(world: Arc<World>, id: u64) -> u64 {
    let one = leaf(world.clone(), id).await;
    world.run().await;
    let other = lonely(world, id + 1).await;
    one.map_or(0, |one| one) + other.map_or(0, |other| other)
}

/// Reaches itself after three steps.
#[cache_result(key(id), cache = world.cache)]
pub(crate) async fn ring(world: Arc<World>, id: u64, steps: u64) -> u64 {
    world.run().await;
    if steps == 0 {
        return id;
    }
    let next = (id + 1) % 3;
    Box::pin(ring(world, next, steps - 1)).await
}

/// Not kept, with an invalidation from its own body.
#[cache_result(key(id), cache = world.cache, timeout = 0)]
pub(crate) async fn restless(world: Arc<World>, id: u64) -> u64 {
    world.run().await;
    let _ = leaf::entry(world.clone(), id).delete().await;
    world.run().await;
    id
}

/// Ends when it is dropped.
#[cache_result(key(id), cache = world.cache)]
pub(crate) async fn endless(world: Arc<World>, id: u64) -> u64 {
    world.is_stormy.store(false, Ordering::SeqCst);
    world.run().await;
    std::future::pending::<()>().await;
    id
}
