//! A write that something newer forbids is a transaction: callers leave in the middle of it, are frozen, or
//! the database refuses what is to be written. Nobody finds anything of it afterwards.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod sql_databases;

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::sql::{SqlConfig, SqlStore};
use cache_runtime::{Cache, ErrorKind, Store, StoreFuture, Unless};
use sql_databases::{Database, MINUTE, Place, current_thread, for_every_caller, multi_thread};

/// A store that remembers the last condition it was given.
#[derive(Default, Clone)]
struct Conditions(Arc<Mutex<Option<Unless<'static>>>>);

impl Store for Conditions {
    fn name(&self) -> &'static str {
        "conditions"
    }
    fn get<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }
    fn set<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
    fn delete<'a>(&'a self, _: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async { Ok(false) })
    }
    fn set_unless<'a>(
        &'a self,
        _: &'a str,
        _: &'a [u8],
        _: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        *self.0.lock().unwrap() = Some(unless.under(""));
        Box::pin(async { Ok(true) })
    }
}

/// The condition of a write that began now, as only the library makes one.
fn condition() -> Unless<'static> {
    let store = Conditions::default();
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    cache.blocking().delete_tag("any").unwrap();
    let condition = store.0.lock().unwrap().take();
    condition.unwrap()
}

/// What forbids it.
fn stamp(unless: Unless<'_>) -> Vec<u8> {
    let (at, machine) = unless.own();
    format!("{at:016}-{machine}").into_bytes()
}

fn with_limit(place: &Place, op_timeout: Duration) -> SqlStore {
    SqlStore::new(SqlConfig {
        op_timeout,
        ..place.config()
    })
    .unwrap()
}

fn what_is_forbidden_leaves_nothing(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
        let unless = condition();
        for (key, gone) in [("k", "k:gone"), ("it's \\ \0", "ä' \\' \0--")] {
            let unless = unless.under(gone);
            // The table is made.
            assert!(
                store
                    .set_unless(key, b"first", MINUTE, unless)
                    .await
                    .unwrap()
            );
            store.set(gone, &stamp(unless), MINUTE).await.unwrap();
            assert!(
                !store
                    .set_unless(key, b"late", MINUTE, unless)
                    .await
                    .unwrap()
            );
            assert_eq!(store.get(key).await.unwrap().unwrap(), b"first");
            store.delete(key).await.unwrap();
            assert!(
                !store
                    .set_unless(key, b"late", MINUTE, unless)
                    .await
                    .unwrap()
            );
            assert_eq!(place.rows(), 1, "the stamp alone");
            let _ = place.sql("DROP TABLE {t}");
        }
    });
}

fn callers_leave_in_the_middle(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let (store, other) = (Arc::new(place.store()), place.store());
    let unless = condition();
    multi_thread().block_on(async {
        store.prepare().await.unwrap();
        for round in 0..300_u64 {
            let store = Arc::clone(&store);
            let task = tokio::spawn(async move {
                let (key, gone) = (format!("key {}", round % 7), format!("gone {}", round % 7));
                let _ = store
                    .set_unless(&key, b"v", MINUTE, unless.under(&gone))
                    .await;
            });
            thread::sleep(Duration::from_micros(round * 37 % 3_000));
            task.abort();
        }
        // No lock of theirs is left,
        for key in 0..7 {
            let (key, gone) = (format!("key {key}"), format!("gone {key}"));
            let kept = other.set_unless(&key, b"other", MINUTE, unless.under(&gone));
            assert!(kept.await.unwrap());
            assert_eq!(store.get(&key).await.unwrap().unwrap(), b"other");
        }
        // and no connection is lent in the middle of a transaction.
        let writers = (0..16).map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.set(&format!("after {n}"), b"v", MINUTE).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap().unwrap();
        }
        for n in 0..16 {
            let key = format!("after {n}");
            assert_eq!(other.get(&key).await.unwrap().unwrap(), b"v", "{key}");
        }
    });
}

fn what_the_database_refuses(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
        let (key, bytes) = match place.database {
            Database::Sqlite(_) => ("TEXT", "BLOB"),
            Database::Postgres(_) => ("BYTEA", "BYTEA"),
            Database::Mariadb(_) => ("VARBINARY(1024)", "LONGBLOB"),
        };
        let _ = place.sql(&format!(
            "CREATE TABLE {{t}} (cache_key {key} NOT NULL PRIMARY KEY, \
             value {bytes} NOT NULL CHECK (LENGTH(value) < 100), expires BIGINT)"
        ));
        let other = place.store();
        let other = other.blocking().unwrap();
        let look = |key| sql_databases::at_once(other.get(key)).unwrap();
        let unless = condition();
        let unless = unless.under("gone");
        store.set("k", b"old", MINUTE).await.unwrap();
        for round in 0_u8..10 {
            let refused = store.set_unless("k", &[1; 200], MINUTE, unless).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Store);
            assert_eq!(look("k").unwrap(), b"old");
            store.set("n", &[round], MINUTE).await.unwrap();
            assert_eq!(look("n").unwrap(), [round]);
        }
    });
}

/// A process that is stopped in the middle holds up the others for a second, not for ever.
fn a_caller_is_frozen_in_the_middle(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    if matches!(database, Database::Sqlite(_)) {
        // Nobody takes the lock of a file from a process that is frozen.
        return;
    }
    let frozen = with_limit(&place, Duration::from_secs(1));
    let other = with_limit(&place, Duration::from_secs(10));
    let unless = condition();
    let unless = unless.under("gone");
    current_thread().block_on(async {
        frozen.prepare().await.unwrap();
        let mut context = Context::from_waker(Waker::noop());
        // There is a connection; the first message is sent over it, and its answer is not read. A server
        // that is quick may have answered everything by then, and a pool that is busy may not have given the
        // connection yet: then nobody waits, and it is tried again.
        for _ in 0..20 {
            tokio::task::yield_now().await;
            let mut writing = frozen.set_unless("k", b"frozen", MINUTE, unless);
            if writing.as_mut().poll(&mut context).is_ready() {
                continue;
            }
            thread::sleep(Duration::from_millis(300));
            let begun = Instant::now();
            let blocking = other.blocking().unwrap();
            assert!(
                sql_databases::at_once(blocking.set_unless("k", b"other", MINUTE, unless)).unwrap()
            );
            let waited = begun.elapsed();
            assert!(waited < Duration::from_secs(6), "{waited:?}");
            if waited < Duration::from_millis(500) {
                continue;
            }
            let late = loop {
                if let Poll::Ready(late) = writing.as_mut().poll(&mut context) {
                    break late;
                }
                tokio::task::yield_now().await;
            };
            let error = late.unwrap_err();
            assert!(error.is_retryable(), "{error}");
            assert_eq!(other.get("k").await.unwrap().unwrap(), b"other");
            return;
        }
        panic!("it was never frozen in the middle");
    });
}

for_each_database!(
    what_is_forbidden_leaves_nothing,
    callers_leave_in_the_middle,
    what_the_database_refuses,
    a_caller_is_frozen_in_the_middle,
);
