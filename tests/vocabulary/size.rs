//! Values over `max_value_size`: an error, counted, and the old value is gone.

use cache_runtime::ErrorKind;

use crate::bed::Bed;
use crate::speaker::Speaker;

fn small(bed: &Bed) -> Speaker {
    bed.cache_with(|builder| builder.max_value_size(100))
}

pub(crate) async fn a_value_over_the_limit_is_an_error_and_the_old_one_is_gone(bed: &Bed) {
    let cache = small(bed);
    cache.set("key", &"x".repeat(90), 30).await.unwrap();
    let error = cache.set("key", &"x".repeat(101), 30).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.operation(), "set");
    assert!(!error.is_retryable());
    assert!(
        error.to_string().contains("max_value_size (100 bytes)"),
        "{error}"
    );
    assert_eq!(cache.get::<String>("key").await.unwrap(), None);
    assert_eq!(cache.stats().too_large, 1);
    // The default is one mebibyte.
    let cache = bed.cache();
    cache.set("key", &"x".repeat(1_000_000), 30).await.unwrap();
    let error = cache
        .set("key", &"x".repeat(1_100_000), 30)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

pub(crate) async fn add_refuses_a_value_over_the_limit(bed: &Bed) {
    let cache = small(bed);
    let error = cache.add("key", &"x".repeat(101), 30).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.operation(), "add");
    assert!(!cache.has_key("key").await.unwrap());
    assert_eq!(cache.stats().too_large, 1);
}

pub(crate) async fn set_many_refuses_a_value_over_the_limit(bed: &Bed) {
    let cache = small(bed);
    cache.set("old", "value", 30).await.unwrap();
    let items = [("old", "x".repeat(101)), ("fine", "x".to_owned())];
    assert_eq!(cache.set_many(&items, 30).await.unwrap(), ["old"]);
    assert_eq!(cache.get::<String>("old").await.unwrap(), None);
    assert!(cache.has_key("fine").await.unwrap());
    assert_eq!(cache.stats().too_large, 1);
}

pub(crate) async fn get_or_set_returns_a_value_over_the_limit(bed: &Bed) {
    let cache = small(bed);
    let large = "x".repeat(101);
    let made = cache.get_or_set("key", 30, async || large.clone()).await;
    assert_eq!(made.unwrap(), large);
    assert!(!cache.has_key("key").await.unwrap());
    assert_eq!(cache.stats().too_large, 1);
}
