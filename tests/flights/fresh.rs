//! After an update and a `delete`, nobody who comes later sees the old value: under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use cache_runtime::cache_result;

use crate::world::{World, multi_thread};

in_both_places! {
    threads_never_see_what_was_deleted_before_they_came
    tasks_never_see_what_was_deleted_before_they_came
}

const UPDATES: u64 = 600;

/// What the function reads: a database of one number.
#[derive(Default)]
struct Database {
    number: AtomicU64,
    is_over: AtomicBool,
}

#[cache_result(timeout = 60, skip(world, database), cache = world.cache.clone())]
fn load(world: &World, database: &Database) -> u64 {
    let number = database.number.load(Ordering::SeqCst);
    // Between reading and returning is where updates come.
    thread::yield_now();
    number
}

#[cache_result(timeout = 60, skip(world, database), cache = world.cache.clone())]
async fn load_async(world: Arc<World>, database: Arc<Database>) -> u64 {
    let number = database.number.load(Ordering::SeqCst);
    tokio::task::yield_now().await;
    number
}

fn threads_never_see_what_was_deleted_before_they_came(world: Arc<World>) {
    let database = Database::default();
    let stale = AtomicU64::new(0);
    let see = || {
        let before = database.number.load(Ordering::SeqCst);
        load(&world, &database);
        before
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !database.is_over.load(Ordering::SeqCst) {
                    see();
                }
            });
        }
        for number in 1..=UPDATES {
            database.number.store(number, Ordering::SeqCst);
            load::entry(&world, &database).delete().unwrap();
            for _ in 0..3 {
                let seen = load(&world, &database);
                stale.fetch_add(u64::from(seen < number), Ordering::SeqCst);
            }
        }
        database.is_over.store(true, Ordering::SeqCst);
    });
    assert_eq!(stale.into_inner(), 0, "of {UPDATES}");
}

fn tasks_never_see_what_was_deleted_before_they_came(world: Arc<World>) {
    let runtime = multi_thread();
    let database = Arc::new(Database::default());
    for _ in 0..3 {
        let (world, database) = (world.clone(), database.clone());
        runtime.spawn(async move {
            while !database.is_over.load(Ordering::SeqCst) {
                load_async(world.clone(), database.clone()).await;
                tokio::task::yield_now().await;
            }
        });
    }
    let stale = runtime.block_on(async {
        let mut stale = 0;
        for number in 1..=UPDATES {
            database.number.store(number, Ordering::SeqCst);
            let entry = load_async::entry(world.clone(), database.clone());
            entry.delete().await.unwrap();
            for _ in 0..3 {
                let seen = load_async(world.clone(), database.clone()).await;
                stale += u64::from(seen < number);
            }
        }
        stale
    });
    database.is_over.store(true, Ordering::SeqCst);
    assert_eq!(stale, 0, "of {UPDATES}");
}
