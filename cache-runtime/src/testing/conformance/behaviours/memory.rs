//! What only the in-process level has: limits, and a list that leaves out what has expired.

use std::time::Duration;

use super::super::bed::Bed;
use super::super::failure::{Failure, Verdict, check, check_eq};
use super::super::speaker::Speaker;

async fn count(cache: &Speaker) -> Result<usize, Failure> {
    Ok(cache.keys("*").await?.len())
}

pub(crate) async fn the_bound_is_never_exceeded(bed: &Bed) -> Verdict {
    for bound in [1, 2, 30] {
        let cache = bed.cache_with(|builder| builder.max_entries(bound))?;
        for n in 0..100_u64 {
            cache.set(&format!("key{n}"), &n, 1000).await?;
            check!(count(&cache).await? <= bound, "after {n}");
            let newest = cache.get::<u64>(&format!("key{n}")).await?;
            check_eq!(newest, Some(n), "what was set last is there");
        }
        check_eq!(count(&cache).await?, bound, "and it is made use of");
        check_eq!(cache.stats().evictions, 100 - bound as u64);
        cache.add("added", &1, 1000).await?;
        check!(count(&cache).await? <= bound);
        cache.get_or_set("made", 1000, async || 1).await?;
        check!(count(&cache).await? <= bound);
    }
    Ok(())
}

pub(crate) async fn the_bound_in_bytes_is_never_exceeded(bed: &Bed) -> Verdict {
    let cache = bed.cache_with(|builder| builder.max_bytes(1000))?;
    for n in 0..100 {
        let value = "x".repeat(100 + n);
        cache.set(&format!("key{n}"), &value, 1000).await?;
        check!(cache.has_key(&format!("key{n}")).await?);
        let mut bytes = 0;
        for key in cache.keys("*").await? {
            bytes += cache.get::<String>(&key).await?.unwrap_or_default().len();
        }
        check!(bytes <= 1000, "after {n}: {bytes}");
    }
    check!(count(&cache).await? >= 4, "and it is made use of");
    // What does not fit even alone is not kept.
    cache.set("huge", &"x".repeat(1001), 1000).await?;
    check!(!cache.has_key("huge").await?);
    Ok(())
}

pub(crate) async fn expired_entries_are_not_listed(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("short", &1, 10).await?;
    cache.set("long", &1, 100).await?;
    bed.pass(Duration::from_secs(10)).await;
    check_eq!(cache.keys("*").await?, ["long"]);
    Ok(())
}
