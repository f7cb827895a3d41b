//! Which database, which table in it, and how much of both.

use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::time::Duration;

/// A table of a SQL database, and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlConfig {
    /// Where the database is.
    pub database: SqlDatabase,
    /// The name of the table, `schema.table` if need be; `cache_entries` unless told.
    pub table: String,
    /// Above so many rows a part of them goes; 100,000 unless told.
    pub max_entries: usize,
    /// One in so many rows goes then, those that expire soonest; 0 for all; 3 unless told.
    pub cull_frequency: u32,
    /// The most connections for each tokio runtime, or for each SQLite file (at least 1); 8 unless
    /// told.
    pub max_connections: usize,
    /// The longest time to connect, greeting included; 500 ms unless told.
    pub connect_timeout: Duration,
    /// The longest time of one operation, connecting and waiting included; 500 ms unless told.
    pub op_timeout: Duration,
}

/// Where a SQL database is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlDatabase {
    /// A file of SQLite, made if it is missing; its folder is not made.
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    /// A SQLite database in memory, this store's own.
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
    /// Who we are to it; the client's own default where it is not told.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The name of the database.
    pub database: String,
}

impl SqlConfig {
    /// The table `cache_entries` of a database, with the default limits.
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
    /// A database of the server at `host` and `port`.
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
