//! Waiting that would never end: a function that reaches itself, or two that wait for each other.
//!
//! Before a body waits for a flight, the flights are walked along "its body waits for": if that
//! leads back to a flight that this chain of calls leads itself, waiting would be a circle.
//! The walk takes one lock for the whole process; only callers that wait inside a
//! cached function take it, which is rare, and they wait anyway.

use std::sync::Arc;

use super::one::Flight;
use crate::context::{self, Frame};
use crate::sync::{Mutex, lock};

static WALK: Mutex<()> = Mutex::new(());

/// While it lives, the flights of this chain of calls are known to wait for `target`.
pub(crate) struct Edge {
    mine: Vec<Arc<Flight>>,
    target: Arc<Flight>,
}

impl Edge {
    /// Announces the wait; `None` if it would be a circle.
    pub(crate) fn announce(target: &Arc<Flight>) -> Option<Edge> {
        let mine = Frame::flights(context::here().frame.as_ref());
        if !mine.is_empty() {
            let _walk = lock(&WALK);
            if leads_to(target, &mine) {
                return None;
            }
            for flight in &mine {
                lock(&flight.waits_for).push(target.clone());
            }
        }
        Some(Edge {
            mine,
            target: target.clone(),
        })
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        if self.mine.is_empty() {
            return;
        }
        let _walk = lock(&WALK);
        for flight in &self.mine {
            let mut waits_for = lock(&flight.waits_for);
            if let Some(at) = waits_for
                .iter()
                .position(|waited| Arc::ptr_eq(waited, &self.target))
            {
                waits_for.swap_remove(at);
            }
        }
    }
}

/// Stands for a caller that leads all of `flights` and lands them one after the other: while it waits for
/// another flight, they all do. `None` if there are none.
pub(crate) fn one_for_all(flights: &[Arc<Flight>]) -> Option<Arc<Flight>> {
    let one = Arc::new(Flight::new(flights.first()?.key.clone(), 0));
    let _walk = lock(&WALK);
    for flight in flights {
        lock(&flight.waits_for).push(one.clone());
    }
    Some(one)
}

fn leads_to(target: &Arc<Flight>, mine: &[Arc<Flight>]) -> bool {
    let mut seen: Vec<Arc<Flight>> = Vec::new();
    let mut next = vec![target.clone()];
    while let Some(flight) = next.pop() {
        if mine.iter().any(|own| Arc::ptr_eq(own, &flight)) {
            return true;
        }
        if seen.iter().any(|old| Arc::ptr_eq(old, &flight)) {
            continue;
        }
        next.extend(lock(&flight.waits_for).iter().cloned());
        seen.push(flight);
    }
    false
}
