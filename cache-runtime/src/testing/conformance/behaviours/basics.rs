//! Setting, adding, getting, deleting; and that values of every kind come back unchanged.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use crate::error::ErrorKind;
use crate::value::CacheValue;
use serde::{Deserialize, Serialize};

use super::super::bed::Bed;
use super::super::failure::{Failure, Verdict, check, check_eq, refused};
use super::super::speaker::Speaker;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(crate) async fn what_is_set_is_got(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("key", "value", 30).await?;
    check_eq!(cache.get::<String>("key").await?, text("value"));
    cache.set("key", "another", 30).await?;
    check_eq!(cache.get::<String>("key").await?, text("another"));
    Ok(())
}

pub(crate) async fn add_keeps_what_is_there(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    check!(cache.add("key", "value", 30).await?);
    check!(!cache.add("key", "another", 30).await?);
    check_eq!(cache.get::<String>("key").await?, text("value"));
    Ok(())
}

pub(crate) async fn a_prefix_hides_keys(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let other = cache.with_prefix(&bed.prefix());
    cache.set("key", &1, 30).await?;
    check_eq!(other.get::<i32>("key").await?, None);
    check!(!other.delete("key").await?);
    other.set("key", &2, 30).await?;
    check_eq!(cache.get::<i32>("key").await?, Some(1));
    check_eq!(other.get::<i32>("key").await?, Some(2));
    Ok(())
}

pub(crate) async fn a_missing_key_is_none(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    check_eq!(cache.get::<String>("no such key").await?, None);
    check_eq!(cache.get::<i32>("no such key").await?, None);
    Ok(())
}

pub(crate) async fn delete_forgets_one_key(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("one", &1, 30).await?;
    cache.set("two", &2, 30).await?;
    check!(cache.delete("one").await?);
    check_eq!(cache.get::<i32>("one").await?, None);
    check_eq!(cache.get::<i32>("two").await?, Some(2));
    check!(!cache.delete("one").await?);
    Ok(())
}

pub(crate) async fn has_key_tells(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("key", &1, 30).await?;
    cache.set("none", &None::<i32>, 30).await?;
    cache.set("forever", &1, None).await?;
    for key in ["key", "none", "forever"] {
        check!(cache.has_key(key).await?, "{key}");
    }
    check!(!cache.has_key("other").await?);
    Ok(())
}

pub(crate) async fn a_stored_none_is_a_value(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("none", &None::<i32>, 30).await?;
    check_eq!(cache.get::<Option<i32>>("none").await?, Some(None));
    check!(!cache.add("none", &1, 30).await?);
    let found = cache.get_many::<Option<i32>>(&["none", "other"]).await;
    check_eq!(found?, HashMap::from([("none".to_owned(), None)]));
    Ok(())
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

async fn comes_back<T: CacheValue + PartialEq + Debug>(
    cache: &Speaker,
    value: T,
) -> Result<(), Failure> {
    cache.set("value", &value, 30).await?;
    check_eq!(cache.get::<T>("value").await?, Some(value.clone()));
    cache.delete("value").await?;
    check!(cache.add("value", &value, 30).await?);
    check_eq!(cache.get::<T>("value").await?, Some(value.clone()));
    let failed = cache.set_many(&[("value", value.clone())], 30).await;
    check!(failed?.is_empty());
    let found = cache.get_many::<T>(&["value"]).await?;
    check_eq!(found.get("value"), Some(&value));
    Ok(())
}

pub(crate) async fn values_of_many_types_come_back(bed: &Bed) -> Verdict {
    let cache = &bed.cache()?;
    comes_back(cache, "text".to_owned()).await?;
    comes_back(cache, String::new()).await?;
    comes_back(cache, "42".to_owned()).await?;
    comes_back(cache, 'é').await?;
    comes_back(cache, 42_u8).await?;
    comes_back(cache, i64::MIN).await?;
    comes_back(cache, u64::MAX).await?;
    comes_back(cache, u128::MAX).await?;
    comes_back(cache, 0.1_f64 + 0.2).await?;
    comes_back(cache, 1.1_f32).await?;
    comes_back(cache, f64::MAX).await?;
    comes_back(cache, -0.0_f64).await?;
    comes_back(cache, true).await?;
    comes_back(cache, ()).await?;
    comes_back(cache, vec![1, 2, 3]).await?;
    comes_back(cache, Vec::<String>::new()).await?;
    comes_back(cache, (1, "two".to_owned(), 3.0)).await?;
    comes_back(cache, [Some(1), None]).await?;
    comes_back(cache, HashMap::from([("a".to_owned(), 1), ("b".into(), 2)])).await?;
    comes_back(
        cache,
        BTreeMap::from([(-1, "x".to_owned()), (10, "y".into())]),
    )
    .await?;
    comes_back(cache, Some(Some(1))).await?;
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
        comes_back(cache, vec![task]).await?;
    }
    Ok(())
}

pub(crate) async fn unicode_is_kept_in_keys_and_values(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let texts = [
        ("ascii", "ascii_value"),
        ("unicode_ascii", "Iñtërnâtiônàlizætiøn1"),
        ("Iñtërnâtiônàlizætiøn", "Iñtërnâtiônàlizætiøn2"),
        ("😀", "\u{7f}\u{2028}\u{ffff}😀"),
    ];
    for (key, value) in texts {
        cache.set(key, value, 30).await?;
        let found = cache.get::<String>(key).await?;
        check_eq!(found.as_deref(), Some(value));
        check!(cache.delete(key).await?, "{key}");
        check!(cache.add(key, value, 30).await?);
        check!(cache.delete(key).await?);
    }
    let items = texts.map(|(key, value)| (key, value.to_owned()));
    check!(cache.set_many(&items, 30).await?.is_empty());
    for (key, value) in texts {
        let found = cache.get::<String>(key).await?;
        check_eq!(found.as_deref(), Some(value));
    }
    Ok(())
}

pub(crate) async fn bytes_are_kept(bed: &Bed) -> Verdict {
    let bytes: Vec<u8> = (0..=255).collect();
    comes_back(&bed.cache()?, bytes).await?;
    Ok(())
}

pub(crate) async fn a_closed_cache_opens_again(bed: &Bed) -> Verdict {
    // Not the shared one, which others are using.
    let cache = bed.lone_cache()?;
    cache.set("key", &1, 30).await?;
    cache.close().await?;
    check_eq!(cache.get::<i32>("key").await?, Some(1));
    Ok(())
}

pub(crate) async fn another_type_is_read_through_json(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("number", &41_i32, 30).await?;
    check_eq!(cache.get::<i64>("number").await?, Some(41));
    check_eq!(cache.get::<u8>("number").await?, Some(41));
    check_eq!(cache.get::<f64>("number").await?, Some(41.0));
    check_eq!(cache.get::<Option<i32>>("number").await?, Some(Some(41)));
    let before = cache.stats();
    check_eq!(cache.get::<String>("number").await?, None);
    let after = cache.stats();
    check_eq!(after.undecodable, before.undecodable + 1);
    check_eq!(after.misses, before.misses + 1);
    check_eq!(after.hits, before.hits);

    cache.set("pair", &(1_u8, "one"), 30).await?;
    let pair = cache.get::<serde_json::Value>("pair").await?;
    check_eq!(pair, Some(serde_json::json!([1, "one"])));
    Ok(())
}

pub(crate) async fn what_has_no_json_form_is_an_error(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let map = HashMap::from([(vec![1], 1)]);
    let error = refused(cache.set("key", &map, 30).await)?;
    check_eq!(error.kind(), ErrorKind::Encode, "{error}");
    let error = refused(cache.add("key", &map, 30).await)?;
    check_eq!(error.kind(), ErrorKind::Encode, "{error}");
    let failed = cache.set_many(&[("key", map)], 30).await?;
    check_eq!(failed, ["key"]);
    check!(!cache.has_key("key").await?);
    Ok(())
}

pub(crate) async fn what_json_would_change_is_kept_exactly_or_refused(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    if !bed.is_in_process() {
        for answer in [
            cache.set("key", &f64::NAN, 30).await,
            cache.set("key", &[f32::INFINITY], 30).await,
            cache.set("key", &Some(None::<i32>), 30).await,
            cache.add("key", &f64::NAN, 30).await.map(drop),
        ] {
            check_eq!(refused(answer)?.kind(), ErrorKind::Encode);
        }
        let failed = cache.set_many(&[("key", f64::NAN)], 30).await?;
        check_eq!(failed, ["key"]);
        check!(!cache.has_key("key").await?);
    } else {
        comes_back(&cache, Some(None::<i32>)).await?;
        comes_back(&cache, f64::INFINITY).await?;
    }
    Ok(())
}
