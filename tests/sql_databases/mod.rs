//! What the tests of the SQL store share: the three databases, and the callers there are.

#![allow(dead_code, reason = "each of the test files uses a part of it")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use cache_runtime::Store;
use cache_runtime::stores::sql::{SqlConfig, SqlDatabase, SqlServer, SqlStore};
use cache_tests::mariadb_server::MariadbServer;
use cache_tests::postgres_server::PostgresServer;
use cache_tests::process::Folder;
use tokio::runtime::{Builder, Runtime};

pub(crate) const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

/// One of the databases, and a way to it that does not go through the store.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(Arc<Folder>),
    Postgres(Arc<PostgresServer>),
    Mariadb(Arc<MariadbServer>),
}

/// A table of its own in one of the databases.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) database: Database,
    pub(crate) table: String,
}

pub(crate) fn sqlite() -> Option<Database> {
    Some(Database::Sqlite(Arc::new(Folder::new("sqlite"))))
}

/// One server for all tests of a file.
pub(crate) fn postgres() -> Option<Database> {
    static SERVER: OnceLock<Option<Arc<PostgresServer>>> = OnceLock::new();
    let server = SERVER.get_or_init(|| PostgresServer::start_or_skip().map(Arc::new));
    server.clone().map(Database::Postgres)
}

pub(crate) fn mariadb() -> Option<Database> {
    static SERVER: OnceLock<Option<Arc<MariadbServer>>> = OnceLock::new();
    let server = SERVER.get_or_init(|| MariadbServer::start_or_skip().map(Arc::new));
    server.clone().map(Database::Mariadb)
}

impl Database {
    /// A table that no other test has.
    pub(crate) fn place(&self) -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Place {
            database: self.clone(),
            table: format!("test {number}"),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
            Self::Mariadb(_) => "mysql",
        }
    }
}

impl Place {
    pub(crate) fn config(&self) -> SqlConfig {
        let database = match &self.database {
            Database::Sqlite(folder) => SqlDatabase::Sqlite(folder.path().join("app.db")),
            Database::Postgres(server) => SqlDatabase::Postgres(SqlServer {
                username: Some("postgres".to_owned()),
                ..SqlServer::new("127.0.0.1", server.port(), "postgres")
            }),
            Database::Mariadb(server) => SqlDatabase::MySql(SqlServer {
                username: Some("me".to_owned()),
                password: Some("sesame".to_owned()),
                ..SqlServer::new("127.0.0.1", server.port(), "cache")
            }),
        };
        SqlConfig {
            table: self.table.clone(),
            connect_timeout: Duration::from_secs(5),
            op_timeout: Duration::from_secs(5),
            ..SqlConfig::new(database)
        }
    }

    pub(crate) fn store(&self) -> SqlStore {
        SqlStore::new(self.config()).unwrap()
    }

    /// The URL, with `?table=…`.
    pub(crate) fn url(&self) -> String {
        let url = match &self.database {
            Database::Sqlite(folder) => format!("sqlite://{}/app.db", folder.path().display()),
            Database::Postgres(server) => server.url(),
            Database::Mariadb(server) => server.url(),
        };
        format!("{url}?table={}", self.table.replace(' ', "%20"))
    }

    /// Runs SQL, `{t}` being the table and `{now}` the database's clock; the first value of the
    /// first row, if there is one.
    pub(crate) fn sql(&self, sql: &str) -> String {
        let fill = |table: String, now: &str| sql.replace("{t}", &table).replace("{now}", now);
        match &self.database {
            Database::Sqlite(folder) => {
                let sql = fill(
                    format!("\"{}\"", self.table),
                    "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)",
                );
                let connection = rusqlite::Connection::open(folder.path().join("app.db")).unwrap();
                connection.busy_timeout(Duration::from_secs(5)).unwrap();
                let mut statement = connection.prepare(&sql).unwrap();
                let mut rows = statement.query([]).unwrap();
                let value = match rows.next().unwrap() {
                    Some(row) if row.as_ref().column_count() > 0 => {
                        row.get::<_, rusqlite::types::Value>(0).unwrap()
                    }
                    _ => rusqlite::types::Value::Null,
                };
                match value {
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Blob(bytes) => {
                        String::from_utf8_lossy(&bytes).into_owned()
                    }
                    _ => String::new(),
                }
            }
            Database::Postgres(server) => server.query(&fill(
                format!("\"{}\"", self.table),
                "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            )),
            Database::Mariadb(server) => server.query(&fill(
                format!("cache.`{}`", self.table),
                "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
            )),
        }
    }

    /// How many rows there are, expired ones too.
    pub(crate) fn rows(&self) -> u64 {
        self.sql("SELECT COUNT(*) FROM {t}").parse().unwrap()
    }

    /// Every row has expired a second ago, by the database's clock.
    pub(crate) fn expire(&self) {
        let _ = self.sql("UPDATE {t} SET expires = {now} - 1000");
    }
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a blocking store must be ready at the first poll"),
    }
}

pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs `check` on an empty table for each kind of caller.
pub(crate) fn for_every_caller<F>(database: Option<Database>, check: F)
where
    F: AsyncFn(&dyn Store, &Place) + Copy + Send + Sync + 'static,
{
    let Some(database) = database else {
        return;
    };
    let place = || {
        let place = database.place();
        (place.store(), place)
    };
    let blocking = move |(store, place): (SqlStore, Place)| {
        at_once(check(store.blocking().unwrap(), &place));
    };
    let callers: [(&str, &dyn Fn()); 6] = [
        ("async, current thread", &|| {
            let (store, place) = place();
            current_thread().block_on(check(&store, &place));
        }),
        ("async, multi thread", &|| {
            let (store, place) = place();
            multi_thread().block_on(check(&store, &place));
        }),
        ("async, another executor", &|| {
            let (store, place) = place();
            futures_executor::block_on(check(&store, &place));
        }),
        ("blocking, plain thread", &|| blocking(place())),
        ("blocking, current thread", &|| {
            current_thread().block_on(async { blocking(place()) })
        }),
        ("blocking, worker", &|| {
            let runtime = multi_thread();
            let place = place();
            let task = runtime.spawn(async move { blocking(place) });
            runtime.block_on(task).unwrap();
        }),
    ];
    for (name, call) in callers {
        println!("{name}");
        call();
    }
}

/// Tests of the name and body of each function, for each of the databases.
#[macro_export]
macro_rules! for_each_database {
    ($($(#[$attribute:meta])* $check:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] $(#[$attribute])* fn $check() { super::$check($crate::sql_databases::sqlite()); })*
        }
        mod postgres {
            $(#[test] $(#[$attribute])* fn $check() { super::$check($crate::sql_databases::postgres()); })*
        }
        mod mariadb {
            $(#[test] $(#[$attribute])* fn $check() { super::$check($crate::sql_databases::mariadb()); })*
        }
    };
}

pub(crate) fn strings<const N: usize>(keys: [&str; N]) -> Vec<String> {
    keys.map(str::to_owned).to_vec()
}
