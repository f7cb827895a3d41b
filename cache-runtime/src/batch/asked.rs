//! One item of a batch that has met its cache, as a call does first.

use crate::call::Plan;
use crate::error::CacheError;
use crate::keep::Keep;
use crate::target::Target;

/// One item of a batch: its result, or all that a call of it needs.
#[allow(missing_debug_implementations)]
pub struct Asked<R, K: Keep<R, Value: 'static>, P, A>(pub(super) Met<R, K, P, A>);

pub(super) enum Met<R, K: Keep<R, Value: 'static>, P, A> {
    /// It is in process.
    Hit(R),
    Missed(Missed<R, K, P, A>),
}

pub(super) struct Missed<R, K: Keep<R, Value: 'static>, P, A> {
    /// Where its result is kept, if it can be.
    pub(super) target: Result<Target, CacheError>,
    pub(super) plan: Plan<R, K::Value, P>,
    pub(super) item: A,
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
        Self(Met::Missed(Missed { target, plan, item }))
    }
}
