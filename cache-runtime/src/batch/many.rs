//! `many`: a result for each item, on one page.
//!
//! Two batches that share keys in a different order must not wait for each other in a circle. So a batch
//! leads the flights that are free, lands them all, and only then waits for those that others lead;
//! between two parts it leads none. A repeated item counts as a flight of another.

use std::future::Future;

use super::asked::{Asked, Met};
use super::run::{Answers, Way};
use super::shared::run_shared;
use super::sort::{Led, Missing, look_for, sort};
use super::together::{together, turn};
use crate::context::Context;
use crate::keep::Keep;
use crate::policy::Policy;
use crate::target::Target;

/// How many items are handled at a time: one round trip, one call of a batch function.
pub(super) const PART: usize = 1_000;
/// How many bodies of an `async fn` run at a time. A sync one has one thread, its caller's.
pub(super) const AT_ONCE: usize = 16;

/// Returns the result of each item, in order.
pub(super) async fn many<A, R, K, P, F, G>(
    mut items: impl Iterator<Item = A>,
    way: Way<impl Fn(A) -> Asked<R, K, P, A>, impl Fn(A) -> F, impl Fn(Vec<A>) -> G, R>,
) -> Vec<R>
where
    K: Keep<R, Value: 'static>,
    P: Policy<K::Value>,
    F: Future<Output = R>,
    G: Future<Output = Answers<R, A>>,
{
    let at_once = if way.mode.is_blocking() { 1 } else { AT_ONCE };
    let mut results = Vec::with_capacity(items.size_hint().0.min(PART));
    loop {
        // Each item's result, until all of this part are there.
        let mut part: Vec<Option<R>> = Vec::new();
        let mut missed = Vec::new();
        for (at, item) in items.by_ref().take(PART).enumerate() {
            match (way.ask)(item).0 {
                Met::Hit(result) => part.push(Some(result)),
                Met::Missed(miss) => {
                    part.push(None);
                    missed.push((at, miss));
                }
            }
        }
        if part.is_empty() {
            return results;
        }
        if !missed.is_empty() {
            // Boxed: a batch that is all hits has no use for the room.
            let done = |at: usize, result| part[at] = Some(result);
            Box::pin(fill(missed, &way, at_once, done)).await;
        }
        results.extend(part.into_iter().flatten());
        if !way.mode.is_blocking() {
            turn().await;
        }
    }
}

/// Finds the results of the items that are not in process.
async fn fill<A, R, K, P, F, G>(
    missed: Missing<R, K, P, A>,
    way: &Way<impl Fn(A) -> Asked<R, K, P, A>, impl Fn(A) -> F, impl Fn(Vec<A>) -> G, R>,
    at_once: usize,
    mut done: impl FnMut(usize, R),
) where
    K: Keep<R, Value: 'static>,
    P: Policy<K::Value>,
    F: Future<Output = R>,
    G: Future<Output = Answers<R, A>>,
{
    let (led, mut rows) = sort(missed, way.function.is_some());
    if !led.is_empty() {
        let frame = look_for(way.mode, &led).await;
        match &way.function {
            Some(function) => {
                let done = |at, _: Option<&Target>, result, _| done(at, result);
                rows.extend(run_shared(way.mode, led, function, frame.as_ref(), done).await);
            }
            None => {
                // A caller of a value that is already there should not wait until a function has run.
                let is_found =
                    |led: &Led<R, K, P, A>| led.given().is_some_and(|given| given.is_found());
                let (mut calls, absent): (Vec<_>, Vec<_>) = led.into_iter().partition(is_found);
                calls.extend(absent);
                let calls = calls.into_iter().map(|led| {
                    let context = Context::given(led.given().cloned(), frame.as_ref());
                    (led.at, context.wrap((way.call)(led.item)))
                });
                together(at_once, calls, &mut done).await;
            }
        }
    }
    let calls = rows.into_iter().map(|row| {
        let context = Context::given(row.given, None);
        (row.at, context.wrap((way.call)(row.item)))
    });
    together(at_once, calls, done).await;
}
