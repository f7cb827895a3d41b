//! A cached function as a whole, by the type of its name: `clear(get_user_tasks)`.

use crate::cache::Cache;
use crate::key::version::Version;
use crate::site::Site;

/// The handle of a function whose cache and version are known without its arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cleared by its name alone",
    label = "which cache, in which version? if its arguments say so, add `cache = ..`",
    note = "only cached functions can be cleared, as in `clear(get_user_tasks)`"
)]
pub trait Whole {
    /// Returns the function.
    fn site() -> &'static Site;
    /// Returns its cache, if it is not that of an alias.
    #[must_use]
    fn cache() -> Option<Cache> {
        None
    }
    /// Its version, if it is not the cache's.
    #[must_use]
    fn version() -> Option<Version> {
        None
    }
}

/// The handle of any cached function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no cached function",
    label = "expected the name of a cached function, as in `clear(get_user_tasks)`"
)]
pub trait WholeIn {
    /// Returns the function.
    fn site_in() -> &'static Site;
    /// Its version, if it is not the cache's.
    #[must_use]
    fn version_in() -> Option<Version> {
        None
    }
}

impl<H: Whole> WholeIn for H {
    fn site_in() -> &'static Site {
        H::site()
    }

    fn version_in() -> Option<Version> {
        H::version()
    }
}
