//! How a connection to each of the databases is made, and what is sent on it first.

#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::time::Duration;

use sqlx::ConnectOptions;

#[cfg(feature = "postgres")]
use super::config::SqlServer;
use super::config::{SqlConfig, SqlDatabase};
use super::connection::Connection;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::failure;
use super::failure::Failure;
#[cfg(feature = "mysql")]
use super::pool::IDLE;

/// A statement abandoned by its caller ends on the server after this time at the latest. Callers
/// have shorter limits of their own.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const ABANDONED: Duration = Duration::from_secs(10);

/// Returns after what time at the latest the server undoes a transaction whose caller does not continue: a process
/// may be frozen in the middle of it, or its machine be gone. Longer than a caller's own limit.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn left_open(op_timeout: Duration) -> Duration {
    op_timeout.saturating_add(Duration::from_secs(1))
}

/// Where connections lead. Making it connects nothing.
pub(super) enum Place {
    #[cfg(feature = "sqlite")]
    // Boxed: it is large, and there is one in each pool.
    Sqlite(Box<sqlx::sqlite::SqliteConnectOptions>),
    #[cfg(feature = "sqlite")]
    SqliteMemory,
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgConnectOptions, Duration),
    #[cfg(feature = "mysql")]
    MySql(sqlx::mysql::MySqlConnectOptions, Duration),
}

impl Place {
    pub(super) fn new(config: &SqlConfig) -> Self {
        match &config.database {
            #[cfg(feature = "sqlite")]
            SqlDatabase::Sqlite(path) => {
                use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
                // A little less than the operation's limit: then it is the database that reports what it
                // waited for, and its connection can be used again.
                let patience = config.op_timeout * 9 / 10;
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(patience)
                    .disable_statement_logging();
                Self::Sqlite(Box::new(options))
            }
            #[cfg(feature = "sqlite")]
            SqlDatabase::SqliteMemory => Self::SqliteMemory,
            #[cfg(feature = "postgres")]
            SqlDatabase::Postgres(server) => Self::Postgres(postgres(server), config.op_timeout),
            #[cfg(feature = "mysql")]
            SqlDatabase::MySql(server) => {
                let mut options = sqlx::mysql::MySqlConnectOptions::new()
                    .host(&server.host)
                    .port(server.port)
                    .database(&server.database)
                    .disable_statement_logging();
                if let Some(username) = &server.username {
                    options = options.username(username);
                }
                if let Some(password) = &server.password {
                    options = options.password(password);
                }
                Self::MySql(options, config.op_timeout)
            }
        }
    }

    /// Returns whether connections do not belong to a tokio runtime, and only one of them writes at a time.
    pub(super) fn is_file(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) | Self::SqliteMemory => true,
            #[cfg(feature = "postgres")]
            Self::Postgres(..) => false,
            #[cfg(feature = "mysql")]
            Self::MySql(..) => false,
        }
    }

    /// Returns whether the database lives in its only connection.
    pub(super) fn is_memory(&self) -> bool {
        #[cfg(feature = "sqlite")]
        return matches!(self, Self::SqliteMemory);
        #[cfg(not(feature = "sqlite"))]
        false
    }

    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(options) => {
                make_file(options.get_filename())?;
                Ok(Connection::Sqlite(options.connect().await?))
            }
            #[cfg(feature = "sqlite")]
            Self::SqliteMemory => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().disable_statement_logging();
                Ok(Connection::Sqlite(options.connect().await?))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(options, op_timeout) => {
                let connected = options.connect().await;
                let mut connection = connected
                    .map_err(|error| failure::at(error, options.get_host(), options.get_port()))?;
                let limits = format!(
                    "SET statement_timeout = {}; SET lock_timeout = {}; \
                     SET idle_in_transaction_session_timeout = {}",
                    ABANDONED.as_millis().max(op_timeout.as_millis()),
                    op_timeout.as_millis().max(1),
                    left_open(*op_timeout).as_millis(),
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(limits))
                    .execute(&mut connection)
                    .await?;
                Ok(Connection::Postgres(connection))
            }
            #[cfg(feature = "mysql")]
            Self::MySql(options, op_timeout) => {
                let connected = options.connect().await;
                let mut connection = connected
                    .map_err(|error| failure::at(error, options.get_host(), options.get_port()))?;
                // Without gap locks, callers that write different keys do not wait for
                // each other. Only MariaDB reads what follows `/*M!`, and only MySQL what follows `/*!8`:
                // that has no limit for transactions, but one for every idle connection,
                // which is longer than the pool keeps one.
                let limits = format!(
                    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                     SET SESSION innodb_lock_wait_timeout = {} \
                     /*M!100101 , max_statement_time = {} */ \
                     /*M!100302 , idle_write_transaction_timeout = {} */ \
                     /*!80000 , wait_timeout = {} */",
                    op_timeout.as_secs_f64().ceil(),
                    ABANDONED.max(*op_timeout).as_secs_f64(),
                    left_open(*op_timeout).as_secs_f64().ceil(),
                    IDLE.as_secs() + 30,
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(limits))
                    .execute(&mut connection)
                    .await?;
                Ok(Connection::MySql(connection))
            }
        }
    }
}

/// Returns how to connect to a PostgreSQL server.
#[cfg(feature = "postgres")]
pub(super) fn postgres(server: &SqlServer) -> sqlx::postgres::PgConnectOptions {
    let mut options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .host(&server.host)
        .port(server.port)
        .database(&server.database)
        .application_name("cache-runtime")
        .disable_statement_logging();
    if let Some(username) = &server.username {
        options = options.username(username);
    }
    if let Some(password) = &server.password {
        options = options.password(password);
    }
    options
}

/// Creates the file for its owner only; SQLite would let everyone read it. The files that it creates
/// beside it are as readable as the file itself.
#[cfg(feature = "sqlite")]
fn make_file(path: &std::path::Path) -> Result<(), Failure> {
    use crate::error::{CacheError, ErrorKind};

    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = format!(
                "the folder of the database {} does not exist: make it first",
                path.display()
            );
            Err(Failure::Ours(
                CacheError::new(ErrorKind::Unavailable, text).with_source(error),
            ))
        }
        // It exists already; or SQLite reports what is wrong.
        _ => Ok(()),
    }
}
