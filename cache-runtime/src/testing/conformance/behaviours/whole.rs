//! `get_or_set`, `ping`, and what the statistics count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::super::bed::Bed;
use super::super::failure::{Verdict, check, check_eq};

pub(crate) async fn get_or_set_keeps_the_value(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let made = cache.get_or_set("key", 60, async || 7_i32).await?;
    check_eq!(made, 7);
    check_eq!(cache.get::<i32>("key").await?, Some(7));
    let again = cache.get_or_set("key", 60, async || 8_i32).await?;
    check_eq!(again, 7);
    // Another type is read as everywhere.
    let other = cache.get_or_set("key", 60, async || 8_u64).await?;
    check_eq!(other, 7);
    Ok(())
}

pub(crate) async fn get_or_set_keeps_none(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let made = cache.get_or_set("key", 60, async || None::<i32>).await;
    check_eq!(made?, None);
    let again = cache.get_or_set("key", 60, async || Some(1)).await;
    check_eq!(again?, None, "a stored None is a value");
    check_eq!(cache.get::<Option<i32>>("key").await?, Some(None));
    Ok(())
}

pub(crate) async fn get_or_set_sees_one_version(bed: &Bed) -> Verdict {
    let one = bed.cache()?;
    let two = one.with_version(2);
    check_eq!(one.get_or_set("key", 60, async || 1).await?, 1);
    check_eq!(two.get_or_set("key", 60, async || 2).await?, 2);
    check_eq!(one.get::<i32>("key").await?, Some(1));
    Ok(())
}

pub(crate) async fn racing_callers_of_get_or_set_run_it_once(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let runs = AtomicUsize::new(0);
    bed.race(16, |_| async {
        let make = async || {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            // Long enough for the others to come.
            bed.linger(Duration::from_millis(50)).await;
            run
        };
        check_eq!(cache.get_or_set("key", 60, make).await?, 0);
        Ok(())
    })
    .await?;
    check_eq!(runs.load(Ordering::SeqCst), 1);
    let stats = cache.stats();
    check_eq!(stats.misses, 1);
    check_eq!(stats.joined + stats.hits, 15);
    Ok(())
}

pub(crate) async fn ping_answers(bed: &Bed) -> Verdict {
    let took = bed.cache()?.ping().await?;
    check!(took < Duration::from_secs(5));
    Ok(())
}

pub(crate) async fn stats_count(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let before = cache.stats();
    check_eq!(before, crate::observe::Stats::default());
    cache.get::<i32>("a").await?;
    cache.set("a", &1, 30).await?;
    cache.get::<i32>("a").await?;
    cache.get::<i32>("a").await?;
    check!(!cache.add("a", &2, 30).await?);
    check!(cache.add("b", &2, 30).await?);
    cache.set_many(&[("c", 3), ("d", 4)], 30).await?;
    cache.get_many::<i32>(&["a", "b", "x"]).await?;
    cache.get::<String>("a").await?;
    check!(cache.delete("a").await?);
    check!(!cache.delete("a").await?);
    check_eq!(cache.delete_many(&["b", "c", "x"]).await?, 2);
    let stats = cache.stats();
    check_eq!(stats.hits, 4);
    check_eq!(stats.local_hits, if bed.is_in_process() { 4 } else { 0 });
    check_eq!(stats.misses, 3);
    check_eq!(stats.sets, 4);
    check_eq!(stats.deletes, 3);
    check_eq!(stats.undecodable, 1);
    check_eq!((stats.errors, stats.too_large, stats.evictions), (0, 0, 0));
    check!((stats.hit_ratio() - 4.0 / 7.0).abs() < 1e-9);
    // Another prefix counts for itself.
    let other = cache.with_prefix(&bed.prefix());
    check_eq!(other.stats().hits, 0);
    Ok(())
}
