//! Both limits of the in-process level, and Django's culling if it is configured.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::Cache;

fn left(url: &str, sets: u32) -> Vec<u32> {
    let cache = Cache::from_url(url).unwrap().blocking();
    for n in 1..=sets {
        cache.set(&n.to_string(), &n, 1000).unwrap();
    }
    let keys = cache.keys("*").unwrap();
    let mut left: Vec<u32> = keys.iter().map(|key| key.parse().unwrap()).collect();
    left.sort_unstable();
    left
}

// As Django's own suite asks (test_cull, test_zero_cull).
#[test]
fn a_share_goes_at_once_as_in_django() {
    let left_of_30 = |frequency: u32| {
        let url = format!("memory://?max_entries=30&cull_frequency={frequency}");
        left(&url, 49)
    };
    // 10 of 30 go for the 31st and for the 41st: the oldest, since none was read.
    assert_eq!(left_of_30(3), (21..=49).collect::<Vec<_>>());
    assert_eq!(left_of_30(0), (31..=49).collect::<Vec<_>>());
    assert_eq!(left_of_30(1), (31..=49).collect::<Vec<_>>());
    // For the 31st and the 46th.
    assert_eq!(left_of_30(2), (31..=49).collect::<Vec<_>>());
    // A share of less than one: one goes for one that comes.
    assert_eq!(left_of_30(100), (20..=49).collect::<Vec<_>>());
    assert_eq!(left("memory://?max_entries=30", 49).len(), 30);
    assert_eq!(left("memory://?max_entries=1&cull_frequency=3", 49), [49]);
}

#[test]
fn what_was_read_goes_last() {
    let cache = Cache::from_url("memory://?max_entries=30&cull_frequency=3");
    let cache = cache.unwrap().blocking();
    for n in 0..30 {
        cache.set(&n.to_string(), &n, 1000).unwrap();
    }
    for n in 0..5 {
        assert_eq!(cache.get::<i32>(&n.to_string()).unwrap(), Some(n));
    }
    cache.set("30", &30, 1000).unwrap();
    let is_there = |n: i32| cache.has_key(&n.to_string()).unwrap();
    assert!((0..5).all(is_there), "they were read");
    assert!(!(5..15).any(is_there), "ten went");
    assert!((15..=30).all(is_there));
}

fn weight(cache: &Cache) -> usize {
    cache.core().any_home().unwrap().weight()
}

#[test]
fn what_is_larger_than_the_bound_is_not_kept_and_nothing_goes_for_it() {
    let cache = Cache::from_url("memory://?max_bytes=1000").unwrap();
    let calls = cache.clone().blocking();
    for key in ["a", "b", "c"] {
        calls.set(key, &"x".repeat(300), 1000).unwrap();
    }
    assert_eq!(weight(&cache), 900);
    calls.set("b", &"x".repeat(1001), 1000).unwrap();
    assert!(!calls.has_key("b").unwrap(), "neither the new nor the old");
    calls.set("new", &"x".repeat(1 << 19), 1000).unwrap();
    assert!(!calls.has_key("new").unwrap());
    assert!(calls.has_key("a").unwrap() && calls.has_key("c").unwrap());
    assert_eq!(weight(&cache), 600);
    calls.set("b", &"x".repeat(1000), 1000).unwrap();
    assert!(calls.has_key("b").unwrap(), "alone it fits to the byte");
    assert_eq!(weight(&cache), 1000);
}

#[test]
fn many_threads_never_exceed_the_bytes() {
    for url in [
        "memory://?max_bytes=10kB",
        // With several shards, and values that are large beside them.
        "memory://?max_bytes=16MiB",
        "memory://?max_bytes=16MiB&cull_frequency=3",
    ] {
        let max = if url.contains("10kB") {
            10_000
        } else {
            16 << 20
        };
        let cache = Cache::from_url(url).unwrap();
        let peak = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for seed in 0..4_u64 {
                let (cache, peak) = (&cache, &peak);
                scope.spawn(move || {
                    // While the others write.
                    let look = || peak.fetch_max(weight(cache), Relaxed);
                    write(&cache.clone().blocking(), max, seed + 1, look);
                });
            }
        });
        let peak = peak.into_inner();
        assert!(peak <= max, "{url}: {peak}");
        assert!(peak > max / 2, "{url}: the bound is made use of, {peak}");
        assert!(weight(&cache) <= max, "{url}");
    }
}

/// Sets, adds, replaces and deletes values of all sizes, some of them too large; looks behind each.
fn write(cache: &crate::BlockingCache, max: usize, seed: u64, look: impl Fn() -> usize) {
    let mut dice = seed;
    let mut below = |end: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice >> 11) as usize % end
    };
    for _ in 0..1500 {
        let key = below(200).to_string();
        let size = match below(20) {
            0 => max.min(1 << 20) - 1 + below(3),
            1..4 => below(max / 4).min(1 << 19),
            _ => below(max / 50),
        };
        match below(8) {
            0 => drop(cache.delete(&key)),
            1 => drop(cache.add(&key, &"x".repeat(size), 1000)),
            // Larger than `max_value_size` is an error.
            _ => drop(cache.set(&key, &"x".repeat(size), 1000)),
        }
        look();
    }
}
