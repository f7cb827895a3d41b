//! Which database, which table in it, and the limits of both.

use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::time::Duration;

/// A table of a SQL database, and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlConfig {
    /// Where the database is.
    pub database: SqlDatabase,
    /// The name of the table, if need be as `schema.table`; `cache_entries` by default.
    pub table: String,
    /// The number of rows above which a part of them is evicted; 100,000 by default.
    pub max_entries: usize,
    /// One in this many rows is then evicted, those that expire soonest; 0: all of them. 3 by default.
    pub cull_frequency: u32,
    /// The most connections for each tokio runtime, or for each SQLite file (at least 1); 8 by
    /// default.
    pub max_connections: usize,
    /// The longest time to connect, including the greeting; 500 ms by default.
    pub connect_timeout: Duration,
    /// The longest time of one operation, including connecting and waiting; 500 ms by default.
    pub op_timeout: Duration,
}

/// Where a SQL database is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlDatabase {
    /// A SQLite file, created if it is missing; its folder is not created.
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    /// A SQLite database in memory, which belongs to this store alone.
    #[cfg(feature = "sqlite")]
    SqliteMemory,
    /// A PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(SqlServer),
    /// A MySQL or MariaDB server.
    #[cfg(feature = "mysql")]
    MySql(SqlServer),
}

/// A database on a server; `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct SqlServer {
    /// The host: a name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user name; by default the client's own.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The name of the database.
    pub database: String,
}

impl SqlConfig {
    /// Returns a configuration of the table `cache_entries` in a database, with the default limits.
    #[must_use]
    pub fn new(database: SqlDatabase) -> Self {
        Self {
            database,
            table: "cache_entries".to_owned(),
            max_entries: 100_000,
            cull_frequency: 3,
            max_connections: 8,
            connect_timeout: Duration::from_millis(500),
            op_timeout: Duration::from_millis(500),
        }
    }
}

impl SqlServer {
    /// Returns a database of the server at `host` and `port`.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, database: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            username: None,
            password: None,
            database: database.into(),
        }
    }
}

impl fmt::Debug for SqlServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "(hidden)"))
            .field("database", &self.database)
            .finish()
    }
}
