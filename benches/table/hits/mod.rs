//! Hits in this process.

mod number;

use cache_benches::report::Row;

/// All of them.
pub(crate) fn all() -> Vec<Row> {
    number::all()
}
