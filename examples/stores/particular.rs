//! One function for each store: the thing to know about it, shown.

use std::error::Error;
use std::time::{Duration, Instant};

use cache_runtime::{BlockingCache, Cache, Ttl};

use crate::told;

type Shown = Result<(), Box<dyn Error>>;

/// In process there is a limit, and what is used least is evicted.
pub fn in_process() -> Shown {
    let small = Cache::from_url("memory://?max_entries=100")?.blocking();
    for number in 0..1000 {
        small.set(&format!("number:{number}"), &number, 60)?;
    }
    let stats = small.stats();
    println!(
        "memory: 1000 values in a cache of 100: {} evicted",
        stats.evictions
    );
    println!("memory: 100 are there: {}", small.keys("*")?.len() == 100);
    Ok(())
}

/// Redis keeps times to the millisecond, and counts for all processes that share it.
pub fn redis(cache: &BlockingCache) -> Shown {
    let start = Instant::now();
    cache.set("soon", &1, Duration::from_millis(60_500))?;
    let life = match cache.ttl("soon")? {
        Ttl::After(left) => left + start.elapsed(),
        _ => Duration::ZERO,
    };
    let is_exact = life > Duration::from_millis(60_400);
    println!("redis: a life of 60.5 s is more than 60: {is_exact}");
    cache.set("visits", &0, 60)?;
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| (0..25).for_each(|_| drop(cache.incr("visits", 1))));
        }
    });
    println!(
        "redis: four threads counted to {}",
        told(cache.get::<u64>("visits"))
    );
    Ok(())
}

/// In a cluster, keys with the same `{tag}` are on one node; the cache does not require that.
pub fn cluster(cache: &BlockingCache) -> Shown {
    let values: Vec<_> = (0..100).map(|n| (format!("number:{n}"), n)).collect();
    let refused = cache.set_many(values.iter().map(|(key, n)| (key.as_str(), *n)), 60)?;
    let found = cache.get_many::<u32>(values.iter().map(|(key, _)| key.as_str()))?;
    println!(
        "cluster: 100 keys over all nodes, {} refused, {} found",
        refused.len(),
        found.len()
    );
    Ok(())
}

/// Behind sentinels, the master is looked up by its name.
pub fn sentinel(cache: &BlockingCache) -> Shown {
    println!("sentinel: the master answers: {}", cache.ping().is_ok());
    Ok(())
}

/// Memcached keeps at most 1 MiB. Its own keys are at most 250 bytes of ASCII; others are stored under a hash.
pub fn memcached(cache: &BlockingCache) -> Shown {
    let large = cache.set("large", &"x".repeat(2 << 20), 60);
    println!("memcached: a value of 2 MiB is {}", told(large));
    let key = "ключ с пробелами ".repeat(20);
    cache.set(&key, &1, 60)?;
    println!(
        "memcached: a key of {} letters: {}",
        key.chars().count(),
        told(cache.get::<u8>(&key))
    );
    Ok(())
}

/// SQLite is a file: what was kept is still there when the program starts again.
pub fn outlives(url: &str) -> Shown {
    let first = Cache::from_url(url)?.blocking();
    first.set("kept", "still there", 60)?;
    first.close()?;
    let second = Cache::from_url(url)?.blocking();
    println!(
        "sqlite: opened again: {}",
        told(second.get::<String>("kept"))
    );
    second.close()?;
    Ok(())
}

/// A database has a table for each cache that wants its own.
pub fn table(url: &str) -> Shown {
    let sign = if url.contains('?') { '&' } else { '?' };
    let other = Cache::from_url(&format!("{url}{sign}table=other_entries"))?.blocking();
    other.prepare()?;
    println!(
        "sql: in a table of its own there are {} keys",
        other.keys("*")?.len()
    );
    other.set("key", &1, 60)?;
    println!("sql: and then {}", other.keys("*")?.len());
    other.close()?;
    Ok(())
}

/// Files hold large values, if they are allowed to.
pub fn files(url: &str) -> Shown {
    let sign = if url.contains('?') { '&' } else { '?' };
    let roomy = Cache::from_url(&format!("{url}{sign}max_value_size=16MiB"))?.blocking();
    let text = "x".repeat(4 << 20);
    roomy.set("large", &text, 60)?;
    let found = roomy.get::<String>("large")?;
    println!("files: 4 MiB came back whole: {}", found == Some(text));
    Ok(())
}
