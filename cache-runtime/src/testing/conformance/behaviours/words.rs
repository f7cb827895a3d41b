//! A store's operations, one by one: set, delete, add, touch, ttl, incr.

use std::time::Duration;

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Failure, Verdict, check, check_eq, refused};
use super::super::raw::Raw;
use crate::error::ErrorKind;
use crate::store::Ttl;

async fn value(store: &Raw, key: &str) -> Result<Option<String>, Failure> {
    let found = store.get(key).await?;
    Ok(found.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(crate) async fn set_writes_over_and_gives_a_new_life(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    check_eq!(value(&store, &key).await?, None);
    store.set(&key, b"one", Some(bed.short())).await?;
    check_eq!(value(&store, &key).await?, some("one"));
    store.set(&key, b"two and more", MINUTE).await?;
    check_eq!(value(&store, &key).await?, some("two and more"));
    store.set(&key, b"3", MINUTE).await?;
    check_eq!(value(&store, &key).await?, some("3"));
    bed.outlive_short().await;
    check_eq!(
        value(&store, &key).await?,
        some("3"),
        "the old life does not end the new value"
    );
    store.set(&key, b"four", Some(bed.short())).await?;
    bed.outlive_short().await;
    check_eq!(value(&store, &key).await?, None, "the value after its life");
    Ok(())
}

pub(crate) async fn delete_says_what_was_there(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let (one, two) = (format!("{name}:1:one"), format!("{name}:1:two"));
    check!(!store.delete(&one).await?, "there is nothing yet");
    store.set(&one, b"1", None).await?;
    store.set(&two, b"2", None).await?;
    check!(store.delete(&one).await?, "it was there");
    check!(!store.delete(&one).await?, "it is gone");
    check_eq!(value(&store, &one).await?, None);
    check_eq!(value(&store, &two).await?, some("2"));
    store.delete(&two).await?;
    store.set(&one, b"1", Some(bed.short())).await?;
    bed.outlive_short().await;
    check!(!store.delete(&one).await?, "what has expired is not there");
    Ok(())
}

pub(crate) async fn delete_if_takes_only_what_it_names(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    check!(!store.delete_if(&key, b"one").await?, "it is not there");
    store.set(&key, b"one", MINUTE).await?;
    for other in [&b"two"[..], b"one ", b"on", b""] {
        check!(!store.delete_if(&key, other).await?, "it is another");
    }
    check_eq!(value(&store, &key).await?, some("one"));
    check!(store.delete_if(&key, b"one").await?, "it is this one");
    check_eq!(value(&store, &key).await?, None);
    check!(!store.delete_if(&key, b"one").await?, "it is gone");
    let bytes = [0, 255, 13, 10, 0];
    store.set(&key, &bytes, MINUTE).await?;
    check!(store.delete_if(&key, &bytes).await?, "bytes are bytes");
    store.set(&key, b"one", Some(bed.short())).await?;
    bed.outlive_short().await;
    check!(!store.delete_if(&key, b"one").await?, "it has expired");
    Ok(())
}

pub(crate) async fn add_takes_what_is_free(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    check!(
        store.add(&key, b"one", Some(bed.short())).await?,
        "it is free"
    );
    check!(!store.add(&key, b"two", MINUTE).await?, "it is taken");
    check_eq!(value(&store, &key).await?, some("one"));
    bed.outlive_short().await;
    check_eq!(
        value(&store, &key).await?,
        None,
        "a refused add gives no new life"
    );
    check!(
        store.add(&key, b"three", MINUTE).await?,
        "what has expired is free"
    );
    check_eq!(value(&store, &key).await?, some("three"));
    store.delete(&key).await?;
    check!(
        store.add(&key, b"four", None).await?,
        "what was deleted is free"
    );
    check_eq!(value(&store, &key).await?, some("four"));
    store.delete(&key).await?;
    Ok(())
}

pub(crate) async fn touch_changes_the_life_alone(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let (kept, ended) = (format!("{name}:1:kept"), format!("{name}:1:ended"));
    check!(
        !store.touch(&kept, MINUTE).await?,
        "there is nothing to touch"
    );
    check_eq!(value(&store, &kept).await?, None, "touch makes nothing");
    store.set(&kept, b"kept \xff", Some(bed.short())).await?;
    store.set(&ended, b"ended", MINUTE).await?;
    check!(store.touch(&kept, MINUTE).await?, "it is there");
    check!(store.touch(&ended, Some(bed.short())).await?, "it is there");
    bed.outlive_short().await;
    check_eq!(store.get(&kept).await?.as_deref(), Some(&b"kept \xff"[..]));
    check_eq!(
        value(&store, &ended).await?,
        None,
        "what was touched short ends"
    );
    check!(
        !store.touch(&ended, MINUTE).await?,
        "what has expired cannot be touched"
    );
    store.set(&ended, b"for ever", Some(bed.short())).await?;
    check!(store.touch(&ended, None).await?, "it is there");
    check!(
        store.touch(&ended, None).await?,
        "what lives for ever is there too"
    );
    bed.outlive_short().await;
    check_eq!(value(&store, &ended).await?, some("for ever"));
    store.delete(&ended).await?;
    Ok(())
}

pub(crate) async fn ttl_says_how_long(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    check_eq!(store.ttl(&key).await?, Ttl::Missing);
    store.set(&key, b"1", None).await?;
    check_eq!(store.ttl(&key).await?, Ttl::Never);
    let year = Duration::from_secs(365 * 86_400);
    for life in [Duration::from_secs(60), Duration::from_millis(61_500), year] {
        store.set(&key, b"1", Some(life)).await?;
        let Ttl::After(left) = store.ttl(&key).await? else {
            return Err(Failure::new("what has an end says when"));
        };
        // Rounded up, and ended by a clock that ticks.
        let most = life + 2 * bed.resolution + Duration::from_millis(1);
        check!(left <= most, "of {life:?} {left:?} are left");
        check!(
            left + Duration::from_secs(30) > life,
            "of {life:?} {left:?} are left"
        );
    }
    store.set(&key, b"1", Some(bed.short())).await?;
    bed.outlive_short().await;
    check_eq!(store.ttl(&key).await?, Ttl::Missing);
    Ok(())
}

/// Lifetimes that no calendar holds are long: not an error, and not in the past.
pub(crate) async fn very_long_and_very_short_lives_are_lives(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    let days = |days: u64| Duration::from_secs(days * 86_400);
    for life in [days(30), days(31), days(366), days(36_500), Duration::MAX] {
        store.set(&key, b"long", Some(life)).await?;
        check_eq!(
            value(&store, &key).await?,
            some("long"),
            "a life of {life:?}"
        );
        store.delete(&key).await?;
        check!(
            store.add(&key, b"added", Some(life)).await?,
            "a life of {life:?}"
        );
        check_eq!(
            value(&store, &key).await?,
            some("added"),
            "a life of {life:?}"
        );
        check!(store.touch(&key, Some(life)).await?, "a life of {life:?}");
        check_eq!(
            value(&store, &key).await?,
            some("added"),
            "a life of {life:?}"
        );
        check!(store.delete(&key).await?);
    }
    for life in [Duration::from_nanos(1), Duration::from_micros(1500)] {
        store.set(&key, b"short", Some(life)).await?;
        bed.outlive_short().await;
        check_eq!(
            value(&store, &key).await?,
            None,
            "a life of {life:?}, and later"
        );
    }
    Ok(())
}

pub(crate) async fn incr_counts_what_is_there(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    check_eq!(
        store.incr(&key, 1).await?,
        None,
        "what is missing is not counted"
    );
    check_eq!(value(&store, &key).await?, None, "incr makes nothing");
    store.set(&key, b"41", MINUTE).await?;
    check_eq!(store.incr(&key, 1).await?, Some(42));
    check_eq!(value(&store, &key).await?, some("42"));
    check_eq!(store.incr(&key, -50).await?, Some(-8));
    check_eq!(value(&store, &key).await?, some("-8"));
    check_eq!(store.incr(&key, 0).await?, Some(-8));
    check_eq!(store.incr(&key, 108).await?, Some(100));
    check_eq!(store.incr(&key, -91).await?, Some(9));
    check_eq!(
        value(&store, &key).await?,
        some("9"),
        "with no digit too many"
    );
    let (most, least) = (i64::MAX.to_string(), i64::MIN.to_string());
    store.set(&key, most.as_bytes(), MINUTE).await?;
    check_eq!(store.incr(&key, -1).await?, Some(i64::MAX - 1));
    store.set(&key, least.as_bytes(), MINUTE).await?;
    check_eq!(store.incr(&key, 1).await?, Some(i64::MIN + 1));
    Ok(())
}

pub(crate) async fn incr_refuses_what_is_no_number(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    for text in ["", "text", "4.5", "4 1", "\u{ff}", "99999999999999999999"] {
        store.set(&key, text.as_bytes(), MINUTE).await?;
        let error = refused(store.incr(&key, 1).await)?;
        check_eq!(error.kind(), ErrorKind::Decode, "the error for {text:?}");
        check_eq!(
            value(&store, &key).await?,
            some(text),
            "an error changes nothing"
        );
    }
    for (number, by) in [(i64::MAX, 1), (i64::MIN, -1), (1, i64::MAX), (-2, i64::MIN)] {
        store
            .set(&key, number.to_string().as_bytes(), MINUTE)
            .await?;
        let error = refused(store.incr(&key, by).await)?;
        check!(
            !error.is_retryable(),
            "{number} and {by} are too much for ever"
        );
        check_eq!(value(&store, &key).await?, Some(number.to_string()));
    }
    Ok(())
}

pub(crate) async fn incr_keeps_the_life(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let (short, ever) = (format!("{name}:1:short"), format!("{name}:1:ever"));
    store.set(&short, b"1", Some(bed.short())).await?;
    store.set(&ever, b"1", None).await?;
    store.incr(&short, 1).await?;
    store.incr(&ever, 1).await?;
    bed.outlive_short().await;
    check_eq!(
        value(&store, &short).await?,
        None,
        "the life is as long as it was"
    );
    check_eq!(
        store.incr(&short, 1).await?,
        None,
        "what has expired is not counted"
    );
    check_eq!(store.incr(&ever, 1).await?, Some(3));
    store.delete(&ever).await?;
    Ok(())
}
