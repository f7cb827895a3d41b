//! The stores of the table, one row each: every one that a URL can name, with its server.

use cache_benches::report::Row;
use cache_tests::every_store::{AStore, EVERY_STORE};

use super::not_measured;
use super::store::Store;

/// Those that run, and a row for each that does not.
pub(super) fn start_all() -> (Vec<Store>, Vec<Row>) {
    let mut stores = Vec::new();
    let mut absent = Vec::new();
    for store in EVERY_STORE {
        match start(store) {
            Ok(store) => stores.push(store),
            Err(reason) => absent.push(not_measured("not measured", store.name, reason)),
        }
    }
    (stores, absent)
}

fn start(store: &AStore) -> Result<Store, String> {
    eprintln!("stores / {} starts", store.name);
    let started = (store.start)().ok_or("skipped: its server is not installed")?;
    Store::open(store.name, started).map_err(|error| error.to_string())
}
