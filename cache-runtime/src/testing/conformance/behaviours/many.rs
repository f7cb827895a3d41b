//! Several keys at once, and all of them.

use crate::error::ErrorKind;
use std::collections::HashMap;

use super::super::bed::Bed;
use super::super::failure::{Verdict, check, check_eq, refused};

fn map<const N: usize>(items: [(&str, i32); N]) -> HashMap<String, i32> {
    items.map(|(key, value)| (key.to_owned(), value)).into()
}

pub(crate) async fn get_many_brings_what_is_there(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for (key, value) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        cache.set(key, &value, 30).await?;
    }
    let found = cache.get_many(&["a", "c", "d"]).await?;
    check_eq!(found, map([("a", 1), ("c", 3), ("d", 4)]));
    let found = cache.get_many(&["a", "b", "e", "a"]).await?;
    check_eq!(found, map([("a", 1), ("b", 2)]));
    check!(cache.get_many::<i32>(&[]).await?.is_empty());
    check!(cache.get_many::<i32>(&["x", "y"]).await?.is_empty());
    // One that cannot be read does not spoil the others.
    cache.set("text", "no number", 30).await?;
    let found = cache.get_many(&["a", "text"]).await?;
    check_eq!(found, map([("a", 1)]));
    Ok(())
}

pub(crate) async fn set_many_keeps_all(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let failed = cache.set_many(&[("one", 1), ("two", 2)], 30).await?;
    check!(failed.is_empty());
    check_eq!(cache.get::<i32>("one").await?, Some(1));
    check_eq!(cache.get::<i32>("two").await?, Some(2));
    let names: Vec<String> = (0..500).map(|n| format!("key{n}")).collect();
    let items: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(0..).collect();
    check!(cache.set_many(&items, 30).await?.is_empty());
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    check_eq!(cache.get_many::<usize>(&keys).await?.len(), 500);
    Ok(())
}

pub(crate) async fn set_many_expires(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache
        .set_many(&[("one", 1), ("two", 2)], bed.short())
        .await?;
    check!(cache.has_key("one").await?);
    bed.outlive_short().await;
    check_eq!(cache.get::<i32>("one").await?, None);
    check_eq!(cache.get::<i32>("two").await?, None);
    Ok(())
}

pub(crate) async fn set_many_of_nothing_is_nothing(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    check!(cache.set_many::<i32>(&[], 30).await?.is_empty());
    check!(cache.set_many::<i32>(&[], 0).await?.is_empty());
    check_eq!(cache.delete_many(&[]).await?, 0);
    check_eq!(cache.stats().sets, 0);
    Ok(())
}

pub(crate) async fn set_many_names_those_that_failed(bed: &Bed) -> Verdict {
    let cache = bed.cache_with(|builder| builder.max_value_size(10))?;
    let items = [
        ("short", "ok"),
        ("long", "much more than that"),
        ("last", "ok"),
    ];
    let failed = cache.set_many(&items, 30).await?;
    check_eq!(failed, ["long"]);
    let found = cache.get_many::<String>(&["short", "long", "last"]).await?;
    check_eq!(found.len(), 2, "the others are kept: {found:?}");
    // A key that cannot be used is the caller's mistake: nothing is kept, and it is reported.
    for timeout in [30, 0] {
        let answer = cache.set_many(&[("fine", 1), ("bad\n", 2)], timeout).await;
        check_eq!(refused(answer)?.kind(), ErrorKind::Key);
        check!(!cache.has_key("fine").await?);
    }
    Ok(())
}

pub(crate) async fn delete_many_counts_what_was_there(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set_many(&[("a", 1), ("b", 2), ("c", 3)], 30).await?;
    check_eq!(cache.delete_many(&["a", "b", "x"]).await?, 2);
    check_eq!(cache.delete_many(&["a", "b"]).await?, 0);
    check_eq!(cache.get::<i32>("a").await?, None);
    check_eq!(cache.get::<i32>("c").await?, Some(3));
    check_eq!(cache.stats().deletes, 2);
    Ok(())
}

pub(crate) async fn clear_forgets_everything(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    let names: Vec<String> = (0..1500).map(|n| format!("key{n}")).collect();
    let items: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(0..).collect();
    cache.set_many(&items, 30).await?;
    cache.set("forever", &1, None).await?;
    cache.clear().await?;
    check_eq!(cache.get::<i32>("forever").await?, None);
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    check_eq!(cache.get_many::<usize>(&keys).await?.len(), 0);
    cache.set("new", &1, 30).await?;
    check_eq!(cache.get::<i32>("new").await?, Some(1));
    cache.clear().await?;
    cache.clear().await?;
    Ok(())
}
