//! Setting, adding, getting, deleting; and that values of every kind come back as they went in.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use cache_runtime::{CacheValue, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::bed::Bed;
use crate::speaker::Speaker;

pub(crate) async fn what_is_set_is_got(bed: &Bed) {
    let cache = bed.cache();
    cache.set("key", "value", 30).await.unwrap();
    assert_eq!(cache.get::<String>("key").await.unwrap().unwrap(), "value");
    cache.set("key", "another", 30).await.unwrap();
    assert_eq!(
        cache.get::<String>("key").await.unwrap().unwrap(),
        "another"
    );
}

pub(crate) async fn add_keeps_what_is_there(bed: &Bed) {
    let cache = bed.cache();
    assert!(cache.add("key", "value", 30).await.unwrap());
    assert!(!cache.add("key", "another", 30).await.unwrap());
    assert_eq!(cache.get::<String>("key").await.unwrap().unwrap(), "value");
}

pub(crate) async fn a_prefix_hides_keys(bed: &Bed) {
    let cache = bed.cache();
    let other = cache.with_prefix(&bed.prefix());
    cache.set("key", &1, 30).await.unwrap();
    assert_eq!(other.get::<i32>("key").await.unwrap(), None);
    assert!(!other.delete("key").await.unwrap());
    other.set("key", &2, 30).await.unwrap();
    assert_eq!(cache.get::<i32>("key").await.unwrap(), Some(1));
    assert_eq!(other.get::<i32>("key").await.unwrap(), Some(2));
}

pub(crate) async fn a_missing_key_is_none(bed: &Bed) {
    let cache = bed.cache();
    assert_eq!(cache.get::<String>("no such key").await.unwrap(), None);
}

pub(crate) async fn delete_forgets_one_key(bed: &Bed) {
    let cache = bed.cache();
    cache.set("one", &1, 30).await.unwrap();
    cache.set("two", &2, 30).await.unwrap();
    assert!(cache.delete("one").await.unwrap());
    assert_eq!(cache.get::<i32>("one").await.unwrap(), None);
    assert_eq!(cache.get::<i32>("two").await.unwrap(), Some(2));
    assert!(!cache.delete("one").await.unwrap());
}

pub(crate) async fn has_key_tells(bed: &Bed) {
    let cache = bed.cache();
    cache.set("key", &1, 30).await.unwrap();
    cache.set("none", &None::<i32>, 30).await.unwrap();
    cache.set("forever", &1, None).await.unwrap();
    for key in ["key", "none", "forever"] {
        assert!(cache.has_key(key).await.unwrap(), "{key}");
    }
    assert!(!cache.has_key("other").await.unwrap());
}

pub(crate) async fn a_stored_none_is_a_value(bed: &Bed) {
    let cache = bed.cache();
    cache.set("none", &None::<i32>, 30).await.unwrap();
    assert_eq!(cache.get::<Option<i32>>("none").await.unwrap(), Some(None));
    assert!(!cache.add("none", &1, 30).await.unwrap());
    let found = cache.get_many::<Option<i32>>(&["none", "other"]).await;
    assert_eq!(found.unwrap(), HashMap::from([("none".to_owned(), None)]));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Task {
    id: u64,
    title: String,
    done: Option<bool>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum State {
    New,
    Assigned { to: u64 },
    Parts(u8, String),
}

async fn comes_back<T: CacheValue + PartialEq + Debug>(cache: &Speaker, value: T) {
    cache.set("value", &value, 30).await.unwrap();
    assert_eq!(cache.get::<T>("value").await.unwrap(), Some(value.clone()));
    cache.delete("value").await.unwrap();
    assert!(cache.add("value", &value, 30).await.unwrap());
    assert_eq!(cache.get::<T>("value").await.unwrap(), Some(value.clone()));
    let failed = cache.set_many(&[("value", value.clone())], 30).await;
    assert!(failed.unwrap().is_empty());
    let found = cache.get_many::<T>(&["value"]).await.unwrap();
    assert_eq!(found["value"], value);
}

pub(crate) async fn values_of_many_types_come_back(bed: &Bed) {
    let cache = &bed.cache();
    comes_back(cache, "text".to_owned()).await;
    comes_back(cache, String::new()).await;
    comes_back(cache, "42".to_owned()).await;
    comes_back(cache, 'é').await;
    comes_back(cache, 42_u8).await;
    comes_back(cache, i64::MIN).await;
    comes_back(cache, u64::MAX).await;
    comes_back(cache, u128::MAX).await;
    comes_back(cache, 0.1_f64 + 0.2).await;
    comes_back(cache, 1.1_f32).await;
    comes_back(cache, f64::MAX).await;
    comes_back(cache, -0.0_f64).await;
    comes_back(cache, true).await;
    comes_back(cache, ()).await;
    comes_back(cache, vec![1, 2, 3]).await;
    comes_back(cache, Vec::<String>::new()).await;
    comes_back(cache, (1, "two".to_owned(), 3.0)).await;
    comes_back(cache, [Some(1), None]).await;
    comes_back(cache, HashMap::from([("a".to_owned(), 1), ("b".into(), 2)])).await;
    comes_back(
        cache,
        BTreeMap::from([(-1, "x".to_owned()), (10, "y".into())]),
    )
    .await;
    comes_back(cache, Some(Some(1))).await;
    for state in [
        State::New,
        State::Assigned { to: 7 },
        State::Parts(1, "\"\\\n".into()),
    ] {
        let task = Task {
            id: u64::MAX,
            title: "tidy up".into(),
            done: None,
            state,
        };
        comes_back(cache, vec![task]).await;
    }
}

pub(crate) async fn unicode_is_kept_in_keys_and_values(bed: &Bed) {
    let cache = bed.cache();
    let texts = [
        ("ascii", "ascii_value"),
        ("unicode_ascii", "Iñtërnâtiônàlizætiøn1"),
        ("Iñtërnâtiônàlizætiøn", "Iñtërnâtiônàlizætiøn2"),
        ("😀", "\u{7f}\u{2028}\u{ffff}😀"),
    ];
    for (key, value) in texts {
        cache.set(key, value, 30).await.unwrap();
        let found = cache.get::<String>(key).await.unwrap();
        assert_eq!(found.as_deref(), Some(value));
        assert!(cache.delete(key).await.unwrap(), "{key}");
        assert!(cache.add(key, value, 30).await.unwrap());
        assert!(cache.delete(key).await.unwrap());
    }
    let items = texts.map(|(key, value)| (key, value.to_owned()));
    assert!(cache.set_many(&items, 30).await.unwrap().is_empty());
    for (key, value) in texts {
        let found = cache.get::<String>(key).await.unwrap();
        assert_eq!(found.as_deref(), Some(value));
    }
}

pub(crate) async fn bytes_are_kept(bed: &Bed) {
    let bytes: Vec<u8> = (0..=255).collect();
    comes_back(&bed.cache(), bytes).await;
}

pub(crate) async fn a_closed_cache_opens_again(bed: &Bed) {
    // Not the shared one: others are using that.
    let cache = bed.cache_with(|builder| builder);
    cache.set("key", &1, 30).await.unwrap();
    cache.close().await.unwrap();
    assert_eq!(cache.get::<i32>("key").await.unwrap(), Some(1));
}

pub(crate) async fn another_type_is_read_through_json(bed: &Bed) {
    let cache = bed.cache();
    cache.set("number", &41_i32, 30).await.unwrap();
    assert_eq!(cache.get::<i64>("number").await.unwrap(), Some(41));
    assert_eq!(cache.get::<u8>("number").await.unwrap(), Some(41));
    assert_eq!(cache.get::<f64>("number").await.unwrap(), Some(41.0));
    assert_eq!(
        cache.get::<Option<i32>>("number").await.unwrap(),
        Some(Some(41))
    );
    let before = cache.stats();
    assert_eq!(cache.get::<String>("number").await.unwrap(), None);
    let after = cache.stats();
    assert_eq!(after.undecodable, before.undecodable + 1);
    assert_eq!(after.misses, before.misses + 1);
    assert_eq!(after.hits, before.hits);

    cache.set("pair", &(1_u8, "one"), 30).await.unwrap();
    let pair = cache.get::<serde_json::Value>("pair").await.unwrap();
    assert_eq!(pair, Some(serde_json::json!([1, "one"])));
}

pub(crate) async fn what_has_no_json_form_is_an_error(bed: &Bed) {
    let cache = bed.cache();
    let map = HashMap::from([(vec![1], 1)]);
    let error = cache.set("key", &map, 30).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode, "{error}");
    let error = cache.add("key", &map, 30).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode, "{error}");
    let failed = cache.set_many(&[("key", map)], 30).await.unwrap();
    assert_eq!(failed, ["key"]);
    assert!(!cache.has_key("key").await.unwrap());
}

pub(crate) async fn what_json_would_change_is_kept_exactly_or_refused(bed: &Bed) {
    let cache = bed.cache();
    if bed.is_redis() {
        for answer in [
            cache.set("key", &f64::NAN, 30).await,
            cache.set("key", &[f32::INFINITY], 30).await,
            cache.set("key", &Some(None::<i32>), 30).await,
            cache.add("key", &f64::NAN, 30).await.map(drop),
        ] {
            assert_eq!(answer.unwrap_err().kind(), ErrorKind::Encode);
        }
        let failed = cache.set_many(&[("key", f64::NAN)], 30).await.unwrap();
        assert_eq!(failed, ["key"]);
        assert!(!cache.has_key("key").await.unwrap());
    } else {
        comes_back(&cache, Some(None::<i32>)).await;
        comes_back(&cache, f64::INFINITY).await;
    }
}
