//! What the sources know as `crate::target`: as much of a function and its cache as the decision about a
//! value that was found asks for.

use std::time::Duration;

use crate::clock::Clock;
use crate::life::{Care, Life, Phase};

pub(crate) struct Target {
    pub(crate) cache: Cache,
    pub(crate) key: (),
    pub(crate) binding: Binding,
    pub(crate) care: Care,
}

impl Target {
    pub(crate) fn new(care: Care, soft: Option<Duration>) -> Self {
        let limits = Limits { soft };
        Self {
            cache: Cache(Core::default()),
            key: (),
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
}

pub(crate) struct Cache(Core);

impl Cache {
    pub(crate) fn core(&self) -> &Core {
        &self.0
    }
}

#[derive(Default)]
pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) retries: Retries,
}

#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) clock: Clock,
}

/// The function never fails here.
#[derive(Default)]
pub(crate) struct Retries;

impl Retries {
    pub(crate) fn admits(&self, _: &(), _: &Clock) -> bool {
        true
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
    pub(crate) phase: Phase,
    pub(crate) cost: Duration,
}

impl<V> Found<V> {
    pub(crate) fn is_fresh(&self) -> bool {
        self.phase < Phase::Stale
    }

    pub(crate) fn is_late(&self) -> bool {
        self.phase == Phase::Late
    }
}
