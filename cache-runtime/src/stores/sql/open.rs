//! A SQL store by URL: `sqlite:///var/cache/app.db`, `postgres://user:password@host:5432/db`,
//! `mysql://user:password@host:3306/db`.

use super::SqlStore;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::config::SqlServer;
use super::config::{SqlConfig, SqlDatabase};
use super::table::Table;
use crate::error::CacheError;
use crate::stores::{Opening, read_number, wrong};
use crate::url::{CacheUrl, bad};

/// Opens the store that the URL names. Nothing is connected yet.
pub(crate) fn open(opening: &Opening<'_>) -> Result<SqlStore, CacheError> {
    let Opening { url, settings, .. } = opening;
    let mut config = SqlConfig::new(database(url)?);
    config.max_entries = settings.max_entries;
    if let Some(frequency) = settings.cull_frequency {
        config.cull_frequency = frequency;
    }
    config.connect_timeout = settings.connect_timeout;
    config.op_timeout = settings.op_timeout;
    if let Some(connections) = opening.read("max_connections", read_number)? {
        config.max_connections = connections;
    }
    if let Some(table) = opening.option("table") {
        Table::new(table).map_err(|_| {
            let wanted = "it must be a name of 1 to 63 bytes, of letters, digits, `_`, `-`, `$` and spaces within; \
                          or `schema.table`";
            wrong("table", table, wanted)
        })?;
        config.table = table.to_owned();
    }
    SqlStore::new(config)
}

fn database(url: &CacheUrl) -> Result<SqlDatabase, CacheError> {
    match url.scheme.as_str() {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite(url),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(SqlDatabase::Postgres(server(url, 5432)?)),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(SqlDatabase::MySql(server(url, 3306)?)),
        other => Err(bad(format!("{other}:// is not a SQL database"))),
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(url: &CacheUrl) -> Result<SqlDatabase, CacheError> {
    match url.path.as_str() {
        _ if !url.hosts.is_empty() || url.user.is_some() => Err(bad(
            "sqlite:// has a path and no host: write three slashes, sqlite:///var/cache/app.db, \
             or sqlite:app.db for a file of the current folder",
        )),
        "" | "/" => Err(bad(
            "sqlite: needs a file: sqlite:///var/cache/app.db, sqlite:app.db or sqlite::memory:",
        )),
        ":memory:" => Ok(SqlDatabase::SqliteMemory),
        path => Ok(SqlDatabase::Sqlite(path.into())),
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server(url: &CacheUrl, port: u16) -> Result<SqlServer, CacheError> {
    use crate::url::host_and_port;

    let scheme = &url.scheme;
    let (host, port) = match url.hosts.as_slice() {
        [] => ("127.0.0.1".to_owned(), port),
        [host] => host_and_port(host, port)?,
        _ => return Err(bad(format!("{scheme}:// has one host"))),
    };
    let database = url.path.trim_matches('/');
    if database.is_empty() || database.contains('/') {
        return Err(bad(format!(
            "{scheme}:// needs a database: {scheme}://user:password@host:{port}/database"
        )));
    }
    Ok(SqlServer {
        username: url.user.clone(),
        password: url.password.clone(),
        ..SqlServer::new(host, port, database)
    })
}
