//! The table of the SQL store: made, dropped, of another shape, and its name, against three real databases.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod sql_databases;

use std::sync::Arc;

use cache_runtime::stores::sql::{SqlConfig, SqlStore};
use cache_runtime::{ErrorKind, Store};
use sql_databases::{Database, MINUTE, at_once, current_thread, for_every_caller, multi_thread};

for_each_database![
    the_table_is_made_by_many_at_once,
    a_dropped_table_is_made_again,
    another_table_of_this_name_is_an_error,
    table_names,
    keys_that_are_too_long,
    nothing_to_do_asks_no_database,
];

fn the_table_is_made_by_many_at_once(database: Option<Database>) {
    let Some(database) = database else { return };
    for round in 0..5 {
        let place = database.place();
        // Stores of their own, as other processes have.
        let stores: Vec<_> = (0..8).map(|_| Arc::new(place.store())).collect();
        multi_thread().block_on(async {
            let tasks: Vec<_> = stores
                .iter()
                .map(|store| {
                    let store = Arc::clone(store);
                    tokio::spawn(async move {
                        if round % 2 == 0 {
                            store.create_table().await.unwrap();
                        }
                        store.set("k", b"v", None).await.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            stores[0].create_table().await.unwrap();
            stores[0].prepare().await.unwrap();
            assert_eq!(stores[1].get("k").await.unwrap().unwrap(), b"v");
        });
        at_once(stores[0].blocking().unwrap().prepare()).unwrap();
        assert_eq!(place.rows(), 1);
    }
}

fn a_dropped_table_is_made_again(database: Option<Database>) {
    for_every_caller(database, async |store, place| {
        store.set("k", b"v", None).await.unwrap();
        let _ = place.sql("DROP TABLE {t}");
        assert_eq!(store.get("k").await.unwrap(), None);
        let _ = place.sql("DROP TABLE {t}");
        store.set("k", b"v", None).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"v");
        let _ = place.sql("DROP TABLE {t}");
        assert!(store.add("k", b"v", None).await.unwrap());
        let _ = place.sql("DROP TABLE {t}");
        let items = [("k".to_owned(), b"v".to_vec())];
        assert!(store.set_many(&items, None).await.unwrap().is_empty());
        let _ = place.sql("DROP TABLE {t}");
        store.clear("k").await.unwrap();
        let _ = place.sql("DROP TABLE {t}");
        assert_eq!(store.keys("", "*").await.unwrap(), Vec::<String>::new());
        assert_eq!(place.rows(), 0);
    });
}

fn another_table_of_this_name_is_an_error(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let _ = place.sql("CREATE TABLE {t} (id INTEGER)");
    let store = place.store();
    let errors = current_thread().block_on(async {
        let items = ["a", "b"].map(|key| (key.to_owned(), b"v".to_vec()));
        // Nothing of it can be kept, and it says so.
        assert_eq!(store.set_many(&items, None).await.unwrap(), [0, 1]);
        [
            store.get("k").await.unwrap_err(),
            store.set("k", b"v", None).await.unwrap_err(),
        ]
    });
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        // All that it said is in the message, and so in no source.
        assert!(
            error.to_string().contains("the database answered: "),
            "{error}"
        );
        assert!(std::error::Error::source(&error).is_none());
    }
}

fn table_names(database: Option<Database>) {
    let Some(database) = database else { return };
    for table in [
        "my cache table",
        "select",
        "Größe",
        "$1",
        "a-b",
        &"x".repeat(63),
        &"y".repeat(60),
    ] {
        let mut place = database.place();
        table.clone_into(&mut place.table);
        let store = place.store();
        current_thread().block_on(async {
            store.set("k", b"v", MINUTE).await.unwrap();
            store.create_table().await.unwrap();
        });
        assert_eq!(place.rows(), 1, "{table}");
    }
    let config = database.place().config();
    for table in [
        "",
        "a\"b",
        "a`b",
        "a'; DROP TABLE b",
        "a.b.c",
        "a\0",
        &"x".repeat(64),
    ] {
        let config = SqlConfig {
            table: table.to_owned(),
            ..config.clone()
        };
        let error = SqlStore::new(config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{table}");
    }
    // In a schema that is there.
    let schema = match &database {
        Database::Sqlite(_) => "main",
        Database::Postgres(_) => "public",
        Database::Mariadb(_) => "cache",
    };
    let place = database.place();
    let config = SqlConfig {
        table: format!("{schema}.{}", place.table),
        ..config
    };
    let store = SqlStore::new(config).unwrap();
    current_thread()
        .block_on(store.set("k", b"v", MINUTE))
        .unwrap();
    assert_eq!(place.rows(), 1);
}

fn keys_that_are_too_long(database: Option<Database>) {
    for_every_caller(database, async |store, _| {
        let fits = "x".repeat(1024);
        store.set(&fits, b"v", None).await.unwrap();
        assert_eq!(store.get(&fits).await.unwrap().unwrap(), b"v");
        let long = "x".repeat(1025);
        let keys = [long.clone()];
        for error in [
            store.get(&long).await.unwrap_err(),
            store.set(&long, b"v", None).await.unwrap_err(),
            store.add(&long, b"v", None).await.unwrap_err(),
            store.get_many(&keys).await.unwrap_err(),
            store.delete_many(&keys).await.unwrap_err(),
            store
                .set_many(&[(long.clone(), Vec::new())], None)
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Key, "{error}");
            assert_eq!(error.key(), Some(&*long));
        }
    });
}

fn nothing_to_do_asks_no_database(database: Option<Database>) {
    let Some(database) = database else { return };
    let store = database.place().store();
    for store in [&store as &dyn Store, store.blocking().unwrap()] {
        assert!(at_once(store.get_many(&[])).unwrap().is_empty());
        assert!(at_once(store.set_many(&[], None)).unwrap().is_empty());
        assert_eq!(at_once(store.delete_many(&[])).unwrap(), 0);
        let all = store.capabilities();
        assert!(all.atomic_add && all.atomic_incr && all.list_keys && all.batch);
    }
}
