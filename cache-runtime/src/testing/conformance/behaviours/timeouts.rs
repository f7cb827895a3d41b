//! How long values live: what Django means by default, never, zero, negative and fractions.

use std::time::Duration;

use crate::error::ErrorKind;
use crate::store::Ttl;
use crate::timeout::Timeout;

use super::super::bed::Bed;
use super::super::failure::{Failure, Verdict, check, check_eq};
use super::super::speaker::Speaker;

/// Returns what is left of a lifetime, which must be finite; `None` if the store cannot tell.
async fn left(cache: &Speaker, key: &str) -> Result<Option<Duration>, Failure> {
    match told(cache, key).await? {
        None => Ok(None),
        Some(Ttl::After(left)) => Ok(Some(left)),
        Some(other) => Err(Failure::new(format!(
            "{key} lives for a time, not {other:?}"
        ))),
    }
}

/// Returns the lifetime of `key`; `None` if the store cannot tell.
pub(super) async fn told(cache: &Speaker, key: &str) -> Result<Option<Ttl>, Failure> {
    match cache.ttl(key).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        answer => Ok(Some(answer?)),
    }
}

/// Checks that the lifetime of `key` is `seconds`, less what the behaviour took.
pub(super) async fn lives_for(bed: &Bed, cache: &Speaker, key: &str, seconds: f64) -> Verdict {
    let Some(left) = left(cache, key).await? else {
        return Ok(());
    };
    let left = left.as_secs_f64();
    // Rounded up, and ended by a clock that ticks.
    let most = seconds + 2.0 * bed.resolution.as_secs_f64() + 0.001;
    check!(
        left <= most && left > seconds - 30.0,
        "{key} lives {seconds} s: {left} s are left"
    );
    Ok(())
}

/// Checks that the lifetime of `key` has no end.
async fn lives_for_ever(cache: &Speaker, key: &str) -> Verdict {
    if let Some(life) = told(cache, key).await? {
        check_eq!(life, Ttl::Never, "the life of {key}");
    }
    Ok(())
}

pub(crate) async fn values_expire(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("one", "very quickly", bed.short()).await?;
    cache.set("two", "very quickly", bed.short()).await?;
    cache.set("three", "very quickly", bed.short()).await?;
    check!(cache.has_key("one").await?);
    bed.outlive_short().await;
    check_eq!(cache.get::<String>("one").await?, None);
    check!(cache.add("two", "newvalue", 30).await?);
    let two = cache.get::<String>("two").await?;
    check_eq!(two.as_deref(), Some("newvalue"));
    check!(!cache.has_key("three").await?);
    if let Some(life) = told(&cache, "three").await? {
        check_eq!(life, Ttl::Missing);
    }
    check!(!cache.touch("three", 30).await?);
    check!(!cache.delete("three").await?);
    Ok(())
}

pub(crate) async fn the_default_is_five_minutes_unless_told(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("key", &1, Timeout::Default).await?;
    lives_for(bed, &cache, "key", 300.0).await?;
    let minute = bed.cache_with(|builder| builder.timeout(60))?;
    minute.set("key", &1, Timeout::Default).await?;
    minute.add("added", &1, Timeout::Default).await?;
    minute.set_many(&[("many", 1)], Timeout::Default).await?;
    for key in ["key", "added", "many"] {
        lives_for(bed, &minute, key, 60.0).await?;
    }
    let never = bed.cache_with(|builder| builder.timeout(Timeout::Never))?;
    never.set("key", &1, Timeout::Default).await?;
    lives_for_ever(&never, "key").await?;
    let nothing = bed.cache_with(|builder| builder.timeout(0))?;
    nothing.set("key", &1, Timeout::Default).await?;
    check!(!nothing.has_key("key").await?);
    Ok(())
}

pub(crate) async fn expire_ends_the_timeout(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for key in ["key", "of_a_function:0123456789abcdef0123456789abcdef"] {
        check!(!cache.expire(key).await?, "it is not there");
        cache.set(key, "value", 60).await?;
        check!(cache.expire(key).await?, "it was there");
        check_eq!(cache.get::<String>(key).await?, None);
        check!(!cache.has_key(key).await?, "it is not there any more");
        check_eq!(cache.ttl(key).await?, Ttl::Missing);
        check!(!cache.expire(key).await?, "it is over already");
        cache.set(key, "again", 60).await?;
        check_eq!(cache.get::<String>(key).await?.as_deref(), Some("again"));
    }
    Ok(())
}

pub(crate) async fn touch_gives_a_new_life(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for value in ["text", ""] {
        cache.set("key", value, bed.short()).await?;
        cache.set("number", &1, bed.short()).await?;
        check!(cache.touch("key", 60).await?);
        check!(cache.touch("number", 60).await?);
        bed.outlive_short().await;
        let found = cache.get::<String>("key").await?;
        check_eq!(found.as_deref(), Some(value));
        check_eq!(cache.get::<i32>("number").await?, Some(1));
        check!(cache.touch("key", bed.short()).await?);
        check!(cache.touch("number", bed.short()).await?);
        bed.outlive_short().await;
        check!(!cache.has_key("key").await?);
        check!(!cache.has_key("number").await?);
    }
    cache.set("default", &1, 10).await?;
    check!(cache.touch("default", Timeout::Default).await?);
    lives_for(bed, &cache, "default", 300.0).await?;
    check!(!cache.touch("nonexistent", 30).await?);
    check!(!cache.has_key("nonexistent").await?);
    Ok(())
}

pub(crate) async fn longer_than_thirty_days_is_a_length_of_time(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let seconds = 60 * 60 * 24 * 30 + 1;
    cache.set("set", "eggs", seconds).await?;
    check!(cache.add("added", "ham", seconds).await?);
    cache.set_many(&[("many", "sausage")], seconds).await?;
    cache.set("touched", "spam", 60).await?;
    check!(cache.touch("touched", seconds).await?);
    for key in ["set", "added", "many", "touched"] {
        lives_for(bed, &cache, key, f64::from(seconds)).await?;
        check!(cache.get::<String>(key).await?.is_some(), "{key}");
    }
    let ages = Duration::from_secs(u64::MAX);
    cache.set("ages", &1, ages).await?;
    check_eq!(cache.get::<i32>("ages").await?, Some(1));
    Ok(())
}

pub(crate) async fn never_is_for_ever(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("set", "eggs", None).await?;
    check!(cache.add("added", "ham", Timeout::Never).await?);
    check!(!cache.add("set", "new eggs", None).await?);
    cache.set_many(&[("many", "sausage")], None).await?;
    cache.set("touched", "spam", bed.short()).await?;
    check!(cache.touch("touched", None).await?);
    check!(cache.touch("touched", None).await?, "again");
    bed.outlive_short().await;
    for key in ["set", "added", "many", "touched"] {
        lives_for_ever(&cache, key).await?;
        check!(cache.get::<String>(key).await?.is_some(), "{key}");
    }
    let eggs = cache.get::<String>("set").await?;
    check_eq!(eggs.as_deref(), Some("eggs"));
    check!(cache.touch("set", 60).await?);
    lives_for(bed, &cache, "set", 60.0).await?;
    Ok(())
}

/// Checks that, with zero or less, the answers are correct, and nothing is there.
async fn keeps_nothing(cache: &Speaker, timeout: Timeout) -> Verdict {
    cache.set("set", "eggs", timeout).await?;
    check_eq!(cache.get::<String>("set").await?, None);
    check!(cache.add("added", "ham", timeout).await?, "true");
    check_eq!(cache.get::<String>("added").await?, None);
    let items = [("many", "sausage"), ("more", "spam")];
    check!(cache.set_many(&items, timeout).await?.is_empty());
    check!(!cache.has_key("many").await?);
    check!(!cache.has_key("more").await?);

    cache.set("there", "spam", 60).await?;
    check!(!cache.add("there", "ham", timeout).await?);
    let there = cache.get::<String>("there").await?;
    check_eq!(there.as_deref(), Some("spam"), "add changes nothing");
    check!(cache.touch("there", timeout).await?, "true");
    check_eq!(cache.get::<String>("there").await?, None);
    check!(!cache.touch("there", timeout).await?);

    cache.set("old", "spam", 60).await?;
    cache.set("old", "new", timeout).await?;
    check!(!cache.has_key("old").await?, "set removes");
    cache.set("old", "spam", 60).await?;
    cache.set_many(&[("old", "new")], timeout).await?;
    check!(!cache.has_key("old").await?, "set_many removes");
    let made = cache.get_or_set("made", timeout, async || 7).await?;
    check_eq!(made, 7);
    check!(!cache.has_key("made").await?);
    Ok(())
}

pub(crate) async fn zero_keeps_nothing(bed: &Bed) -> Verdict {
    keeps_nothing(&bed.cache()?, 0.into()).await?;
    keeps_nothing(&bed.cache()?, Duration::ZERO.into()).await?;
    keeps_nothing(&bed.cache()?, 0.0.into()).await?;
    keeps_nothing(&bed.cache()?, Timeout::Expired).await?;
    keeps_nothing(&bed.cache()?, Timeout::After(Duration::ZERO)).await?;
    Ok(())
}

pub(crate) async fn negative_keeps_nothing(bed: &Bed) -> Verdict {
    keeps_nothing(&bed.cache()?, (-100).into()).await?;
    keeps_nothing(&bed.cache()?, (-0.5).into()).await?;
    keeps_nothing(&bed.cache()?, i64::MIN.into()).await?;
    Ok(())
}

pub(crate) async fn fractions_of_seconds_count(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("key", "spam", 100.2).await?;
    let found = cache.get::<String>("key").await?;
    check_eq!(found.as_deref(), Some("spam"));
    lives_for(bed, &cache, "key", 100.2).await?;
    // Not "at once", as where seconds are cut to whole ones.
    let fraction = bed.fraction().as_secs_f64();
    cache.set("short", "spam", fraction).await?;
    check!(
        cache.has_key("short").await?,
        "{fraction} seconds are a life"
    );
    bed.outlive_short().await;
    check!(!cache.has_key("short").await?, "and it ends");
    Ok(())
}

pub(crate) async fn ttl_tells_what_is_left(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    check_eq!(cache.ttl("missing").await?, Ttl::Missing);
    cache.set("forever", &1, None).await?;
    check_eq!(cache.ttl("forever").await?, Ttl::Never);
    cache.set("minute", &1, 60).await?;
    bed.pass(bed.short()).await;
    let left = left(&cache, "minute").await?.unwrap_or_default();
    // A clock that ticks may not have ticked.
    let most =
        Duration::from_secs(60) - bed.short() + Duration::from_millis(50) + 2 * bed.resolution;
    check!(
        left <= most && left > Duration::from_secs(30),
        "of a minute {left:?} are left"
    );
    Ok(())
}
