//! What the three databases write differently; what they write alike is in `texts.rs`.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use super::config::SqlDatabase;
use super::table::Table;

/// How one of the databases writes its statements.
///
/// In the texts, `{now}` stands for the database's clock and `{table}` for the table.
pub(super) struct Dialect {
    /// What the store is called in logs and errors.
    pub(super) name: &'static str,
    /// The character around a name.
    pub(super) quote: char,
    /// The database's clock: milliseconds since 1970.
    pub(super) now: &'static str,
    /// Whether values are `$1`, `$2` instead of `?`.
    pub(super) numbered: bool,
    /// Whether many keys are one value (an array) instead of a list of values.
    pub(super) arrays: bool,
    /// Creates the table and its index; does nothing if they exist.
    pub(super) create: fn(&Table) -> Vec<String>,
    /// The name of the existing row, in an `INSERT`.
    pub(super) alias: &'static str,
    /// The end of an `INSERT` that replaces the existing row.
    pub(super) replace: &'static str,
    /// The end of an `INSERT` that replaces the existing row if it has expired.
    pub(super) replace_expired: &'static str,
    /// Writes a key as a literal, where it cannot replace a `?`.
    pub(super) literal: fn(&str) -> String,
    /// Begins a transaction of which only one runs at a time, among those that write to this table with the same
    /// key (the second text) and the same other key that forbids it (the third); until its end
    /// nobody deletes the one and nobody writes the other. What is read next is read after that.
    pub(super) begin: fn(&str, &str, &str) -> String,
    /// What answers and its version, as bytes.
    pub(super) version: &'static str,
    /// The size of the table, in bytes.
    pub(super) size: fn(&Table) -> String,
    /// Deletes at most `?` rows, by a condition and an order.
    pub(super) delete_some: fn(&str, &str, &str) -> String,
}

/// What two of them write alike in an `INSERT`.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod on_conflict {
    pub(super) const ALIAS: &str = " AS old";
    pub(super) const REPLACE: &str = "ON CONFLICT (cache_key) DO UPDATE \
                                      SET value = excluded.value, expires = excluded.expires";
    pub(super) const REPLACE_EXPIRED: &str = "ON CONFLICT (cache_key) DO UPDATE \
                                              SET value = excluded.value, expires = excluded.expires \
                                              WHERE old.expires <= {now}";
}

/// Returns bytes as text that no quote or backslash can break out of.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the dialect of this database.
pub(super) fn of(database: &SqlDatabase) -> &'static Dialect {
    match database {
        #[cfg(feature = "sqlite")]
        SqlDatabase::Sqlite(_) | SqlDatabase::SqliteMemory => &sqlite::SQLITE,
        #[cfg(feature = "postgres")]
        SqlDatabase::Postgres(_) => &postgres::POSTGRES,
        #[cfg(feature = "mysql")]
        SqlDatabase::MySql(_) => &mysql::MYSQL,
    }
}
