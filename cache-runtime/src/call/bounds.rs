//! What some settings require of a function's types, as traits whose compile errors speak of caching.

use crate::error::CacheError;

/// An error type that can be made from an error of the cache.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made of an error of the cache",
    label = "`strict` and `hard_timeout` can end in a `CacheError`, so the function's error needs `From<CacheError>`",
    note = "write `impl From<cache_runtime::CacheError> for {Self}`, or return an error that is made of any, like `anyhow::Error` or `Box<dyn std::error::Error + Send + Sync>`",
    note = "or remove the setting: without it a store that fails is a miss, and the function runs"
)]
pub trait Failed: From<CacheError> {}

impl<E: From<CacheError>> Failed for E {}

/// Returns an error of the cache as the result of the function.
pub fn failed<T, E: Failed>(error: CacheError) -> Result<T, E> {
    Err(E::from(error))
}

/// An argument that a body can take along when it continues in the background.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go behind the call",
    label = "with `refresh_ahead`, `soft_timeout` or a limit on a `fn` the body may go on in another thread: arguments must be `Send + 'static`",
    note = "take what is `Send`, an `Arc` instead of an `Rc`, or make it in the body",
    note = "`early = 1.0` renews values before their timeout without a background, so that its arguments may be anything"
)]
pub trait Behind: Send + 'static {}

impl<T: Send + 'static> Behind for T {}

/// Checks that this argument can go to the background.
#[inline(always)]
pub fn goes_behind<T: Behind>(_: &T) {}
