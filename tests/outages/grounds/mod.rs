//! The stores, each with its server and with what can befall it.

mod files;
mod memcached;
mod redis;
mod sql;
mod sqlite;

use std::any::Any;

use crate::fault::Fault;

/// A store that outages are tried on.
pub(crate) struct Site {
    pub(crate) name: &'static str,
    /// Its name in `CACHE_TESTS_SKIP`.
    pub(crate) skip: &'static str,
    /// `None` if its server is not installed and may be skipped.
    pub(crate) start: fn() -> Option<Ground>,
}

/// A store that can be used, and broken, now.
pub(crate) struct Ground {
    pub(crate) url: String,
    /// The same store behind a proxy.
    pub(crate) by_proxy: Option<String>,
    pub(crate) faults: Vec<Fault>,
    /// Dropping it ends the server.
    pub(crate) _server: Box<dyn Any>,
}

/// In the order of the table; those that take longest first.
pub(crate) const GROUNDS: &[Site] = &[
    Site {
        name: "mariadb",
        skip: "mariadb",
        start: sql::mariadb,
    },
    Site {
        name: "postgres",
        skip: "postgres",
        start: sql::postgres,
    },
    Site {
        name: "redis",
        skip: "redis",
        start: redis::start,
    },
    Site {
        name: "memcached",
        skip: "memcached",
        start: memcached::start,
    },
    Site {
        name: "sqlite",
        skip: "",
        start: sqlite::start,
    },
    Site {
        name: "files",
        skip: "",
        start: files::start,
    },
];

/// Where a store stands in the table.
pub(crate) fn place(store: &str) -> usize {
    let found = GROUNDS.iter().position(|site| site.name == store);
    found.unwrap_or(GROUNDS.len())
}
