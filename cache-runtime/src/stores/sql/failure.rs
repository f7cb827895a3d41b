//! What an error of a database means: for the caller, and for the connection it came over.

use std::io;
use std::time::Duration;

use sqlx::error::DatabaseError;

use crate::error::{CacheError, ErrorKind};

/// Why an operation has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// An error of the database, or of the way to it.
    Theirs(sqlx::Error),
    /// The answer is an error found by this store.
    Ours(CacheError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Theirs(error)
    }
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        Self::Ours(error)
    }
}

/// What an error of a database is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The table is not there.
    NoTable,
    /// Two callers were in each other's way, and this one's statement was undone.
    Conflict,
    /// Someone else made the same thing at the same time.
    Made,
    /// A lock could not be had in time, or the statement took too long.
    TooSlow,
    /// The server is shutting down, starting, or has no connection left.
    Away,
    /// The server, or what it has become, does not write: another connection may find one that does.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "only a server can become another one")
    )]
    ReadOnly,
    /// It refuses.
    Refused,
}

impl Failure {
    /// Returns the error as the caller of the store sees it.
    pub(super) fn describe(self) -> CacheError {
        let error = match self {
            Self::Theirs(error) => error,
            Self::Ours(error) => return error,
        };
        let (kind, text) = match &error {
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => (
                ErrorKind::Timeout,
                "no answer from the database in time".to_owned(),
            ),
            sqlx::Error::Io(error) => (
                ErrorKind::Unavailable,
                format!("connection to the database failed: {error}"),
            ),
            sqlx::Error::Database(error) => {
                let kind = match cause(error.as_ref()) {
                    Cause::TooSlow => ErrorKind::Timeout,
                    Cause::Away | Cause::Conflict => ErrorKind::Unavailable,
                    Cause::NoTable | Cause::Made | Cause::ReadOnly | Cause::Refused => {
                        ErrorKind::Store
                    }
                };
                (kind, format!("the database answered: {}", error.message()))
            }
            sqlx::Error::Configuration(_) | sqlx::Error::InvalidArgument(_) => {
                (ErrorKind::Config, error.to_string())
            }
            sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => {
                (ErrorKind::Unavailable, error.to_string())
            }
            // A table of this name, with other columns.
            _ => (ErrorKind::Store, error.to_string()),
        };
        let described = CacheError::new(kind, fragment(&text));
        match error {
            // Their text is included, under a heading of this store in place of sqlx's.
            sqlx::Error::Io(_) | sqlx::Error::Database(_) => described,
            error => described.with_source(error),
        }
    }

    pub(super) fn is_missing_table(&self) -> bool {
        self.is(Cause::NoTable)
    }

    /// Returns whether the same statement may succeed at once.
    pub(super) fn is_conflict(&self) -> bool {
        self.is(Cause::Conflict)
    }

    /// Returns whether what was to be made has been made by someone else.
    pub(super) fn is_made(&self) -> bool {
        self.is(Cause::Made) || self.is(Cause::Conflict)
    }

    /// Returns whether a lock could not be had.
    pub(super) fn is_too_slow(&self) -> bool {
        self.is(Cause::TooSlow)
    }

    /// Returns whether the database is there, and refuses what it was given.
    pub(super) fn is_refusal(&self) -> bool {
        self.is(Cause::Refused)
    }

    /// Returns whether the connection must not be used again.
    pub(super) fn ends_connection(&self) -> bool {
        match self {
            Self::Ours(_) => false,
            Self::Theirs(sqlx::Error::Database(error)) => {
                matches!(cause(error.as_ref()), Cause::Away | Cause::ReadOnly)
            }
            Self::Theirs(
                sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Decode(_)
                | sqlx::Error::Encode(_)
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
                | sqlx::Error::RowNotFound,
            ) => false,
            Self::Theirs(_) => true,
        }
    }

    /// Returns whether the connection was gone, as when the server was restarted meanwhile.
    pub(super) fn connection_was_dead(&self) -> bool {
        match self {
            Self::Theirs(sqlx::Error::Io(error)) => error.kind() != io::ErrorKind::TimedOut,
            Self::Theirs(sqlx::Error::Database(error)) => cause(error.as_ref()) == Cause::Away,
            Self::Theirs(sqlx::Error::WorkerCrashed) => true,
            _ => false,
        }
    }

    fn is(&self, wanted: Cause) -> bool {
        match self {
            Self::Theirs(sqlx::Error::Database(error)) => cause(error.as_ref()) == wanted,
            _ => false,
        }
    }
}

/// Adds the place where there should be a server to the error of a connection that was not made.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn at(error: sqlx::Error, host: &str, port: u16) -> sqlx::Error {
    match error {
        sqlx::Error::Io(error) => {
            let text = format!("{host}:{port}: {error}");
            sqlx::Error::Io(io::Error::new(error.kind(), text))
        }
        other => other,
    }
}

/// The time limit of the operation is over.
pub(super) fn timeout(limit: Duration, what: &str) -> CacheError {
    CacheError::new(ErrorKind::Timeout, format!("{what} within {limit:?}"))
}

/// Returns the cause by the number that each database has for it.
fn cause(error: &dyn DatabaseError) -> Cause {
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
        return of_sqlite(error);
    }
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return of_mysql(error.number());
    }
    #[cfg(feature = "postgres")]
    return of_postgres(&error.code().unwrap_or_default());
    #[cfg(not(feature = "postgres"))]
    Cause::Refused
}

#[cfg(feature = "sqlite")]
fn of_sqlite(error: &sqlx::sqlite::SqliteError) -> Cause {
    let code = DatabaseError::code(error).and_then(|code| code.parse::<i32>().ok());
    // The higher bytes say more about the same thing.
    match code.unwrap_or_default() & 0xff {
        // There is no number for it.
        1 if error.message().starts_with("no such table") => Cause::NoTable,
        // Busy, locked.
        5 | 6 => Cause::TooSlow,
        // The file cannot be opened.
        14 => Cause::Away,
        _ => Cause::Refused,
    }
}

#[cfg(feature = "mysql")]
fn of_mysql(number: u16) -> Cause {
    match number {
        1146 => Cause::NoTable,
        // Deadlock; the table has changed.
        1213 | 1412 => Cause::Conflict,
        1050 => Cause::Made,
        // A lock, a statement of MariaDB, one of MySQL.
        1205 | 1969 | 3024 => Cause::TooSlow,
        // Too many connections, of all or of this user; shutting down; killed; blocked; idle.
        1040 | 1203 | 1053 | 1077 | 1079 | 1129 | 1927 | 3169 | 4031 => Cause::Away,
        1290 | 1792 | 1836 => Cause::ReadOnly,
        _ => Cause::Refused,
    }
}

#[cfg(feature = "postgres")]
fn of_postgres(code: &str) -> Cause {
    match code {
        "42P01" => Cause::NoTable,
        // Serialization, deadlock.
        "40001" | "40P01" => Cause::Conflict,
        // `IF NOT EXISTS` does not check under a lock: whoever comes second violates the catalogue's own
        // uniqueness.
        "23505" | "42P07" | "42710" => Cause::Made,
        // Statement timeout, lock timeout.
        "57014" | "55P03" => Cause::TooSlow,
        // Shutting down, crashed, starting, too many connections; a transaction was left open.
        "57P01" | "57P02" | "57P03" | "53300" | "25P03" => Cause::Away,
        "25006" => Cause::ReadOnly,
        code if code.starts_with("08") => Cause::Away,
        _ => Cause::Refused,
    }
}

fn fragment(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}
