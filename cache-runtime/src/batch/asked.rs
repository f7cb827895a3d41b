//! One item of a batch that has met its cache, as a call first does.

use crate::call::Plan;
use crate::error::CacheError;
use crate::keep::Keep;
use crate::target::Target;
use crate::timeout::Timeout;

/// One item of a batch: its result, or everything that a call of it needs.
#[allow(missing_debug_implementations)]
pub struct Asked<R, K: Keep<R, Value: 'static>, P, A>(pub(super) Met<R, K, P, A>);

pub(super) enum Met<R, K: Keep<R, Value: 'static>, P, A> {
    /// It is in process.
    Hit(R),
    // Boxed: there is room for it in every hit.
    Missed(Box<Missed<R, K, P, A>>),
}

pub(super) struct Missed<R, K: Keep<R, Value: 'static>, P, A> {
    /// Where its result is kept, if it can be.
    pub(super) target: Result<Target, CacheError>,
    pub(super) plan: Plan<R, K::Value, P>,
    pub(super) item: A,
    pub(super) told: Told,
}

/// What a body would decide about its result, if another function runs in its place.
#[derive(Default)]
pub(super) struct Told {
    pub(super) timeout: Option<Timeout>,
    pub(super) tags: Vec<String>,
}

impl<R, K: Keep<R, Value: 'static>, P, A> Asked<R, K, P, A> {
    pub(crate) fn hit(result: R) -> Self {
        Self(Met::Hit(result))
    }

    pub(crate) fn missed(
        target: Result<Target, CacheError>,
        plan: Plan<R, K::Value, P>,
        item: A,
    ) -> Self {
        Self(Met::Missed(Box::new(Missed {
            target,
            plan,
            item,
            told: Told::default(),
        })))
    }

    /// Adds what a body would decide about its timeout, evaluated where the body would run.
    #[must_use]
    pub fn told(mut self, timeout: impl FnOnce() -> Timeout) -> Self {
        if let Met::Missed(missed) = &mut self.0 {
            missed.told.timeout = Some(timeout());
        }
        self
    }

    /// Adds the tags that a body would add, evaluated where the body would run.
    #[must_use]
    pub fn tagged<I: IntoIterator<Item = String>>(mut self, tags: impl FnOnce() -> I) -> Self {
        if let Met::Missed(missed) = &mut self.0 {
            missed.told.tags.extend(tags());
        }
        self
    }

    /// Returns the same with this item.
    pub fn with<B>(self, item: B) -> Asked<R, K, P, B> {
        Asked(match self.0 {
            Met::Hit(result) => Met::Hit(result),
            Met::Missed(missed) => Met::Missed(Box::new(Missed {
                target: missed.target,
                plan: missed.plan,
                item,
                told: missed.told,
            })),
        })
    }
}
