//! What a cache that keeps nothing answers.

use super::super::bed::Bed;
use super::super::failure::{Verdict, check, check_eq, refused};
use crate::error::ErrorKind;
use crate::store::Ttl;

pub(crate) async fn nothing_is_kept_and_every_word_answers(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    cache.set("key", "value", 30).await?;
    check_eq!(cache.get::<String>("key").await?, None);
    check!(
        cache.add("key", "value", 30).await?,
        "nothing is in the way of an add"
    );
    check!(cache.add("key", "value", 30).await?, "and again");
    check!(!cache.has_key("key").await?);
    check_eq!(cache.ttl("key").await?, Ttl::Missing);
    check!(!cache.touch("key", 30).await?);
    check!(!cache.delete("key").await?);
    for answer in [
        cache.incr("key", 1).await,
        cache.decr("key", 1).await,
        cache.incr_version("key", 1).await,
        cache.decr_version("key", 1).await,
    ] {
        check_eq!(refused(answer)?.kind(), ErrorKind::NotFound);
    }
    check!(cache.set_many(&[("a", 1), ("b", 2)], 30).await?.is_empty());
    check!(cache.get_many::<i32>(&["a", "b"]).await?.is_empty());
    check_eq!(cache.delete_many(&["a", "b"]).await?, 0);
    check_eq!(cache.get_or_set("key", 30, async || 7).await?, 7);
    check_eq!(
        cache.get_or_set("key", 30, async || 8).await?,
        8,
        "the next value"
    );
    check!(cache.keys("*").await?.is_empty());
    cache.clear().await?;
    cache.close().await?;
    Ok(())
}
