//! SQL databases: SQLite, PostgreSQL, and MySQL or MariaDB, one table each.
//!
//! ```text
//! backend.rs      the Store operations
//! backplane.rs    what the processes that share a PostgreSQL database say to each other
//! listening.rs    a connection that listens
//! operations.rs   what each operation says to the database, and how its answer is read
//! unless.rs       the one that is a transaction: a write that something newer forbids
//! batches.rs      the same for many keys at once
//! facts.rs        what the database says of itself and of the table
//! attempt.rs      an operation until it has an answer: the table made, a dead connection replaced
//! callers.rs      whose connections serve whom: callers that await, and that block
//! growth.rs       when expired rows are purged, and a table that is full loses a part
//! tend.rs         how, and by whom
//! texts.rs        the statements, made once for the table and the dialect
//! dialect.rs      what the three databases write differently, each in a file of `dialect/`
//! table.rs        the table's name
//! connection.rs   one connection to any of the three
//! connect.rs      how each is made
//! pool.rs         who gets which connection
//! failure.rs      what an error of a database means: for the caller, and for the connection
//! config.rs       where the database is
//! open.rs         a store by URL
//! ```
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # async fn example() -> Result<(), cache_runtime::CacheError> {
//! use cache_runtime::Store;
//! use cache_runtime::stores::sql::{SqlConfig, SqlDatabase, SqlStore};
//!
//! let database = SqlDatabase::Sqlite("/var/cache/app.db".into());
//! let store = SqlStore::new(SqlConfig::new(database))?; // does not connect yet
//! store.set("greeting", b"hello", None).await?;
//! assert_eq!(store.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
//! # Ok(())
//! # }
//! ```

mod attempt;
mod backend;
#[cfg(feature = "postgres")]
mod backplane;
mod batches;
mod callers;
mod config;
mod connect;
mod connection;
mod dialect;
mod facts;
mod failure;
mod growth;
#[cfg(feature = "postgres")]
mod listening;
mod open;
mod operations;
mod pool;
mod table;
mod tend;
mod texts;
mod unless;

pub use backend::SqlStore;
pub use config::{SqlConfig, SqlDatabase, SqlServer};
pub(crate) use open::open;
