//! What a key may be, listing by pattern, and that `clear` deletes only its own keys.

use crate::error::ErrorKind;

use super::super::bed::Bed;
use super::super::failure::{Verdict, check_eq, refused};
use super::super::speaker::{Answer, Speaker};

/// Returns what every method that takes a key says about this one.
async fn said_about(cache: &Speaker, key: &str) -> Vec<(&'static str, Result<(), ErrorKind>)> {
    fn kind<T>(answer: Answer<T>) -> Result<(), ErrorKind> {
        answer.map(drop).map_err(|error| error.kind())
    }
    vec![
        ("get", kind(cache.get::<i32>(key).await)),
        ("set", kind(cache.set(key, &1, 30).await)),
        ("set 0", kind(cache.set(key, &1, 0).await)),
        ("add", kind(cache.add(key, &1, 30).await)),
        (
            "get_or_set",
            kind(cache.get_or_set(key, 30, async || 1).await),
        ),
        ("touch", kind(cache.touch(key, 30).await)),
        ("has_key", kind(cache.has_key(key).await)),
        ("ttl", kind(cache.ttl(key).await)),
        ("incr", kind(cache.incr(key, 1).await)),
        ("decr", kind(cache.decr(key, 1).await)),
        ("get_many", kind(cache.get_many::<i32>(&["a", key]).await)),
        (
            "set_many",
            kind(cache.set_many(&[("a", 1), (key, 1)], 30).await),
        ),
        ("delete_many", kind(cache.delete_many(&["a", key]).await)),
        ("delete", kind(cache.delete(key).await)),
        ("incr_version", {
            let _ = cache.set(key, &1, 30).await;
            kind(cache.incr_version(key, 1).await)
        }),
        ("decr_version", {
            let _ = cache.set(key, &1, 30).await;
            kind(cache.decr_version(key, 1).await)
        }),
    ]
}

async fn is_refused(cache: &Speaker, key: &str) -> Verdict {
    for (word, answer) in said_about(cache, key).await {
        check_eq!(answer, Err(ErrorKind::Key), "{word} {key:?}");
    }
    Ok(())
}

async fn is_taken(cache: &Speaker, key: &str) -> Verdict {
    for (word, answer) in said_about(cache, key).await {
        // What the store cannot do at all is tested elsewhere.
        if answer != Err(ErrorKind::Unsupported) {
            check_eq!(answer, Ok(()), "{word} {key:?}");
        }
    }
    Ok(())
}

pub(crate) async fn control_characters_are_refused(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for key in ["line\nbreak", "\0", "tab\t", "\u{7f}"] {
        is_refused(&cache, key).await?;
    }
    let error = refused(cache.set("line\nbreak", &1, 30).await)?;
    check_eq!(
        error.to_string(),
        "\"line\\nbreak\": the key cannot be used: the key holds the control character '\\n'"
    );
    Ok(())
}

pub(crate) async fn too_long_keys_are_refused_with_prefix_and_version(bed: &Bed) -> Verdict {
    let prefix = bed.prefix();
    let cache = bed.cache()?.with_prefix(&prefix);
    // The prefix, ":1:" and the key are 1024 bytes.
    let length = 1024 - prefix.len() - ":1:".len();
    let longest = "k".repeat(length);
    is_taken(&cache, &longest).await?;
    is_refused(&cache, &format!("{longest}k")).await?;
    is_refused(&cache.with_version(10), &longest).await?;
    is_refused(&cache.with_prefix(&format!("{prefix}p")), &longest).await?;
    // Bytes, not letters.
    is_refused(&cache, &"清".repeat(length / 3 + 1)).await?;
    Ok(())
}

pub(crate) async fn spaces_and_letters_are_fine(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for key in ["key with spaces and 清", "", ":", "*?[x]", "\u{85}"] {
        is_taken(&cache, key).await?;
    }
    Ok(())
}

pub(crate) async fn keys_lists_by_pattern(bed: &Bed) -> Verdict {
    let cache = bed.cache()?;
    for key in ["user:1", "user:2", "user:10", "users", "other", "star*"] {
        cache.set(key, &1, 30).await?;
    }
    cache.with_version(2).set("user:7", &1, 30).await?;
    for (pattern, expected) in [
        (
            "*",
            &["other", "star*", "user:1", "user:10", "user:2", "users"][..],
        ),
        ("user:*", &["user:1", "user:10", "user:2"]),
        ("user:?", &["user:1", "user:2"]),
        ("user:[13]*", &["user:1", "user:10"]),
        ("user:[^1]", &["user:2"]),
        ("star\\*", &["star*"]),
        ("users", &["users"]),
        ("nothing*", &[]),
    ] {
        check_eq!(cache.keys(pattern).await?, expected, "{pattern}");
    }
    Ok(())
}

pub(crate) async fn a_prefix_is_no_pattern(bed: &Bed) -> Verdict {
    let name = bed.prefix();
    let cache = bed.cache()?;
    let starred = cache.with_prefix(&format!("{name}*[a]?\\"));
    let plain = cache.with_prefix(&format!("{name}xaxx"));
    starred.set("key", &1, 30).await?;
    plain.set("key", &2, 30).await?;
    check_eq!(starred.keys("*").await?, ["key"]);
    starred.clear().await?;
    check_eq!(starred.get::<i32>("key").await?, None);
    check_eq!(plain.get::<i32>("key").await?, Some(2));
    Ok(())
}

pub(crate) async fn clear_leaves_other_prefixes_and_versions_alone(bed: &Bed) -> Verdict {
    let name = bed.prefix();
    let users = bed.cache()?.with_prefix(&name);
    let others = [
        users.with_prefix(&format!("{name}Abc")),
        users.with_prefix(&format!("x{name}")),
        users.with_prefix(""),
        users.with_version(2),
        users.with_version(11),
    ];
    users.set(&name, &1, None).await?;
    for (at, other) in others.iter().enumerate() {
        other.set(&name, &at, None).await?;
    }
    users.clear().await?;
    check_eq!(users.get::<i32>(&name).await?, None);
    for (at, other) in others.iter().enumerate() {
        check_eq!(other.get::<usize>(&name).await?, Some(at));
        other.delete(&name).await?;
    }
    Ok(())
}
