//! The durations of single executions and operations, for histograms: unused unless the feature `metrics`
//! is on.

use std::time::Duration;

#[cfg(feature = "metrics")]
use super::metrics;
use crate::site::Site;

/// Records how long an execution took, which stands for `weight` of them.
#[inline]
pub(crate) fn executed(site: Option<&'static Site>, weight: u8, time: Option<Duration>) {
    #[cfg(feature = "metrics")]
    if let (Some(site), Some(time)) = (site, time) {
        metrics::execution(site, weight, time);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (site, weight, time);
}

/// Records how long an operation of a store took, which stands for `weight` of them.
#[inline]
pub(crate) fn asked(
    store: &'static str,
    operation: &'static str,
    is_failure: bool,
    (weight, time): (u8, Option<Duration>),
) {
    #[cfg(feature = "metrics")]
    if let Some(time) = time {
        metrics::operation(store, operation, is_failure, (weight, time));
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (store, operation, is_failure, weight, time);
}
