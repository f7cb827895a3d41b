//! What the sources know as `crate::target`: as much of a function and its cache as the decision about a
//! value that was found asks for.

use std::time::Duration;

use crate::clock::{Clock, Tick};
use crate::life::{Age, Care, Life};

pub(crate) struct Target {
    pub(crate) cache: Cache,
    /// Whose turn it is: one target serves all nodes.
    pub(crate) key: usize,
    pub(crate) binding: Binding,
    pub(crate) care: Care,
}

impl Target {
    pub(crate) fn new(care: Care, soft: Option<Duration>, nodes: usize) -> Self {
        let limits = Limits { soft };
        Self {
            cache: Cache(Core {
                settings: Settings::default(),
                retries: Retries(vec![0; nodes]),
            }),
            key: 0,
            binding: Binding {
                site: Some(Site { limits }),
            },
            care,
        }
    }

    pub(crate) fn care(&self) -> &Care {
        &self.care
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.cache.0.settings.clock
    }

    /// This node leaves to another what that one computes.
    pub(crate) fn elsewhere(&mut self, node: usize) {
        let now = self.clock().now();
        self.cache.0.retries.0[node] = now + ELSEWHERE;
    }

    /// Whether this node may ask for it.
    pub(crate) fn admits(&self, node: usize) -> bool {
        self.cache.0.retries.admits(&node, self.clock())
    }
}

pub(crate) struct Cache(Core);

impl Cache {
    pub(crate) fn core(&self) -> &Core {
        &self.0
    }
}

pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) retries: Retries,
}

#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) clock: Clock,
}

/// What another node computes is asked for so often, in milliseconds.
const ELSEWHERE: Tick = 50;

/// Before when each node does not ask. The function never fails here.
pub(crate) struct Retries(Vec<Tick>);

impl Retries {
    pub(crate) fn admits(&self, node: &usize, clock: &Clock) -> bool {
        self.0[*node] <= clock.now()
    }
}

pub(crate) struct Binding {
    pub(crate) site: Option<Site>,
}

#[derive(Clone, Copy)]
pub(crate) struct Site {
    pub(crate) limits: Limits,
}

#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) soft: Option<Duration>,
}

/// A value that was found, not dead. What it is does not matter here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<V> {
    pub(crate) value: V,
    pub(crate) life: Life,
    pub(crate) age: Age,
    pub(crate) cost: Duration,
}

impl<V> Found<V> {
    pub(crate) fn is_fresh(&self) -> bool {
        self.age < Age::Stale
    }

    pub(crate) fn is_late(&self) -> bool {
        self.age == Age::Late
    }
}
