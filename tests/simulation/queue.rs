//! What is to happen, in the order of time; what is to happen at one time, in the order in which it was
//! arranged.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::fleet::Micros;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// A read on this node, if nothing has changed there since; it has drawn this share, if any.
    Read {
        node: usize,
        epoch: u64,
        share: Option<f64>,
    },
    /// Nobody was chosen so far: it is time to draw again.
    Draw { node: usize, epoch: u64 },
    /// A flight goes on.
    Step { flight: usize },
    /// What this node tells is heard by all others.
    News { from: usize },
    /// The middle of a quiet time: what came of the expiry before it is counted.
    Quiet,
}

#[derive(Debug)]
struct Planned {
    at: Micros,
    number: u64,
    event: Event,
}

impl Planned {
    fn order(&self) -> (Micros, u64) {
        (self.at, self.number)
    }
}

impl Ord for Planned {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Planned {}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    planned: BinaryHeap<Reverse<Planned>>,
    number: u64,
}

impl Queue {
    pub(crate) fn at(&mut self, at: Micros, event: Event) {
        let number = self.number;
        self.number += 1;
        self.planned.push(Reverse(Planned { at, number, event }));
    }

    pub(crate) fn next(&mut self) -> Option<(Micros, Event)> {
        let Reverse(planned) = self.planned.pop()?;
        Some((planned.at, planned.event))
    }
}
