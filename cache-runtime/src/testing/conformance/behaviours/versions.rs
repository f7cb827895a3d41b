//! Versions: the same matrix for each method, and moving a value from one version to another.

use std::collections::HashMap;

use crate::error::ErrorKind;
use crate::store::Ttl;

use super::super::bed::Bed;
use super::super::failure::{Failure, Verdict, check, check_eq, refused};
use super::super::speaker::Speaker;
use super::timeouts::lives_for;

/// Returns versions 1 and 2 of one cache.
fn both(bed: &Bed) -> Result<(Speaker, Speaker), Failure> {
    let one = bed.cache()?;
    let two = one.with_version(2);
    Ok((one, two))
}

async fn values(
    one: &Speaker,
    two: &Speaker,
    key: &str,
) -> Result<(Option<i64>, Option<i64>), Failure> {
    Ok((one.get(key).await?, two.get(key).await?))
}

pub(crate) async fn get_and_set_see_one_version(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    one.set("answer", &42, 30).await?;
    check_eq!(values(&one, &two, "answer").await?, (Some(42), None));
    two.set("answer", &37, 30).await?;
    check_eq!(values(&one, &two, "answer").await?, (Some(42), Some(37)));
    let back = two.with_version(1);
    check_eq!(back.get::<i64>("answer").await?, Some(42));

    // The builder's version is the same thing; an explicit one beats it.
    let told = bed.cache_with(|builder| builder.version(2))?;
    told.set("key", &2, 30).await?;
    let first = told.with_version(1);
    check_eq!(values(&first, &told, "key").await?, (None, Some(2)));
    let negative = told.with_version(-1);
    negative.set("key", &-1, 30).await?;
    check_eq!(values(&negative, &told, "key").await?, (Some(-1), Some(2)));
    Ok(())
}

pub(crate) async fn add_sees_one_version(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    check!(two.add("answer", &42, 30).await?);
    check_eq!(values(&one, &two, "answer").await?, (None, Some(42)));
    check!(!two.add("answer", &37, 30).await?);
    check!(one.add("answer", &37, 30).await?);
    check_eq!(values(&one, &two, "answer").await?, (Some(37), Some(42)));
    Ok(())
}

pub(crate) async fn has_key_and_delete_see_one_version(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    one.set("answer", &42, 30).await?;
    check!(one.has_key("answer").await?);
    check!(!two.has_key("answer").await?);
    check!(!two.delete("answer").await?);
    check!(!two.touch("answer", 60).await?);
    two.set("answer", &37, 30).await?;
    check!(one.delete("answer").await?);
    check_eq!(values(&one, &two, "answer").await?, (None, Some(37)));
    check_eq!(one.delete_many(&["answer"]).await?, 0);
    check_eq!(two.delete_many(&["answer"]).await?, 1);
    Ok(())
}

pub(crate) async fn incr_and_decr_see_one_version(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    one.set("answer", &37, 30).await?;
    two.set("answer", &42, 30).await?;
    check_eq!(one.incr("answer", 1).await?, 38);
    check_eq!(values(&one, &two, "answer").await?, (Some(38), Some(42)));
    check_eq!(two.decr("answer", 2).await?, 40);
    check_eq!(values(&one, &two, "answer").await?, (Some(38), Some(40)));
    two.delete("answer").await?;
    let error = refused(two.incr("answer", 1).await)?;
    check_eq!(error.kind(), ErrorKind::NotFound);
    Ok(())
}

pub(crate) async fn get_many_and_set_many_see_one_version(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    one.set_many(&[("a", 37), ("b", 42)], 30).await?;
    let expected = HashMap::from([("a".to_owned(), 37), ("b".to_owned(), 42)]);
    check_eq!(one.get_many::<i32>(&["a", "b"]).await?, expected);
    check!(two.get_many::<i32>(&["a", "b"]).await?.is_empty());
    two.set_many(&[("b", 1)], 30).await?;
    check_eq!(one.get_many::<i32>(&["a", "b"]).await?, expected);
    check_eq!(two.get_many::<i32>(&["a", "b"]).await?.len(), 1);
    Ok(())
}

pub(crate) async fn incr_version_moves_the_value(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    one.set("answer", &42, 30).await?;
    check_eq!(one.incr_version("answer", 1).await?, 2);
    check_eq!(values(&one, &two, "answer").await?, (None, Some(42)));
    check_eq!(two.incr_version("answer", 3).await?, 5);
    check_eq!(values(&one, &two, "answer").await?, (None, None));
    let five = one.with_version(5);
    check_eq!(five.get::<i64>("answer").await?, Some(42));

    one.set("none", &None::<i64>, 30).await?;
    check_eq!(one.incr_version("none", 1).await?, 2);
    check_eq!(two.get::<Option<i64>>("none").await?, Some(None));
    one.set("text", "moves", 30).await?;
    two.set("text", "is replaced", 30).await?;
    check_eq!(one.incr_version("text", 1).await?, 2);
    let text = two.get::<String>("text").await?;
    check_eq!(text.as_deref(), Some("moves"));
    // It still counts.
    one.set("number", &1, 30).await?;
    one.incr_version("number", 1).await?;
    check_eq!(two.incr("number", 1).await?, 2);
    Ok(())
}

pub(crate) async fn decr_version_moves_it_back(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    two.set("answer", &42, 30).await?;
    check_eq!(two.decr_version("answer", 1).await?, 1);
    check_eq!(values(&one, &two, "answer").await?, (Some(42), None));
    check_eq!(one.decr_version("answer", -1).await?, 2);
    check_eq!(values(&one, &two, "answer").await?, (None, Some(42)));
    Ok(())
}

pub(crate) async fn the_timeout_moves_with_the_version(bed: &Bed) -> Verdict {
    let (one, two) = both(bed)?;
    one.set("minute", "x", 60).await?;
    one.set("forever", "x", None).await?;
    one.incr_version("minute", 1).await?;
    one.incr_version("forever", 1).await?;
    lives_for(bed, &two, "minute", 60.0).await?;
    check_eq!(two.ttl("forever").await?, Ttl::Never);
    one.set("short", "x", bed.short()).await?;
    one.incr_version("short", 1).await?;
    check!(two.has_key("short").await?);
    bed.outlive_short().await;
    check_eq!(two.get::<String>("short").await?, None);
    Ok(())
}

pub(crate) async fn a_missing_key_has_no_version_to_move(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for answer in [
        cache.incr_version("missing", 1).await,
        cache.decr_version("missing", 1).await,
        cache.incr_version("missing", 0).await,
    ] {
        check_eq!(refused(answer)?.kind(), ErrorKind::NotFound);
    }
    Ok(())
}

pub(crate) async fn moving_by_zero_loses_nothing(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("answer", &42, 30).await?;
    check_eq!(cache.incr_version("answer", 0).await?, 1);
    check_eq!(cache.get::<i64>("answer").await?, Some(42));
    Ok(())
}
