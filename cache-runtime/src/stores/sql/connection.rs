//! One connection to any of the three databases, and the few things that it is asked to do.

use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::{Arguments, AssertSqlSafe, Connection as _, Database, Row, SqlSafeStr, SqlStr};

use super::texts::Text;

/// A connection. The three are distinguished here and nowhere else.
pub(super) enum Connection {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgConnection),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlConnection),
}

/// What replaces a `?`.
pub(super) enum Value<'a> {
    /// A key, or a bound of keys.
    Key(&'a str),
    Bytes(&'a [u8]),
    Number(Option<i64>),
    /// An array of keys, for the dialect that has arrays.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only PostgreSQL has arrays")
    )]
    Keys(Vec<&'a str>),
    /// The same of values.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only PostgreSQL has arrays")
    )]
    Many(Vec<&'a [u8]>),
}

/// The result of a statement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Done {
    /// How many rows it has changed (or found, which counts the same with MySQL).
    pub(super) rows: u64,
    /// What it returned with `LAST_INSERT_ID(…)`.
    pub(super) remark: u64,
}

/// Runs `$body` with the connection that it is.
macro_rules! on {
    ($self:expr, $connection:ident => $body:expr) => {
        match $self {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite($connection) => $body,
            #[cfg(feature = "postgres")]
            Connection::Postgres($connection) => $body,
            #[cfg(feature = "mysql")]
            Connection::MySql($connection) => $body,
        }
    };
}

impl Connection {
    /// Runs a statement that returns no rows; it is prepared once and kept, if it is `kept`.
    pub(super) async fn execute(
        &mut self,
        text: &Text,
        values: Vec<Value<'_>>,
        kept: bool,
    ) -> sqlx::Result<Done> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => {
                let query = sqlx::query_with(sql(text), arguments::<sqlx::Sqlite>(values)?);
                let done = query.persistent(kept).execute(connection).await?;
                Ok(Done {
                    rows: done.rows_affected(),
                    remark: 0,
                })
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let query = sqlx::query_with(sql(text), arguments::<sqlx::Postgres>(values)?);
                let done = query.persistent(kept).execute(connection).await?;
                Ok(Done {
                    rows: done.rows_affected(),
                    remark: 0,
                })
            }
            #[cfg(feature = "mysql")]
            Self::MySql(connection) => {
                let query = sqlx::query_with(sql(text), arguments::<sqlx::MySql>(values)?);
                let done = query.persistent(kept).execute(connection).await?;
                Ok(Done {
                    rows: done.rows_affected(),
                    remark: done.last_insert_id(),
                })
            }
        }
    }

    /// Returns the only column of all rows.
    pub(super) async fn bytes(
        &mut self,
        text: &Text,
        values: Vec<Value<'_>>,
    ) -> sqlx::Result<Vec<Vec<u8>>> {
        on!(self, connection => {
            let arguments = arguments_for(connection, values)?;
            sqlx::query_scalar_with(sql(text), arguments).fetch_all(connection).await
        })
    }

    /// Returns the two columns of all rows.
    pub(super) async fn pairs(
        &mut self,
        text: &Text,
        values: Vec<Value<'_>>,
    ) -> sqlx::Result<Vec<(Vec<u8>, Vec<u8>)>> {
        on!(self, connection => {
            let arguments = arguments_for(connection, values)?;
            sqlx::query_as_with(sql(text), arguments).fetch_all(connection).await
        })
    }

    /// Returns the number in the only row, if there is one; the number may be missing.
    pub(super) async fn number(
        &mut self,
        text: &Text,
        values: Vec<Value<'_>>,
    ) -> sqlx::Result<Option<Option<i64>>> {
        let rows: Vec<Option<i64>> = on!(self, connection => {
            let arguments = arguments_for(connection, values)?;
            sqlx::query_scalar_with(sql(text), arguments).fetch_all(connection).await
        })?;
        Ok(rows.into_iter().next())
    }

    /// Begins a transaction with a text of several statements, in one message; returns the only column of the
    /// last row.
    pub(super) async fn begin(&mut self, text: &Text) -> sqlx::Result<Option<Vec<u8>>> {
        on!(self, connection => {
            let rows = sqlx::raw_sql(sql(text)).fetch_all(connection).await?;
            rows.last().ok_or(sqlx::Error::RowNotFound)?.try_get(0)
        })
    }

    /// Ends a transaction: what was written in it becomes visible to all, or was never there.
    pub(super) async fn end(&mut self, is_good: bool) -> sqlx::Result<()> {
        let text = if is_good { "COMMIT" } else { "ROLLBACK" };
        on!(self, connection => sqlx::raw_sql(text).execute(connection).await.map(drop))
    }

    /// Undoes what a failed transaction has done. If that fails, the connection ends.
    pub(super) async fn undo(&mut self) -> sqlx::Result<()> {
        match (self.end(false).await, self) {
            (Ok(()), _) => Ok(()),
            // It had not begun, or SQLite had undone it already.
            #[cfg(feature = "sqlite")]
            (Err(sqlx::Error::Database(_)), Self::Sqlite(_)) => Ok(()),
            (Err(error), _) => {
                let text = format!("a transaction could not be undone: {error}");
                Err(sqlx::Error::Protocol(text))
            }
        }
    }

    /// Checks that the server answers.
    pub(super) async fn ping(&mut self) -> sqlx::Result<()> {
        on!(self, connection => connection.ping().await)
    }

    /// Closes the connection properly.
    pub(super) async fn close(self) -> sqlx::Result<()> {
        on!(self, connection => connection.close().await)
    }
}

/// Marks a statement as safe: it was made here, and the table's name in it has been checked.
pub(super) fn sql(text: &Text) -> SqlStr {
    AssertSqlSafe(Arc::clone(text)).into_sql_str()
}

/// A database that can take these values.
trait Takes: Database {
    fn take(arguments: &mut Self::Arguments, value: Value<'_>) -> Result<(), BoxDynError>;
}

fn arguments<D: Takes>(values: Vec<Value<'_>>) -> sqlx::Result<D::Arguments> {
    let mut arguments = D::Arguments::default();
    for value in values {
        D::take(&mut arguments, value).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The same for the database of a connection.
fn arguments_for<C>(
    _: &C,
    values: Vec<Value<'_>>,
) -> sqlx::Result<<C::Database as Database>::Arguments>
where
    C: sqlx::Connection,
    C::Database: Takes,
{
    arguments::<C::Database>(values)
}

#[cfg(feature = "sqlite")]
impl Takes for sqlx::Sqlite {
    fn take(arguments: &mut Self::Arguments, value: Value<'_>) -> Result<(), BoxDynError> {
        match value {
            Value::Key(key) => arguments.add(key),
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Number(number) => arguments.add(number),
            Value::Keys(_) | Value::Many(_) => Err("this database has no arrays".into()),
        }
    }
}

#[cfg(feature = "postgres")]
impl Takes for sqlx::Postgres {
    fn take(arguments: &mut Self::Arguments, value: Value<'_>) -> Result<(), BoxDynError> {
        match value {
            Value::Key(key) => arguments.add(key.as_bytes()),
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Number(number) => arguments.add(number),
            Value::Keys(keys) => {
                let keys: Vec<&[u8]> = keys.into_iter().map(str::as_bytes).collect();
                arguments.add(keys)
            }
            Value::Many(values) => arguments.add(values),
        }
    }
}

#[cfg(feature = "mysql")]
impl Takes for sqlx::MySql {
    fn take(arguments: &mut Self::Arguments, value: Value<'_>) -> Result<(), BoxDynError> {
        match value {
            Value::Key(key) => arguments.add(key.as_bytes()),
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Number(number) => arguments.add(number),
            Value::Keys(_) | Value::Many(_) => Err("this database has no arrays".into()),
        }
    }
}
