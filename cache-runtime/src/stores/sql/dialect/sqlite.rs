//! SQLite.

use super::{Dialect, on_conflict};
use crate::stores::sql::table::Table;

pub(super) const SQLITE: Dialect = Dialect {
    name: "sqlite",
    quote: '"',
    now: "CAST(ROUND(unixepoch('now', 'subsec') * 1000) AS INTEGER)",
    numbered: false,
    arrays: false,
    create,
    alias: on_conflict::ALIAS,
    replace: on_conflict::REPLACE,
    replace_expired: on_conflict::REPLACE_EXPIRED,
    literal,
    begin,
    version: "SELECT CAST('SQLite ' || sqlite_version() AS BLOB)",
    size,
    delete_some,
};

fn size(_: &Table) -> String {
    // Not every library of SQLite can tell it of one table: this is the file.
    "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()".to_owned()
}

fn create(table: &Table) -> Vec<String> {
    let name = table.quoted('"');
    // An index is named with the schema, and the table it is for without.
    let (schema, index, bare) = (table.schema('"'), table.index('"'), table.bare('"'));
    vec![
        // Text is compared byte by byte by default.
        format!(
            "CREATE TABLE IF NOT EXISTS {name} \
             (cache_key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, expires INTEGER)"
        ),
        format!("CREATE INDEX IF NOT EXISTS {schema}{index} ON {bare} (expires)"),
    ]
}

fn literal(key: &str) -> String {
    format!(
        "'{}'",
        key.replace('\'', "''").replace('\0', "'||char(0)||'")
    )
}

fn begin(_: &str, _: &str, _: &str) -> String {
    // The right to write, which one has at a time.
    "BEGIN IMMEDIATE".to_owned()
}

fn delete_some(table: &str, condition: &str, order: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE rowid IN \
         (SELECT rowid FROM {table} WHERE {condition} ORDER BY {order} LIMIT ?)"
    )
}
