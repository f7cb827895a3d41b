//! Versions: the same matrix for each word, and moving a value from one version to another.

use std::collections::HashMap;
use std::time::Duration;

use cache_runtime::{ErrorKind, Ttl};

use crate::bed::Bed;
use crate::speaker::Speaker;

/// Versions 1 and 2 of one cache.
fn both(bed: &Bed) -> (Speaker, Speaker) {
    let one = bed.cache();
    let two = one.with_version(2);
    (one, two)
}

async fn values(one: &Speaker, two: &Speaker, key: &str) -> (Option<i64>, Option<i64>) {
    (one.get(key).await.unwrap(), two.get(key).await.unwrap())
}

pub(crate) async fn get_and_set_see_one_version(bed: &Bed) {
    let (one, two) = both(bed);
    one.set("answer", &42, 30).await.unwrap();
    assert_eq!(values(&one, &two, "answer").await, (Some(42), None));
    two.set("answer", &37, 30).await.unwrap();
    assert_eq!(values(&one, &two, "answer").await, (Some(42), Some(37)));
    let back = two.with_version(1);
    assert_eq!(back.get::<i64>("answer").await.unwrap(), Some(42));

    // The builder's version is the same thing; an explicit one beats it.
    let told = bed.cache_with(|builder| builder.version(2));
    told.set("key", &2, 30).await.unwrap();
    let first = told.with_version(1);
    assert_eq!(values(&first, &told, "key").await, (None, Some(2)));
    let negative = told.with_version(-1);
    negative.set("key", &-1, 30).await.unwrap();
    assert_eq!(values(&negative, &told, "key").await, (Some(-1), Some(2)));
}

pub(crate) async fn add_sees_one_version(bed: &Bed) {
    let (one, two) = both(bed);
    assert!(two.add("answer", &42, 30).await.unwrap());
    assert_eq!(values(&one, &two, "answer").await, (None, Some(42)));
    assert!(!two.add("answer", &37, 30).await.unwrap());
    assert!(one.add("answer", &37, 30).await.unwrap());
    assert_eq!(values(&one, &two, "answer").await, (Some(37), Some(42)));
}

pub(crate) async fn has_key_and_delete_see_one_version(bed: &Bed) {
    let (one, two) = both(bed);
    one.set("answer", &42, 30).await.unwrap();
    assert!(one.has_key("answer").await.unwrap());
    assert!(!two.has_key("answer").await.unwrap());
    assert!(!two.delete("answer").await.unwrap());
    assert!(!two.touch("answer", 60).await.unwrap());
    two.set("answer", &37, 30).await.unwrap();
    assert!(one.delete("answer").await.unwrap());
    assert_eq!(values(&one, &two, "answer").await, (None, Some(37)));
    assert_eq!(one.delete_many(&["answer"]).await.unwrap(), 0);
    assert_eq!(two.delete_many(&["answer"]).await.unwrap(), 1);
}

pub(crate) async fn incr_and_decr_see_one_version(bed: &Bed) {
    let (one, two) = both(bed);
    one.set("answer", &37, 30).await.unwrap();
    two.set("answer", &42, 30).await.unwrap();
    assert_eq!(one.incr("answer", 1).await.unwrap(), 38);
    assert_eq!(values(&one, &two, "answer").await, (Some(38), Some(42)));
    assert_eq!(two.decr("answer", 2).await.unwrap(), 40);
    assert_eq!(values(&one, &two, "answer").await, (Some(38), Some(40)));
    two.delete("answer").await.unwrap();
    let error = two.incr("answer", 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

pub(crate) async fn get_many_and_set_many_see_one_version(bed: &Bed) {
    let (one, two) = both(bed);
    one.set_many(&[("a", 37), ("b", 42)], 30).await.unwrap();
    let expected = HashMap::from([("a".to_owned(), 37), ("b".to_owned(), 42)]);
    assert_eq!(one.get_many::<i32>(&["a", "b"]).await.unwrap(), expected);
    assert!(two.get_many::<i32>(&["a", "b"]).await.unwrap().is_empty());
    two.set_many(&[("b", 1)], 30).await.unwrap();
    assert_eq!(one.get_many::<i32>(&["a", "b"]).await.unwrap(), expected);
    assert_eq!(two.get_many::<i32>(&["a", "b"]).await.unwrap().len(), 1);
}

pub(crate) async fn incr_version_moves_the_value(bed: &Bed) {
    let (one, two) = both(bed);
    one.set("answer", &42, 30).await.unwrap();
    assert_eq!(one.incr_version("answer", 1).await.unwrap(), 2);
    assert_eq!(values(&one, &two, "answer").await, (None, Some(42)));
    assert_eq!(two.incr_version("answer", 3).await.unwrap(), 5);
    assert_eq!(values(&one, &two, "answer").await, (None, None));
    let five = one.with_version(5);
    assert_eq!(five.get::<i64>("answer").await.unwrap(), Some(42));

    one.set("none", &None::<i64>, 30).await.unwrap();
    assert_eq!(one.incr_version("none", 1).await.unwrap(), 2);
    assert_eq!(two.get::<Option<i64>>("none").await.unwrap(), Some(None));
    one.set("text", "moves", 30).await.unwrap();
    two.set("text", "is replaced", 30).await.unwrap();
    assert_eq!(one.incr_version("text", 1).await.unwrap(), 2);
    let text = two.get::<String>("text").await.unwrap();
    assert_eq!(text.as_deref(), Some("moves"));
    // It still counts.
    one.set("number", &1, 30).await.unwrap();
    one.incr_version("number", 1).await.unwrap();
    assert_eq!(two.incr("number", 1).await.unwrap(), 2);
}

pub(crate) async fn decr_version_moves_it_back(bed: &Bed) {
    let (one, two) = both(bed);
    two.set("answer", &42, 30).await.unwrap();
    assert_eq!(two.decr_version("answer", 1).await.unwrap(), 1);
    assert_eq!(values(&one, &two, "answer").await, (Some(42), None));
    assert_eq!(one.decr_version("answer", -1).await.unwrap(), 2);
    assert_eq!(values(&one, &two, "answer").await, (None, Some(42)));
}

pub(crate) async fn the_timeout_moves_with_the_version(bed: &Bed) {
    let (one, two) = both(bed);
    one.set("minute", "x", 60).await.unwrap();
    one.set("forever", "x", None).await.unwrap();
    one.incr_version("minute", 1).await.unwrap();
    one.incr_version("forever", 1).await.unwrap();
    let Ttl::After(left) = two.ttl("minute").await.unwrap() else {
        panic!("a minute has an end");
    };
    assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60));
    assert_eq!(two.ttl("forever").await.unwrap(), Ttl::Never);
    let short = Duration::from_millis(200);
    one.set("short", "x", short).await.unwrap();
    one.incr_version("short", 1).await.unwrap();
    assert!(two.has_key("short").await.unwrap());
    bed.pass(short + Duration::from_millis(60));
    assert_eq!(two.get::<String>("short").await.unwrap(), None);
}

pub(crate) async fn a_missing_key_has_no_version_to_move(bed: &Bed) {
    let cache = bed.cache();
    for answer in [
        cache.incr_version("missing", 1).await,
        cache.decr_version("missing", 1).await,
        cache.incr_version("missing", 0).await,
    ] {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

pub(crate) async fn moving_by_zero_loses_nothing(bed: &Bed) {
    let cache = bed.cache();
    cache.set("answer", &42, 30).await.unwrap();
    assert_eq!(cache.incr_version("answer", 0).await.unwrap(), 1);
    assert_eq!(cache.get::<i64>("answer").await.unwrap(), Some(42));
}
