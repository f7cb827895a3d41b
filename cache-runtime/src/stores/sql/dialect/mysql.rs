//! MySQL and MariaDB.

use super::{Dialect, hexadecimal};
use crate::stores::sql::table::Table;

pub(super) const MYSQL: Dialect = Dialect {
    name: "mysql",
    quote: '`',
    // The connection's time zone is UTC, where no hour comes twice.
    now: "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
    numbered: false,
    arrays: false,
    create,
    alias: "",
    replace: "ON DUPLICATE KEY UPDATE value = VALUES(value), expires = VALUES(expires)",
    // The server counts a row that is kept as it counts one that is added. So a row that is kept
    // says so by the "last id", which is otherwise 0 where there are no such ids.
    replace_expired: "ON DUPLICATE KEY UPDATE \
                      value = IF(expires <= {now}, VALUES(value), \
                      IF(LAST_INSERT_ID(1) = 1, value, value)), \
                      expires = IF(expires <= {now}, VALUES(expires), expires)",
    literal,
    begin,
    // MariaDB says so in its version.
    version: "SELECT CAST(CONCAT(IF(VERSION() LIKE '%MariaDB%', 'MariaDB ', 'MySQL '), VERSION()) AS BINARY)",
    size,
    delete_some,
};

fn size(table: &Table) -> String {
    let schema = table
        .schema_name()
        .map_or_else(|| "DATABASE()".to_owned(), literal);
    let name = literal(table.name());
    format!(
        "SELECT CAST(data_length + index_length AS SIGNED) FROM information_schema.tables \
         WHERE table_schema = {schema} AND table_name = {name}"
    )
}

fn create(table: &Table) -> Vec<String> {
    let (name, index) = (table.quoted('`'), table.index('`'));
    // Binary, because text has a collation and forgets trailing spaces.
    vec![format!(
        "CREATE TABLE IF NOT EXISTS {name} \
         (cache_key VARBINARY(1024) NOT NULL PRIMARY KEY, value LONGBLOB NOT NULL, \
         expires BIGINT NULL, INDEX {index} (expires)) ENGINE = InnoDB"
    )]
}

fn literal(key: &str) -> String {
    format!("X'{}'", hexadecimal(key.as_bytes()))
}

fn begin(table: &str, key: &str, _: &str) -> String {
    // Who deletes the row waits for whoever has written it, even if that was not to be seen yet. So who
    // has the row first and looks then, either sees what forbids it or is followed by the delete. A row
    // that never expires does not attract those who purge.
    format!(
        "START TRANSACTION; INSERT INTO {table} (cache_key, value, expires) VALUES ({}, '', NULL) \
         ON DUPLICATE KEY UPDATE cache_key = VALUES(cache_key)",
        literal(key)
    )
}

fn delete_some(table: &str, condition: &str, order: &str) -> String {
    format!("DELETE FROM {table} WHERE {condition} ORDER BY {order} LIMIT ?")
}
