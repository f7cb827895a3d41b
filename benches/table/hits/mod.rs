//! Hits in this process: what a call costs whose result is kept already.
//!
//! Every lane is the same function, with the same arguments and the same result: attributes stand
//! above it, and around a plain cache is written what its user writes. A lane that is not a limit
//! has a timeout of 600 s and a bound of 100,000 entries, and one store for all threads.

mod awaited;
mod course;
mod keys;
mod lanes;
mod levels;
mod number;
mod rivals;
mod rows;
mod shared;
mod text;

use cache_benches::report::Row;

/// All of them.
pub(crate) fn all() -> Vec<Row> {
    let mut rows = number::all();
    rows.extend(text::all());
    rows.extend(shared::all());
    rows.extend(rows::all());
    rows.extend(awaited::all());
    rows.extend(levels::all());
    rows
}
