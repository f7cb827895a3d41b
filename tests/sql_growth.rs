//! A SQL table does not grow for ever: expired rows are purged, and a table that is full loses a
//! part.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod sql_databases;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_runtime::stores::sql::{SqlConfig, SqlStore};
use cache_runtime::{Cache, Store};
use sql_databases::{Database, MINUTE, Place, current_thread, eventually, multi_thread};

for_each_database![
    a_small_table_is_never_above_its_limit,
    all_go_but_the_one_just_written,
    who_expires_soonest_goes_first,
    writing_over_rows_makes_no_table_full,
    many_writers_of_a_small_table,
    a_large_table_is_culled_behind_the_writers,
    what_is_left_over_from_others_is_culled,
    expired_rows_are_purged,
    an_expired_row_goes_before_one_that_lives,
];

fn store(place: &Place, max_entries: usize, cull_frequency: u32) -> SqlStore {
    SqlStore::new(SqlConfig {
        max_entries,
        cull_frequency,
        ..place.config()
    })
    .unwrap()
}

fn cache(place: &Place, options: &str) -> Cache {
    let url = format!("{}&op_timeout=5&connect_timeout=5&{options}", place.url());
    Cache::from_url(&url).unwrap()
}

/// Rows that somebody else wrote, `n` of them, that live for a minute, or have expired.
fn fill(place: &Place, n: usize, expires: &str) {
    current_thread()
        .block_on(place.store().create_table())
        .unwrap();
    let numbers = match &place.database {
        Database::Sqlite(_) | Database::Mariadb(_) => format!(
            "WITH RECURSIVE numbers (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {n}) SELECT n FROM numbers"
        ),
        Database::Postgres(_) => format!("SELECT n FROM generate_series(1, {n}) AS numbers (n)"),
    };
    let (key, value) = match &place.database {
        Database::Sqlite(_) => ("'other ' || n", "x'00'"),
        Database::Postgres(_) => ("CAST('other ' || n AS bytea)", "'\\x00'"),
        Database::Mariadb(_) => ("CONCAT('other ', n)", "'x'"),
    };
    let rows = format!(
        "INSERT INTO {{t}} (cache_key, value, expires) \
         SELECT {key}, {value}, {expires} FROM ({numbers}) AS numbered"
    );
    let deep = matches!(place.database, Database::Mariadb(_));
    let deep = if deep {
        "SET max_recursive_iterations = 10000000; "
    } else {
        ""
    };
    let _ = place.sql(&format!("{deep}{rows}"));
}

fn a_small_table_is_never_above_its_limit(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let awaited = cache(&place, "max_entries=30");
    let blocking = awaited.blocking();
    let runtime = current_thread();
    for n in 1..=49 {
        if n % 2 == 0 {
            runtime
                .block_on(awaited.set(&n.to_string(), &n, 60))
                .unwrap();
        } else {
            assert!(blocking.add(&n.to_string(), &n, 60).unwrap());
        }
        let rows = place.rows();
        assert!(rows <= 30, "{rows} rows after {n} writes");
        assert_eq!(blocking.get(&n.to_string()).unwrap(), Some(n));
    }
    // As many as Django leaves.
    assert_eq!(place.rows(), 29);
}

fn all_go_but_the_one_just_written(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let cache = cache(&place, "max_entries=30&cull_frequency=0").blocking();
    for n in 1..=49 {
        cache.set(&n.to_string(), &n, 60).unwrap();
        assert_eq!(cache.get(&n.to_string()).unwrap(), Some(n));
    }
    assert_eq!(place.rows(), 19);
}

fn who_expires_soonest_goes_first(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = store(&place, 6, 3);
    current_thread().block_on(async {
        for (key, seconds) in [("b", 30), ("a", 20), ("d", 50), ("c", 40)] {
            let life = Some(Duration::from_secs(seconds));
            store.set(key, b"v", life).await.unwrap();
        }
        store.set("lasting 1", b"v", None).await.unwrap();
        store.set("lasting 2", b"v", None).await.unwrap();
        // The seventh, and the first to expire: two others go.
        let life = Some(Duration::from_secs(10));
        store.set("new", b"v", life).await.unwrap();
        let mut left = store.keys("", "*").await.unwrap();
        left.sort();
        assert_eq!(left, ["c", "d", "lasting 1", "lasting 2", "new"]);
        for n in 0..20 {
            store
                .set(&format!("lasting {n}"), b"v", None)
                .await
                .unwrap();
        }
        assert!(place.rows() <= 6);
        assert_eq!(store.get("c").await.unwrap(), None);
        assert!(store.get("lasting 19").await.unwrap().is_some());
    });
}

fn writing_over_rows_makes_no_table_full(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = store(&place, 5, 0);
    current_thread().block_on(async {
        for round in 0..20 {
            for n in 0..5 {
                store.set(&n.to_string(), &[round], MINUTE).await.unwrap();
            }
            assert_eq!(place.rows(), 5);
        }
    });
}

fn many_writers_of_a_small_table(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = Arc::new(store(&place, 30, 3));
    multi_thread().block_on(async {
        let writers: Vec<_> = (0..16)
            .map(|writer| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    for n in 0..20 {
                        let key = format!("{writer} {n}");
                        store.set(&key, b"v", MINUTE).await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let rows = place.rows();
        // Each of them may have written one while another was culling.
        assert!((10..=46).contains(&rows), "{rows}");
        store.set("last", b"v", MINUTE).await.unwrap();
        let items: Vec<_> = (0..40).map(|n| (format!("{n}"), Vec::new())).collect();
        store.set_many(&items, MINUTE).await.unwrap();
        let rows = place.rows();
        assert!((10..=30).contains(&rows), "{rows}");
    });
}

fn a_large_table_is_culled_behind_the_writers(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = store(&place, 2_000, 3);
    // The writers' runtime ends; the work behind them does not.
    current_thread().block_on(async {
        for batch in 0..50 {
            let items: Vec<_> = (0..100)
                .map(|n| (format!("{batch} {n}"), b"v".to_vec()))
                .collect();
            store.set_many(&items, MINUTE).await.unwrap();
        }
    });
    // 5,000 were written. Nothing is above the limit but what one hundredth, or one batch, adds.
    eventually("the table is culled", || place.rows() <= 2_100);
    assert!(place.rows() >= 1_000, "{}", place.rows());
}

fn what_is_left_over_from_others_is_culled(database: Option<Database>) {
    let Some(database) = database else { return };
    // More than is counted at once, for a small table and a large one.
    for (max_entries, there) in [(30, 5_000), (1_500, 20_000)] {
        let place = database.place();
        fill(&place, there, "{now} + 60000");
        let store = store(&place, max_entries, 3);
        current_thread()
            .block_on(store.set("k", b"v", MINUTE))
            .unwrap();
        eventually("the table is culled", || place.rows() <= max_entries as u64);
        let found = current_thread().block_on(store.get("k"));
        assert!(found.unwrap().is_some());
    }
}

fn expired_rows_are_purged(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    fill(&place, 25_000, "{now} - 1");
    let other = database.place();
    fill(&other, 10, "{now} - 1");
    let store = place.store();
    current_thread().block_on(async {
        let start = Instant::now();
        store.set("lives", b"v", MINUTE).await.unwrap();
        store.set("lasts", b"v", None).await.unwrap();
        println!("two writes took {:?}", start.elapsed());
    });
    eventually("expired rows are gone", || place.rows() == 2);
    assert_eq!(other.rows(), 10, "another table");
}

fn an_expired_row_goes_before_one_that_lives(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    fill(&place, 10, "{now} - 1");
    let store = store(&place, 10, 3);
    current_thread().block_on(async {
        for n in 0..10 {
            store.set(&n.to_string(), b"v", MINUTE).await.unwrap();
        }
        for n in 0..10 {
            let found = store.get(&n.to_string()).await.unwrap();
            assert!(found.is_some(), "{n}");
        }
    });
    assert_eq!(place.rows(), 10);
}
