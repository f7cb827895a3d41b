//! How long single executions and operations took, for those who make histograms of it: nobody, unless the
//! feature `metrics` is on.

use std::time::Duration;

#[cfg(feature = "metrics")]
use super::metrics;
use crate::site::Site;

/// An execution took so long, and stands for `weight` of them.
#[inline]
pub(crate) fn executed(site: Option<&'static Site>, weight: u8, time: Option<Duration>) {
    #[cfg(feature = "metrics")]
    if let (Some(site), Some(time)) = (site, time) {
        metrics::execution(site, weight, time);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (site, weight, time);
}

/// An operation of a store took so long, and stands for so many.
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
