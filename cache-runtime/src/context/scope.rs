//! For users: switch caching off in a scope, refresh in a scope, and let a body decide.

use std::future::Future;
use std::sync::Arc;

use crate::context::{self, Context, Frame};
use crate::timeout::Timeout;

/// Runs `future` with caching off: every cached function in it runs, nothing is read or kept.
pub async fn bypass<F: Future>(future: F) -> F::Output {
    Context::bypass().wrap(future).await
}

/// Runs `f` with caching off: every cached function in it runs, nothing is read or kept.
///
/// ```
/// use cache_runtime::{bypass_blocking, cache_result};
///
/// #[cache_result(timeout = 60)]
/// fn roll() -> u64 {
///     std::time::SystemTime::now().elapsed().map_or(1, |t| t.as_nanos() as u64)
/// }
///
/// roll();
/// let before = roll::stats().misses;
/// bypass_blocking(|| roll());
/// assert_eq!(roll::stats().misses, before);
/// ```
pub fn bypass_blocking<T>(f: impl FnOnce() -> T) -> T {
    Context::bypass().enter(f)
}

/// Runs `future` so that every cached function in it runs and its result is kept, as for a reload button.
pub async fn refreshing<F: Future>(future: F) -> F::Output {
    Context::refreshing().wrap(future).await
}

/// Runs `f` so that every cached function in it runs and its result is kept, as for a reload button.
pub fn refreshing_blocking<T>(f: impl FnOnce() -> T) -> T {
    Context::refreshing().enter(f)
}

/// Returns the cached call whose body is running here; outside of one, a call on which nothing has an effect.
///
/// ```
/// use cache_runtime::{cache_result, current};
///
/// #[cache_result(timeout = 60)]
/// fn price(id: u64) -> u64 {
///     if id == 0 {
///         current().skip();            // this result is not kept
///     } else if id > 100 {
///         current().timeout(5);        // this one lives for five seconds
///     }
///     id * 2
/// }
///
/// price(0);
/// assert!(price::entry(0).get().unwrap().is_none());
/// price(7);
/// assert_eq!(price::entry(7).get().unwrap(), Some(14));
/// ```
#[must_use]
pub fn current() -> Call {
    Call(context::frame())
}

/// A cached call that is running; what the function says here applies to its own result.
#[derive(Clone)]
pub struct Call(Option<Arc<Frame>>);

impl Call {
    /// Makes the result live this long, whatever the attribute says.
    pub fn timeout(&self, timeout: impl Into<Timeout>) {
        let timeout = timeout.into();
        self.decide(|decisions| decisions.timeout = Some(timeout));
    }

    /// Prevents the result from being kept.
    pub fn skip(&self) {
        self.decide(|decisions| decisions.skip = true);
    }

    /// Gives the result this tag, in addition to those of the attribute: `delete_tag` invalidates it.
    pub fn tag(&self, tag: impl Into<String>) {
        let tag = tag.into();
        self.decide(|decisions| decisions.tags.push(tag));
    }

    /// Takes the tags given so far, which then no longer apply to the result: for code that keeps elsewhere
    /// what they were given for.
    #[doc(hidden)]
    #[must_use]
    pub fn take_tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        self.decide(|decisions| tags = std::mem::take(&mut decisions.tags));
        tags
    }

    /// Returns whether the body has decided not to keep the result.
    #[doc(hidden)]
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        let frame = self.0.as_ref();
        frame.is_some_and(|frame| frame.decisions().skip)
    }

    fn decide(&self, change: impl FnOnce(&mut context::Decisions)) {
        if let Some(frame) = &self.0 {
            frame.decide(change);
        }
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decisions = self.0.as_ref().map(|frame| frame.decisions());
        f.debug_tuple("Call").field(&decisions).finish()
    }
}
