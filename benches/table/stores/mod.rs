//! What each store costs, as a ratio to Redis: values from a byte to 5 MiB, keys of one byte and of a
//! thousand, 100,000 entries, and a million that expire at once.
//!
//! `CACHE_BENCHES_SCALE=0.02 cargo bench -p cache-benches --features all-stores -- stores` takes three
//! minutes; without the first word it is the whole, of twelve.

mod crowd;
mod expiry;
mod operations;
mod servers;
mod store;

use cache_benches::race::Race;
use cache_benches::report::{Figure, Row};

use store::Store;

/// All of them.
pub(crate) fn all() -> Vec<Row> {
    let (stores, absent) = servers::start_all();
    let mut rows = operations::all(&stores);
    rows.extend(crowd::all(&stores));
    rows.extend(expiry::all(&stores));
    rows.extend(absent);
    // Some of the work is done on other threads than the one whose allocations are counted.
    for row in &mut rows {
        row.allocations = None;
    }
    rows
}

/// What a run is to be of the whole: 1, or the number in `CACHE_BENCHES_SCALE`.
fn scale() -> f64 {
    let scale = std::env::var("CACHE_BENCHES_SCALE").ok();
    let scale = scale.and_then(|scale| scale.parse().ok());
    scale.unwrap_or(1.0_f64).clamp(0.001, 1.0)
}

fn scaled(count: u64) -> u64 {
    ((count as f64 * scale()) as u64).max(1)
}

/// A race between the stores.
fn race<'a>(work: impl Into<String>) -> Race<'a> {
    Race::new("stores", work)
}

/// A figure that was taken once, beside that of Redis, as the races have it.
fn once(work: &str, figures: Vec<(&Store, Figure, Option<String>)>) -> Vec<Row> {
    let base = figures.iter().find(|(store, ..)| store.is_base());
    let base = base.map(|(_, figure, _)| figure.value);
    let row = |(store, figure, note): (&Store, Figure, Option<String>)| Row {
        is_ours: store.is_base(),
        ratio: base.map(|base| figure.value / base),
        note,
        ..Row::of("stores", work, store.name(), figure)
    };
    figures.into_iter().map(row).collect()
}

/// A row that says why there is no figure.
fn not_measured(work: &str, store: &str, reason: impl Into<String>) -> Row {
    Row {
        note: Some(reason.into()),
        ..Row::of("stores", work, store, Figure::nanos(f64::NAN))
    }
}
