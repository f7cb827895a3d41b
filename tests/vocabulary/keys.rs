//! What a key may be, listing by pattern, and that `clear` takes what is its own alone.

use cache_runtime::ErrorKind;

use crate::bed::Bed;
use crate::speaker::{Answer, Speaker};

/// Every word that takes a key, said about this one.
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

async fn is_refused(cache: &Speaker, key: &str) {
    for (word, answer) in said_about(cache, key).await {
        assert_eq!(answer, Err(ErrorKind::Key), "{word} {key:?}");
    }
}

async fn is_taken(cache: &Speaker, key: &str) {
    for (word, answer) in said_about(cache, key).await {
        assert_eq!(answer, Ok(()), "{word} {key:?}");
    }
}

pub(crate) async fn control_characters_are_refused(bed: &Bed) {
    let cache = bed.cache();
    for key in ["line\nbreak", "\0", "tab\t", "\u{7f}"] {
        is_refused(&cache, key).await;
    }
    let error = cache.set("line\nbreak", &1, 30).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"line\\nbreak\": the key cannot be used: the key holds the control character '\\n'"
    );
}

pub(crate) async fn too_long_keys_are_refused_with_prefix_and_version(bed: &Bed) {
    let cache = bed.cache_with(|builder| builder.key_prefix("p"));
    // "p:1:" and the key are 1024 bytes.
    let longest = "k".repeat(1020);
    is_taken(&cache, &longest).await;
    is_refused(&cache, &format!("{longest}k")).await;
    is_refused(&cache.with_version(10), &longest).await;
    is_refused(&cache.with_prefix("pp"), &longest).await;
    // Bytes, not letters.
    is_refused(&cache, &"清".repeat(341)).await;
}

pub(crate) async fn spaces_and_letters_are_fine(bed: &Bed) {
    let cache = bed.cache();
    for key in ["key with spaces and 清", "", ":", "*?[x]", "\u{85}"] {
        is_taken(&cache, key).await;
    }
}

pub(crate) async fn keys_lists_by_pattern(bed: &Bed) {
    let cache = bed.cache();
    for key in ["user:1", "user:2", "user:10", "users", "other", "star*"] {
        cache.set(key, &1, 30).await.unwrap();
    }
    cache.with_version(2).set("user:7", &1, 30).await.unwrap();
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
        assert_eq!(cache.keys(pattern).await.unwrap(), expected, "{pattern}");
    }
}

pub(crate) async fn a_prefix_is_no_pattern(bed: &Bed) {
    let name = bed.prefix();
    let cache = bed.cache();
    let starred = cache.with_prefix(&format!("{name}*[a]?\\"));
    let plain = cache.with_prefix(&format!("{name}xaxx"));
    starred.set("key", &1, 30).await.unwrap();
    plain.set("key", &2, 30).await.unwrap();
    assert_eq!(starred.keys("*").await.unwrap(), ["key"]);
    starred.clear().await.unwrap();
    assert_eq!(starred.get::<i32>("key").await.unwrap(), None);
    assert_eq!(plain.get::<i32>("key").await.unwrap(), Some(2));
}

pub(crate) async fn clear_leaves_other_prefixes_and_versions_alone(bed: &Bed) {
    let name = bed.prefix();
    let users = bed.cache().with_prefix(&name);
    let others = [
        users.with_prefix(&format!("{name}Abc")),
        users.with_prefix(&format!("x{name}")),
        users.with_prefix(""),
        users.with_version(2),
        users.with_version(11),
    ];
    users.set(&name, &1, None).await.unwrap();
    for (at, other) in others.iter().enumerate() {
        other.set(&name, &at, None).await.unwrap();
    }
    users.clear().await.unwrap();
    assert_eq!(users.get::<i32>(&name).await.unwrap(), None);
    for (at, other) in others.iter().enumerate() {
        assert_eq!(other.get::<usize>(&name).await.unwrap(), Some(at));
    }
}

pub(crate) async fn a_key_function_makes_the_whole_key(bed: &Bed) {
    let custom = bed.cache_with(|builder| {
        builder.key_function(|key, prefix, version| format!("CUSTOM-{prefix}-{version}-{key}"))
    });
    custom.set("answer", &42, 30).await.unwrap();
    assert_eq!(custom.get::<i32>("answer").await.unwrap(), Some(42));
    assert_eq!(custom.incr("answer", 1).await.unwrap(), 43);
    let keys = bed.raw(&["KEYS", "CUSTOM-*-1-answer"]);
    assert_eq!(bed.raw(&["GET", keys.trim()]), "43");
    // One with Django's keys does not see it.
    assert_eq!(bed.cache().get::<i32>("answer").await.unwrap(), None);
    assert_eq!(custom.delete_many(&["answer"]).await.unwrap(), 1);

    let broken = bed.cache_with(|builder| builder.key_function(|_, _, _| "\n".to_owned()));
    let error = broken.get::<i32>("answer").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Key);
}

pub(crate) async fn a_cache_with_a_key_function_cannot_clear_or_list(bed: &Bed) {
    let custom = bed.cache_with(|builder| builder.key_function(|key, _, _| key.to_owned()));
    let error = custom.clear().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.operation(), "clear");
    let error = custom.keys("*").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

pub(crate) async fn clear_of_the_empty_prefix_leaves_foreign_keys_alone(bed: &Bed) {
    let cache = bed.cache();
    // A version of its own: other tests use the empty prefix too.
    let empty = cache
        .with_prefix("")
        .with_version(i64::from(std::process::id()) + 77);
    let version = i64::from(std::process::id()) + 77;
    let own = format!(":{version}:own");
    let foreign = [
        format!("{version}:foreign"),
        format!("foreign:{version}:key"),
        format!("::{version}:key"),
        format!(":{version}"),
        format!(":{version}0:key"),
        ":x:key".to_owned(),
        "foreign".to_owned(),
    ];
    empty.set("own", &1, None).await.unwrap();
    assert_eq!(bed.raw(&["EXISTS", &own]), "1");
    for key in &foreign {
        assert_eq!(bed.raw(&["SET", key, "1"]), "OK");
    }
    assert_eq!(empty.keys("*").await.unwrap(), ["own"]);
    empty.clear().await.unwrap();
    assert_eq!(bed.raw(&["EXISTS", &own]), "0");
    for key in &foreign {
        assert_eq!(bed.raw(&["EXISTS", key]), "1", "{key}");
    }
}
