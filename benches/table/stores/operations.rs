//! One entry at a time: set and get, values of three sizes and keys of two, async callers and a
//! blocking one.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use std::sync::Arc;
use std::time::Duration;

use cache_benches::report::Row;

use super::store::Store;
use super::{not_measured, race, scaled};
use crate::callers::{self, sound};

const MANY: u64 = 64;
/// How many are many where one call takes ten milliseconds, and its value 5 MiB of everybody's memory.
const MANY_LARGE: u64 = 8;
/// Keys of many callers: as many values of the largest size as a server is to hold.
const KEYS: u64 = 8;

#[derive(Clone, Copy)]
enum Operation {
    Get,
    Set,
}

#[derive(Clone, Copy)]
enum Callers {
    Async(u64),
    Blocking,
}

struct Scene {
    operation: Operation,
    callers: Callers,
    size: (&'static str, usize),
    key: (&'static str, usize),
}

pub(super) fn all(stores: &[Store]) -> Vec<Row> {
    let mut rows = Vec::new();
    let short = ("", 9);
    for size in [("1 B", 1), ("100 KiB", 100 << 10), ("5 MiB", 5 << 20)] {
        for operation in [Operation::Get, Operation::Set] {
            let many = if size.1 > 1 << 20 { MANY_LARGE } else { MANY };
            for callers in [Callers::Async(1), Callers::Async(many), Callers::Blocking] {
                rows.extend(
                    Scene {
                        operation,
                        callers,
                        size,
                        key: short,
                    }
                    .run(stores),
                );
            }
        }
    }
    for key in [(", key of 1 B", 1), (", key of 1000 B", 1000)] {
        for operation in [Operation::Get, Operation::Set] {
            let (callers, size) = (Callers::Async(1), ("1 B", 1));
            rows.extend(
                Scene {
                    operation,
                    callers,
                    size,
                    key,
                }
                .run(stores),
            );
        }
    }
    stores.iter().for_each(Store::clear);
    rows
}

impl Scene {
    fn run(&self, stores: &[Store]) -> Vec<Row> {
        let operation = match self.operation {
            Operation::Get => "get (hit)",
            Operation::Set => "set",
        };
        let callers = match self.callers {
            Callers::Async(1) => "1 async caller".to_owned(),
            Callers::Async(many) => format!("{many} async callers"),
            Callers::Blocking => "1 blocking caller".to_owned(),
        };
        let work = format!("{operation} of {}{}, {callers}", self.size.0, self.key.0);
        let value = Arc::new(noise(self.size.1));
        let mut refused = Vec::new();
        // Where one call of each caller takes a tenth of a second, fewer will do.
        let rounds = if self.size.1 > 1 << 20 { 5 } else { 15 };
        let rounds = usize::try_from(scaled(rounds)).unwrap_or(5).max(3);
        let mut race = race(work.as_str()).rounds(rounds, Duration::from_millis(10));
        if matches!(self.callers, Callers::Async(1)) {
            race = race.awake();
        }
        for store in stores {
            if let Err(reason) =
                (0..KEYS).try_for_each(|caller| store.keep(&self.key(caller), &value))
            {
                refused.push(not_measured(&work, store.name(), reason));
                continue;
            }
            let lane = self.lane(store, &value);
            race = match store.is_base() {
                true => race.ours_timed(store.name(), lane),
                false => race.timed(store.name(), lane),
            };
        }
        let mut rows = race.run();
        rows.extend(refused);
        rows
    }

    /// The key of a caller; callers share eight.
    fn key(&self, caller: u64) -> String {
        let number = (caller % KEYS).to_string();
        format!("{number:k>length$}", length = self.key.1)
    }

    /// Does it so many times, and says how long that took.
    fn lane(&self, store: &Store, value: &Arc<String>) -> Box<dyn FnMut(u64) -> Duration> {
        let operation = self.operation;
        match self.callers {
            Callers::Async(count) => {
                let cache = store.cache().clone();
                let keys: Arc<[String]> = (0..count).map(|caller| self.key(caller)).collect();
                let value = value.clone();
                Box::new(move |n| {
                    let (cache, keys, value) = (cache.clone(), keys.clone(), value.clone());
                    callers::time(count, n, move |caller| {
                        let (cache, keys, value) = (cache.clone(), keys.clone(), value.clone());
                        async move {
                            let key = &keys[usize::try_from(caller).unwrap()];
                            match operation {
                                Operation::Get => {
                                    let found = sound(cache.get::<String>(key)).await;
                                    assert!(found.is_some());
                                }
                                Operation::Set => sound(cache.set(key, &*value, 3600)).await,
                            }
                        }
                    })
                })
            }
            Callers::Blocking => {
                let (cache, key, value) = (store.cache().blocking(), self.key(0), value.clone());
                Box::new(move |n| {
                    let started = std::time::Instant::now();
                    for _ in 0..n {
                        match operation {
                            Operation::Get => {
                                assert!(cache.get::<String>(&key).unwrap().is_some());
                            }
                            Operation::Set => cache.set(&key, &*value, 3600).unwrap(),
                        }
                    }
                    started.elapsed()
                })
            }
        }
    }
}

/// Text that nothing can compress much: some databases try.
fn noise(length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(4);
    (0..length).map(|_| random.alphanumeric()).collect()
}
