//! Many callers of one table at once, in several stores and runtimes, against three real databases.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod sql_databases;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cache_runtime::Store;
use sql_databases::{Database, MINUTE, Place, at_once, current_thread, multi_thread};

for_each_database![
    one_of_32_adds,
    all_of_32_incrs,
    writers_of_the_same_rows,
    several_runtimes,
];

/// Runs `job` 32 times at once: blocking and awaiting, with four stores, as four processes have.
fn by_32<T: Send + 'static>(
    place: &Place,
    job: impl AsyncFn(&dyn Store, usize) -> T + Copy + Send + Sync + 'static,
) -> Vec<T> {
    let stores: Vec<_> = (0..4).map(|_| Arc::new(place.store())).collect();
    let threads: Vec<_> = (0..32)
        .map(|n| {
            let store = Arc::clone(&stores[n % 4]);
            thread::spawn(move || {
                if n % 8 < 4 {
                    at_once(job(store.blocking().unwrap(), n))
                } else {
                    current_thread().block_on(job(&*store, n))
                }
            })
        })
        .collect();
    let results = threads.into_iter().map(|thread| thread.join().unwrap());
    results.collect()
}

fn one_of_32_adds(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = place.store();
    for expired in [false, true] {
        if expired {
            place.expire();
        }
        let added = by_32(&place, async |store, n| {
            let mut added = Vec::new();
            for key in 0..20 {
                let value = n.to_string();
                added.push(
                    store
                        .add(&format!("key {key}"), value.as_bytes(), MINUTE)
                        .await
                        .unwrap(),
                );
            }
            added
        });
        for key in 0..20 {
            let winners = added.iter().enumerate().filter(|(_, added)| added[key]);
            let winners: Vec<usize> = winners.map(|(n, _)| n).collect();
            assert_eq!(winners.len(), 1, "expired: {expired}, key {key}");
            let value = at_once(store.blocking().unwrap().get(&format!("key {key}")));
            assert_eq!(value.unwrap().unwrap(), winners[0].to_string().into_bytes());
        }
    }
}

fn all_of_32_incrs(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = place.store();
    at_once(store.blocking().unwrap().set("n", b"0", MINUTE)).unwrap();
    let seen = by_32(&place, async |store, _| {
        let mut seen = Vec::new();
        for _ in 0..10 {
            seen.push(store.incr("n", 1).await.unwrap().unwrap());
        }
        seen
    });
    let mut seen = seen.concat();
    seen.sort_unstable();
    assert_eq!(seen, (1..=320).collect::<Vec<i64>>(), "each number once");
}

fn writers_of_the_same_rows(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    // Deadlocks, if there are any, are nobody's business.
    by_32(&place, async |store, n| {
        for round in 0..5 {
            let mut items: Vec<_> = (0..50)
                .map(|key| (format!("key {key}"), vec![n as u8; 100]))
                .collect();
            if (n + round) % 2 == 0 {
                items.reverse();
            }
            assert!(store.set_many(&items, MINUTE).await.unwrap().is_empty());
            let keys: Vec<String> = items.into_iter().map(|(key, _)| key).collect();
            store.set(&keys[n], b"v", None).await.unwrap();
            if n % 4 == 0 {
                store.delete_many(&keys).await.unwrap();
            }
        }
    });
}

fn several_runtimes(database: Option<Database>) {
    let Some(database) = database else { return };
    let place = database.place();
    let store = Arc::new(place.store());
    // One after the other, each gone before the next comes.
    for round in 0..5 {
        current_thread().block_on(async {
            let value = store.get("k").await.unwrap();
            assert_eq!(value.is_some(), round > 0);
            store.set("k", b"v", None).await.unwrap();
        });
    }
    // At once, and one that is gone with a call under way.
    let gone = multi_thread();
    let left = Arc::clone(&store);
    gone.spawn(async move { while left.get("k").await.is_ok() {} });
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                current_thread().block_on(async {
                    for _ in 0..50 {
                        assert!(store.get("k").await.unwrap().is_some());
                    }
                });
            })
        })
        .collect();
    gone.shutdown_background();
    for thread in threads {
        thread.join().unwrap();
    }
    // A caller that leaves in the middle takes nothing with it that others need.
    current_thread().block_on(async {
        for _ in 0..50 {
            let limit = Duration::from_micros(200);
            let _ = tokio::time::timeout(limit, store.get("k")).await;
        }
        assert!(store.get("k").await.unwrap().is_some());
    });
}
