//! How long values live: Django's meanings of default, never, zero, negative and fractions.

use std::time::Duration;

use cache_runtime::{Timeout, Ttl};

use crate::bed::Bed;
use crate::speaker::Speaker;

const SHORT: Duration = Duration::from_millis(200);
const LONGER: Duration = Duration::from_millis(260);

/// What is left of a life, which must be a length of time.
async fn left(cache: &Speaker, key: &str) -> Duration {
    match cache.ttl(key).await.unwrap() {
        Ttl::After(left) => left,
        other => panic!("{key}: {other:?}"),
    }
}

/// Asserts that the life of `key` is `seconds`, less what the test took.
async fn lives_for(cache: &Speaker, key: &str, seconds: f64) {
    let left = left(cache, key).await.as_secs_f64();
    assert!(left <= seconds + 0.001, "{key}: {left}");
    assert!(left > seconds - 10.0, "{key}: {left}");
}

pub(crate) async fn values_expire(bed: &Bed) {
    let cache = bed.cache();
    cache.set("one", "very quickly", SHORT).await.unwrap();
    cache.set("two", "very quickly", SHORT).await.unwrap();
    cache.set("three", "very quickly", SHORT).await.unwrap();
    assert!(cache.has_key("one").await.unwrap());
    bed.pass(LONGER);
    assert_eq!(cache.get::<String>("one").await.unwrap(), None);
    assert!(cache.add("two", "newvalue", 30).await.unwrap());
    let two = cache.get::<String>("two").await.unwrap();
    assert_eq!(two.as_deref(), Some("newvalue"));
    assert!(!cache.has_key("three").await.unwrap());
    assert_eq!(cache.ttl("three").await.unwrap(), Ttl::Missing);
    assert!(!cache.touch("three", 30).await.unwrap());
    assert!(!cache.delete("three").await.unwrap());
}

pub(crate) async fn the_default_is_five_minutes_unless_told(bed: &Bed) {
    let cache = bed.cache();
    cache.set("key", &1, Timeout::Default).await.unwrap();
    lives_for(&cache, "key", 300.0).await;
    let minute = bed.cache_with(|builder| builder.timeout(60));
    minute.set("key", &1, Timeout::Default).await.unwrap();
    minute.add("added", &1, Timeout::Default).await.unwrap();
    minute
        .set_many(&[("many", 1)], Timeout::Default)
        .await
        .unwrap();
    for key in ["key", "added", "many"] {
        lives_for(&minute, key, 60.0).await;
    }
    let never = bed.cache_with(|builder| builder.timeout(Timeout::Never));
    never.set("key", &1, Timeout::Default).await.unwrap();
    assert_eq!(never.ttl("key").await.unwrap(), Ttl::Never);
    let nothing = bed.cache_with(|builder| builder.timeout(0));
    nothing.set("key", &1, Timeout::Default).await.unwrap();
    assert!(!nothing.has_key("key").await.unwrap());
}

pub(crate) async fn touch_gives_a_new_life(bed: &Bed) {
    let cache = bed.cache();
    for value in ["text", ""] {
        cache.set("key", value, SHORT).await.unwrap();
        cache.set("number", &1, SHORT).await.unwrap();
        assert!(cache.touch("key", 60).await.unwrap());
        assert!(cache.touch("number", 60).await.unwrap());
        bed.pass(LONGER);
        let found = cache.get::<String>("key").await.unwrap();
        assert_eq!(found.as_deref(), Some(value));
        assert_eq!(cache.get::<i32>("number").await.unwrap(), Some(1));
        assert!(cache.touch("key", SHORT).await.unwrap());
        assert!(cache.touch("number", SHORT).await.unwrap());
        bed.pass(LONGER);
        assert!(!cache.has_key("key").await.unwrap());
        assert!(!cache.has_key("number").await.unwrap());
    }
    cache.set("default", &1, 10).await.unwrap();
    assert!(cache.touch("default", Timeout::Default).await.unwrap());
    lives_for(&cache, "default", 300.0).await;
    assert!(!cache.touch("nonexistent", 30).await.unwrap());
    assert!(!cache.has_key("nonexistent").await.unwrap());
}

pub(crate) async fn longer_than_thirty_days_is_a_length_of_time(bed: &Bed) {
    let cache = bed.cache();
    let seconds = 60 * 60 * 24 * 30 + 1;
    cache.set("set", "eggs", seconds).await.unwrap();
    assert!(cache.add("added", "ham", seconds).await.unwrap());
    cache
        .set_many(&[("many", "sausage")], seconds)
        .await
        .unwrap();
    cache.set("touched", "spam", 1).await.unwrap();
    assert!(cache.touch("touched", seconds).await.unwrap());
    for key in ["set", "added", "many", "touched"] {
        lives_for(&cache, key, f64::from(seconds)).await;
        assert!(cache.get::<String>(key).await.unwrap().is_some(), "{key}");
    }
    let ages = Duration::from_secs(u64::MAX);
    cache.set("ages", &1, ages).await.unwrap();
    assert_eq!(cache.get::<i32>("ages").await.unwrap(), Some(1));
}

pub(crate) async fn never_is_for_ever(bed: &Bed) {
    let cache = bed.cache();
    cache.set("set", "eggs", None).await.unwrap();
    assert!(cache.add("added", "ham", Timeout::Never).await.unwrap());
    assert!(!cache.add("set", "new eggs", None).await.unwrap());
    cache.set_many(&[("many", "sausage")], None).await.unwrap();
    cache.set("touched", "spam", SHORT).await.unwrap();
    assert!(cache.touch("touched", None).await.unwrap());
    assert!(cache.touch("touched", None).await.unwrap(), "again");
    bed.pass(LONGER);
    for key in ["set", "added", "many", "touched"] {
        assert_eq!(cache.ttl(key).await.unwrap(), Ttl::Never, "{key}");
        assert!(cache.get::<String>(key).await.unwrap().is_some(), "{key}");
    }
    let eggs = cache.get::<String>("set").await.unwrap();
    assert_eq!(eggs.as_deref(), Some("eggs"));
    assert!(cache.touch("set", 60).await.unwrap());
    lives_for(&cache, "set", 60.0).await;
}

/// Zero and below: what is said is true, and nothing is there.
async fn keeps_nothing(cache: &Speaker, timeout: Timeout) {
    cache.set("set", "eggs", timeout).await.unwrap();
    assert_eq!(cache.get::<String>("set").await.unwrap(), None);
    assert!(cache.add("added", "ham", timeout).await.unwrap(), "true");
    assert_eq!(cache.get::<String>("added").await.unwrap(), None);
    let items = [("many", "sausage"), ("more", "spam")];
    assert!(cache.set_many(&items, timeout).await.unwrap().is_empty());
    assert!(!cache.has_key("many").await.unwrap());
    assert!(!cache.has_key("more").await.unwrap());

    cache.set("there", "spam", 60).await.unwrap();
    assert!(!cache.add("there", "ham", timeout).await.unwrap());
    let there = cache.get::<String>("there").await.unwrap();
    assert_eq!(there.as_deref(), Some("spam"), "add changes nothing");
    assert!(cache.touch("there", timeout).await.unwrap(), "true");
    assert_eq!(cache.get::<String>("there").await.unwrap(), None);
    assert!(!cache.touch("there", timeout).await.unwrap());

    cache.set("old", "spam", 60).await.unwrap();
    cache.set("old", "new", timeout).await.unwrap();
    assert!(!cache.has_key("old").await.unwrap(), "set removes");
    cache.set("old", "spam", 60).await.unwrap();
    cache.set_many(&[("old", "new")], timeout).await.unwrap();
    assert!(!cache.has_key("old").await.unwrap(), "set_many removes");
    let made = cache.get_or_set("made", timeout, async || 7).await.unwrap();
    assert_eq!(made, 7);
    assert!(!cache.has_key("made").await.unwrap());
}

pub(crate) async fn zero_keeps_nothing(bed: &Bed) {
    keeps_nothing(&bed.cache(), 0.into()).await;
    keeps_nothing(&bed.cache(), Duration::ZERO.into()).await;
    keeps_nothing(&bed.cache(), 0.0.into()).await;
    keeps_nothing(&bed.cache(), Timeout::Expired).await;
    keeps_nothing(&bed.cache(), Timeout::After(Duration::ZERO)).await;
}

pub(crate) async fn negative_keeps_nothing(bed: &Bed) {
    keeps_nothing(&bed.cache(), (-100).into()).await;
    keeps_nothing(&bed.cache(), (-0.5).into()).await;
    keeps_nothing(&bed.cache(), i64::MIN.into()).await;
}

pub(crate) async fn fractions_of_seconds_count(bed: &Bed) {
    let cache = bed.cache();
    cache.set("key", "spam", 100.2).await.unwrap();
    let found = cache.get::<String>("key").await.unwrap();
    assert_eq!(found.as_deref(), Some("spam"));
    let left = left(&cache, "key").await;
    assert!(left <= Duration::from_millis(100_200), "{left:?}");
    if !bed.is_redis() {
        assert_eq!(left, Duration::from_millis(100_200));
    }
    // Not "at once", as where seconds are cut to whole ones.
    cache.set("short", "spam", 0.2).await.unwrap();
    assert!(cache.has_key("short").await.unwrap());
    bed.pass(LONGER);
    assert!(!cache.has_key("short").await.unwrap());
}

pub(crate) async fn ttl_tells_what_is_left(bed: &Bed) {
    let cache = bed.cache();
    assert_eq!(cache.ttl("missing").await.unwrap(), Ttl::Missing);
    cache.set("forever", &1, None).await.unwrap();
    assert_eq!(cache.ttl("forever").await.unwrap(), Ttl::Never);
    cache.set("minute", &1, 60).await.unwrap();
    bed.pass(SHORT);
    let left = left(&cache, "minute").await;
    assert!(left <= Duration::from_millis(59_850), "{left:?}");
    assert!(left > Duration::from_secs(50), "{left:?}");
}
