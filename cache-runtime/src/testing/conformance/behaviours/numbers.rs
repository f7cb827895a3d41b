//! Counting in place.

use crate::error::ErrorKind;
use crate::store::Ttl;

use super::super::bed::Bed;
use super::super::failure::{Verdict, check, check_eq, refused};
use super::timeouts::lives_for;

pub(crate) async fn incr_and_decr_count(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("answer", &41_i32, 30).await?;
    check_eq!(cache.incr("answer", 1).await?, 42);
    check_eq!(cache.get::<i32>("answer").await?, Some(42));
    check_eq!(cache.incr("answer", 10).await?, 52);
    check_eq!(cache.incr("answer", -10).await?, 42);
    check_eq!(cache.decr("answer", 1).await?, 41);
    check_eq!(cache.decr("answer", 10).await?, 31);
    check_eq!(cache.decr("answer", -10).await?, 41);
    check_eq!(cache.incr("answer", 0).await?, 41);
    check_eq!(cache.get::<i64>("answer").await?, Some(41));
    check_eq!(cache.incr("answer", -100).await?, -59);
    // What was added counts as well as what was set.
    check!(cache.add("added", &1_u8, 30).await?);
    check_eq!(cache.incr("added", 1).await?, 2);
    cache.set_many(&[("many", 1_u64)], 30).await?;
    check_eq!(cache.decr("many", 1).await?, 0);
    Ok(())
}

pub(crate) async fn incr_of_a_missing_key_is_not_found(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for answer in [
        cache.incr("nothing", 1).await,
        cache.incr("nothing", -1).await,
        cache.decr("nothing", 1).await,
        cache.decr("nothing", -1).await,
    ] {
        let error = refused(answer)?;
        check_eq!(error.kind(), ErrorKind::NotFound);
        check_eq!(error.operation(), "incr");
        check!(error.key().is_some_and(|key| key.ends_with("nothing")));
        check!(!error.is_retryable());
    }
    check!(!cache.has_key("nothing").await?);
    Ok(())
}

pub(crate) async fn incr_of_anything_else_is_a_decode_error(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("none", &None::<i32>, 30).await?;
    cache.set("text", "41", 30).await?;
    cache.set("float", &41.0, 30).await?;
    cache.set("list", &[41], 30).await?;
    cache.set("true", &true, 30).await?;
    cache.set("large", &u64::MAX, 30).await?;
    for key in ["none", "text", "float", "list", "true", "large"] {
        let error = refused(cache.incr(key, 1).await)?;
        check_eq!(error.kind(), ErrorKind::Decode, "{key}: {error}");
        let error = refused(cache.decr(key, 1).await)?;
        check_eq!(error.kind(), ErrorKind::Decode, "{key}: {error}");
    }
    let text = cache.get::<String>("text").await?;
    check_eq!(text.as_deref(), Some("41"), "an error changes nothing");
    Ok(())
}

pub(crate) async fn incr_over_the_end_changes_nothing(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("most", &i64::MAX, 30).await?;
    let error = refused(cache.incr("most", 1).await)?;
    check_eq!(error.kind(), ErrorKind::Store, "{error}");
    check_eq!(cache.get::<i64>("most").await?, Some(i64::MAX));
    check_eq!(cache.decr("most", 1).await?, i64::MAX - 1);
    cache.set("exact", &((1_i64 << 53) + 1), 30).await?;
    check_eq!(cache.incr("exact", 2).await?, (1 << 53) + 3);
    Ok(())
}

pub(crate) async fn incr_keeps_the_timeout(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("minute", &1, 60).await?;
    cache.set("forever", &1, None).await?;
    cache.incr("minute", 1).await?;
    cache.incr("forever", 1).await?;
    lives_for(bed, &cache, "minute", 60.0).await?;
    check_eq!(cache.ttl("forever").await?, Ttl::Never);

    cache.set("short", &1, bed.short()).await?;
    cache.incr("short", 1).await?;
    bed.outlive_short().await;
    check_eq!(cache.get::<i32>("short").await?, None);
    let error = refused(cache.incr("short", 1).await)?;
    check_eq!(error.kind(), ErrorKind::NotFound);
    Ok(())
}
