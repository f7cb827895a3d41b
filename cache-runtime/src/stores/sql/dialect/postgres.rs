//! PostgreSQL.

use super::Dialect;
use crate::stores::sql::table::Table;

pub(super) const POSTGRES: Dialect = Dialect {
    name: "postgres",
    quote: '"',
    // Of the clocks, the one that stands still within a statement and goes on within a transaction.
    now: "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)",
    numbered: true,
    arrays: true,
    create,
    alias: " AS old",
    replace: "ON CONFLICT (cache_key) DO UPDATE \
              SET value = excluded.value, expires = excluded.expires",
    replace_expired: "ON CONFLICT (cache_key) DO UPDATE \
                      SET value = excluded.value, expires = excluded.expires \
                      WHERE old.expires <= {now}",
    delete_some,
};

fn create(table: &Table) -> Vec<String> {
    let (name, index) = (table.quoted('"'), table.index('"'));
    vec![
        // Bytes, because text has a collation and cannot hold every character.
        format!(
            "CREATE TABLE IF NOT EXISTS {name} \
             (cache_key BYTEA NOT NULL PRIMARY KEY, value BYTEA NOT NULL, expires BIGINT)"
        ),
        format!("CREATE INDEX IF NOT EXISTS {index} ON {name} (expires)"),
    ]
}

fn delete_some(table: &str, condition: &str, order: &str) -> String {
    // The rows are locked where they are chosen: one that another caller renews meanwhile is not
    // chosen any more.
    format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY \
         (SELECT ctid FROM {table} WHERE {condition} ORDER BY {order} LIMIT ? FOR UPDATE))"
    )
}
