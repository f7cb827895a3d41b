//! PostgreSQL.

use super::{Dialect, hexadecimal, on_conflict};
use crate::stores::sql::table::{Table, hash};

pub(super) const POSTGRES: Dialect = Dialect {
    name: "postgres",
    quote: '"',
    // Of the clocks, the one that stands still within a statement and goes on within a transaction.
    now: "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)",
    numbered: true,
    arrays: true,
    create,
    alias: on_conflict::ALIAS,
    replace: on_conflict::REPLACE,
    replace_expired: on_conflict::REPLACE_EXPIRED,
    literal,
    begin,
    version: "SELECT convert_to('PostgreSQL ' || current_setting('server_version'), 'UTF8')",
    size,
    delete_some,
};

fn size(table: &Table) -> String {
    // A name of letters, digits and a few signs: no quote can be in it.
    format!(
        "SELECT pg_total_relation_size('{}'::regclass)",
        table.quoted('"')
    )
}

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

fn literal(key: &str) -> String {
    format!("decode('{}', 'hex')", hexadecimal(key.as_bytes()))
}

fn begin(_: &str, _: &str, beside: &str) -> String {
    // A row that is not there cannot be locked, and one that was written but is not to be seen yet is not
    // deleted: so it is a lock of its own, which poolers know to end with the transaction. Whatever the
    // server's default, statements see what was committed before they began. The table is no part of the
    // number, since it has names with and without a schema; two tables share a lock.
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({})",
        hash(beside).cast_signed()
    )
}

fn delete_some(table: &str, condition: &str, order: &str) -> String {
    // The rows are locked where they are chosen: one that another caller renews meanwhile is not
    // chosen any more.
    format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY \
         (SELECT ctid FROM {table} WHERE {condition} ORDER BY {order} LIMIT ? FOR UPDATE))"
    )
}
