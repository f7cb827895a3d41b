//! Values over `max_value_size`: an error, counted, and the old value is gone.

use crate::error::ErrorKind;

use super::super::bed::Bed;
use super::super::failure::{Failure, Verdict, check, check_eq, refused};
use super::super::speaker::Speaker;

fn small(bed: &Bed) -> Result<Speaker, Failure> {
    bed.cache_with(|builder| builder.max_value_size(100))
}

pub(crate) async fn a_value_over_the_limit_is_an_error_and_the_old_one_is_gone(
    bed: &Bed,
) -> Verdict {
    let cache = small(bed)?;
    cache.set("key", &"x".repeat(90), 30).await?;
    let error = refused(cache.set("key", &"x".repeat(101), 30).await)?;
    check_eq!(error.kind(), ErrorKind::TooLarge);
    check_eq!(error.operation(), "set");
    check!(!error.is_retryable());
    check!(
        error.to_string().contains("max_value_size (100 bytes)"),
        "{error}"
    );
    check_eq!(cache.get::<String>("key").await?, None);
    check_eq!(cache.stats().too_large, 1);
    Ok(())
}

pub(crate) async fn the_default_limit_is_a_mebibyte(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    // A store may have a lower one of its own.
    let store = bed.capabilities().max_value;
    if store.is_none_or(|most| most >= 1 << 20) {
        cache.set("key", &"x".repeat(1_000_000), 30).await?;
        check!(cache.has_key("key").await?);
    }
    let error = refused(cache.set("key", &"x".repeat(1_100_000), 30).await)?;
    check_eq!(error.kind(), ErrorKind::TooLarge);
    Ok(())
}

pub(crate) async fn add_refuses_a_value_over_the_limit(bed: &Bed) -> Verdict {
    let cache = small(bed)?;
    let error = refused(cache.add("key", &"x".repeat(101), 30).await)?;
    check_eq!(error.kind(), ErrorKind::TooLarge);
    check_eq!(error.operation(), "add");
    check!(!cache.has_key("key").await?);
    check_eq!(cache.stats().too_large, 1);
    Ok(())
}

pub(crate) async fn set_many_refuses_a_value_over_the_limit(bed: &Bed) -> Verdict {
    let cache = small(bed)?;
    cache.set("old", "value", 30).await?;
    let items = [("old", "x".repeat(101)), ("fine", "x".to_owned())];
    check_eq!(cache.set_many(&items, 30).await?, ["old"]);
    check_eq!(cache.get::<String>("old").await?, None);
    check!(cache.has_key("fine").await?);
    check_eq!(cache.stats().too_large, 1);
    Ok(())
}

pub(crate) async fn get_or_set_returns_a_value_over_the_limit(bed: &Bed) -> Verdict {
    let cache = small(bed)?;
    let large = "x".repeat(101);
    let made = cache.get_or_set("key", 30, async || large.clone()).await;
    check_eq!(made?, large);
    check!(!cache.has_key("key").await?);
    check_eq!(cache.stats().too_large, 1);
    Ok(())
}
