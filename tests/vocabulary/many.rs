//! Several keys at once, and all of them.

use std::collections::HashMap;
use std::time::Duration;

use cache_runtime::ErrorKind;

use crate::bed::Bed;

fn map<const N: usize>(items: [(&str, i32); N]) -> HashMap<String, i32> {
    items.map(|(key, value)| (key.to_owned(), value)).into()
}

pub(crate) async fn get_many_brings_what_is_there(bed: &Bed) {
    let cache = bed.cache();
    for (key, value) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        cache.set(key, &value, 30).await.unwrap();
    }
    let found = cache.get_many(&["a", "c", "d"]).await.unwrap();
    assert_eq!(found, map([("a", 1), ("c", 3), ("d", 4)]));
    let found = cache.get_many(&["a", "b", "e", "a"]).await.unwrap();
    assert_eq!(found, map([("a", 1), ("b", 2)]));
    assert!(cache.get_many::<i32>(&[]).await.unwrap().is_empty());
    assert!(cache.get_many::<i32>(&["x", "y"]).await.unwrap().is_empty());
    // One that cannot be read does not spoil the others.
    cache.set("text", "no number", 30).await.unwrap();
    let found = cache.get_many(&["a", "text"]).await.unwrap();
    assert_eq!(found, map([("a", 1)]));
}

pub(crate) async fn set_many_keeps_all(bed: &Bed) {
    let cache = bed.cache();
    let failed = cache.set_many(&[("one", 1), ("two", 2)], 30).await.unwrap();
    assert!(failed.is_empty());
    assert_eq!(cache.get::<i32>("one").await.unwrap(), Some(1));
    assert_eq!(cache.get::<i32>("two").await.unwrap(), Some(2));
    let names: Vec<String> = (0..500).map(|n| format!("key{n}")).collect();
    let items: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(0..).collect();
    assert!(cache.set_many(&items, 30).await.unwrap().is_empty());
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(cache.get_many::<usize>(&keys).await.unwrap().len(), 500);
}

pub(crate) async fn set_many_expires(bed: &Bed) {
    let cache = bed.cache();
    let short = Duration::from_millis(200);
    cache
        .set_many(&[("one", 1), ("two", 2)], short)
        .await
        .unwrap();
    assert!(cache.has_key("one").await.unwrap());
    bed.pass(Duration::from_millis(260));
    assert_eq!(cache.get::<i32>("one").await.unwrap(), None);
    assert_eq!(cache.get::<i32>("two").await.unwrap(), None);
}

pub(crate) async fn set_many_of_nothing_is_nothing(bed: &Bed) {
    let cache = bed.cache();
    assert!(cache.set_many::<i32>(&[], 30).await.unwrap().is_empty());
    assert!(cache.set_many::<i32>(&[], 0).await.unwrap().is_empty());
    assert_eq!(cache.delete_many(&[]).await.unwrap(), 0);
    assert_eq!(cache.stats().sets, 0);
}

pub(crate) async fn set_many_names_those_that_failed(bed: &Bed) {
    let cache = bed.cache_with(|builder| builder.max_value_size(10));
    let items = [
        ("short", "ok"),
        ("long", "much more than that"),
        ("last", "ok"),
    ];
    let failed = cache.set_many(&items, 30).await.unwrap();
    assert_eq!(failed, ["long"]);
    let found = cache
        .get_many::<String>(&["short", "long", "last"])
        .await
        .unwrap();
    assert_eq!(found.len(), 2, "the others are kept: {found:?}");
    // A key that cannot be is the caller's mistake: nothing is kept, and it is said.
    for timeout in [30, 0] {
        let answer = cache.set_many(&[("fine", 1), ("bad\n", 2)], timeout).await;
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Key);
        assert!(!cache.has_key("fine").await.unwrap());
    }
}

pub(crate) async fn delete_many_counts_what_was_there(bed: &Bed) {
    let cache = bed.cache();
    cache
        .set_many(&[("a", 1), ("b", 2), ("c", 3)], 30)
        .await
        .unwrap();
    assert_eq!(cache.delete_many(&["a", "b", "x"]).await.unwrap(), 2);
    assert_eq!(cache.delete_many(&["a", "b"]).await.unwrap(), 0);
    assert_eq!(cache.get::<i32>("a").await.unwrap(), None);
    assert_eq!(cache.get::<i32>("c").await.unwrap(), Some(3));
    assert_eq!(cache.stats().deletes, 2);
}

pub(crate) async fn clear_forgets_everything(bed: &Bed) {
    let cache = bed.cache();
    let names: Vec<String> = (0..1500).map(|n| format!("key{n}")).collect();
    let items: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(0..).collect();
    cache.set_many(&items, 30).await.unwrap();
    cache.set("forever", &1, None).await.unwrap();
    cache.clear().await.unwrap();
    assert!(cache.keys("*").await.unwrap().is_empty());
    assert_eq!(cache.get::<i32>("forever").await.unwrap(), None);
    cache.set("new", &1, 30).await.unwrap();
    assert_eq!(cache.get::<i32>("new").await.unwrap(), Some(1));
    cache.clear().await.unwrap();
    cache.clear().await.unwrap();
}
