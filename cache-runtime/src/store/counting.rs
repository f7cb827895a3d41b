//! Sums, and the errors where there is none: the same messages from every store.

use crate::error::{CacheError, ErrorKind};

pub(crate) const NOT_AN_INTEGER: &str =
    "what is stored is not an integer, so it cannot be counted with: `set` one first";
pub(crate) const TOO_LARGE: &str = "the sum does not fit into 64 bits";

/// Returns `number` plus `by`.
pub(crate) fn sum(number: i64, by: i64) -> Result<i64, CacheError> {
    let sum = number.checked_add(by);
    sum.ok_or_else(|| CacheError::new(ErrorKind::Store, TOO_LARGE))
}

pub(crate) fn not_an_integer() -> CacheError {
    CacheError::new(ErrorKind::Decode, NOT_AN_INTEGER)
}
