//! Counting in place.

use std::time::Duration;

use cache_runtime::{ErrorKind, Ttl};

use crate::bed::Bed;

pub(crate) async fn incr_and_decr_count(bed: &Bed) {
    let cache = bed.cache();
    cache.set("answer", &41_i32, 30).await.unwrap();
    assert_eq!(cache.incr("answer", 1).await.unwrap(), 42);
    assert_eq!(cache.get::<i32>("answer").await.unwrap(), Some(42));
    assert_eq!(cache.incr("answer", 10).await.unwrap(), 52);
    assert_eq!(cache.incr("answer", -10).await.unwrap(), 42);
    assert_eq!(cache.decr("answer", 1).await.unwrap(), 41);
    assert_eq!(cache.decr("answer", 10).await.unwrap(), 31);
    assert_eq!(cache.decr("answer", -10).await.unwrap(), 41);
    assert_eq!(cache.incr("answer", 0).await.unwrap(), 41);
    assert_eq!(cache.get::<i64>("answer").await.unwrap(), Some(41));
    assert_eq!(cache.incr("answer", -100).await.unwrap(), -59);
    // What was added counts as well as what was set.
    assert!(cache.add("added", &1_u8, 30).await.unwrap());
    assert_eq!(cache.incr("added", 1).await.unwrap(), 2);
    cache.set_many(&[("many", 1_u64)], 30).await.unwrap();
    assert_eq!(cache.decr("many", 1).await.unwrap(), 0);
}

pub(crate) async fn incr_of_a_missing_key_is_not_found(bed: &Bed) {
    let cache = bed.cache();
    for answer in [
        cache.incr("nothing", 1).await,
        cache.incr("nothing", -1).await,
        cache.decr("nothing", 1).await,
        cache.decr("nothing", -1).await,
    ] {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.operation(), "incr");
        assert!(error.key().unwrap().ends_with("nothing"));
        assert!(!error.is_retryable());
    }
    assert!(!cache.has_key("nothing").await.unwrap());
}

pub(crate) async fn incr_of_anything_else_is_a_decode_error(bed: &Bed) {
    let cache = bed.cache();
    cache.set("none", &None::<i32>, 30).await.unwrap();
    cache.set("text", "41", 30).await.unwrap();
    cache.set("float", &41.0, 30).await.unwrap();
    cache.set("list", &[41], 30).await.unwrap();
    cache.set("true", &true, 30).await.unwrap();
    cache.set("large", &u64::MAX, 30).await.unwrap();
    for key in ["none", "text", "float", "list", "true", "large"] {
        let error = cache.incr(key, 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{key}: {error}");
        let error = cache.decr(key, 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{key}: {error}");
    }
    let text = cache.get::<String>("text").await.unwrap();
    assert_eq!(text.unwrap(), "41", "an error changes nothing");
}

pub(crate) async fn incr_over_the_end_changes_nothing(bed: &Bed) {
    let cache = bed.cache();
    cache.set("most", &i64::MAX, 30).await.unwrap();
    let error = cache.incr("most", 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert_eq!(cache.get::<i64>("most").await.unwrap(), Some(i64::MAX));
    assert_eq!(cache.decr("most", 1).await.unwrap(), i64::MAX - 1);
    cache.set("exact", &((1_i64 << 53) + 1), 30).await.unwrap();
    assert_eq!(cache.incr("exact", 2).await.unwrap(), (1 << 53) + 3);
}

pub(crate) async fn incr_keeps_the_timeout(bed: &Bed) {
    let cache = bed.cache();
    cache.set("minute", &1, 60).await.unwrap();
    cache.set("forever", &1, None).await.unwrap();
    cache.incr("minute", 1).await.unwrap();
    cache.incr("forever", 1).await.unwrap();
    let Ttl::After(left) = cache.ttl("minute").await.unwrap() else {
        panic!("a minute has an end");
    };
    assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60));
    assert_eq!(cache.ttl("forever").await.unwrap(), Ttl::Never);

    let short = Duration::from_millis(200);
    cache.set("short", &1, short).await.unwrap();
    cache.incr("short", 1).await.unwrap();
    bed.pass(short + Duration::from_millis(50));
    assert_eq!(cache.get::<i32>("short").await.unwrap(), None);
    assert_eq!(
        cache.incr("short", 1).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
