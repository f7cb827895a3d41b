//! A store's keys by prefix and pattern, and clearing: what starts with the prefix, and nothing else.

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Verdict, check, check_eq};

pub(crate) async fn keys_are_listed_by_prefix_and_pattern(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let prefix = format!("{name}:1:");
    let foreign = [format!("{name}:2:user:1"), format!("{name}:11:user:1")];
    let own = [
        "user:1", "user:2", "user:10", "users", "a*b", "clé", "sp ace",
    ];
    for key in own {
        store.set(&format!("{prefix}{key}"), b"1", MINUTE).await?;
    }
    for key in &foreign {
        store.set(key, b"1", MINUTE).await?;
    }
    for (pattern, wanted) in [
        (
            "*",
            &[
                "a*b", "clé", "sp ace", "user:1", "user:10", "user:2", "users",
            ][..],
        ),
        ("user:*", &["user:1", "user:10", "user:2"]),
        ("user:?", &["user:1", "user:2"]),
        ("user:[2-9]", &["user:2"]),
        ("*s", &["users"]),
        ("a\\*b", &["a*b"]),
        ("clé", &["clé"]),
        ("* *", &["sp ace"]),
        ("user", &[]),
    ] {
        let wanted: Vec<String> = wanted.iter().map(|key| format!("{prefix}{key}")).collect();
        check_eq!(
            store.keys(&prefix, pattern).await?,
            wanted,
            "the keys by {pattern:?}"
        );
    }
    Ok(())
}

pub(crate) async fn what_is_gone_is_not_listed(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let prefix = format!("{}:1:", bed.prefix());
    store.set(&format!("{prefix}deleted"), b"1", MINUTE).await?;
    store
        .set(&format!("{prefix}expired"), b"1", Some(bed.short()))
        .await?;
    store.set(&format!("{prefix}there"), b"1", MINUTE).await?;
    store.delete(&format!("{prefix}deleted")).await?;
    bed.outlive_short().await;
    check_eq!(store.keys(&prefix, "*").await?, [format!("{prefix}there")]);
    Ok(())
}

pub(crate) async fn clear_takes_its_prefix_and_nothing_else(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let own = [
        format!("{name}ab:1:x"),
        format!("{name}ab:1:"),
        format!("{name}ab:1:y:z"),
    ];
    let others = [
        format!("{name}abc:1:x"),
        format!("{name}a:1:x"),
        format!("{name}ab:10:x"),
        format!("{name}ab:2:x"),
        format!("{name}AB:1:x"),
        format!("{name}ab"),
        format!("{name}ab:1"),
        format!("x{name}ab:1:x"),
    ];
    for key in own.iter().chain(&others) {
        store.set(key, b"1", MINUTE).await?;
    }
    store.clear(&format!("{name}ab:1:")).await?;
    for key in &own {
        check_eq!(store.get(key).await?, None, "{key} after the clear");
    }
    for key in &others {
        check!(
            store.get(key).await?.is_some(),
            "{key} is not meant, and stays"
        );
        store.delete(key).await?;
    }
    // A second time there is nothing to clear.
    store.clear(&format!("{name}ab:1:")).await?;
    check!(
        store.add(&own[0], b"new", MINUTE).await?,
        "what was cleared is free"
    );
    check_eq!(store.get(&own[0]).await?.as_deref(), Some(&b"new"[..]));
    Ok(())
}

/// What has a meaning in a pattern, a query or a path stands for itself in a prefix.
pub(crate) async fn a_prefix_is_taken_literally(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let prefixes = [
        "*", "?", "[a]", "\\", "a%", "a_", "^a", "{a}", "'", "a b", "é", "../a",
    ];
    for odd in prefixes {
        let prefix = format!("{name}{odd}:1:");
        let own = format!("{prefix}key");
        let others = [
            format!("{name}:1:key"),
            format!("{name}a:1:key"),
            format!("{name}ab:1:key"),
        ];
        store.set(&own, b"1", MINUTE).await?;
        for other in &others {
            store.set(other, b"1", MINUTE).await?;
        }
        if store.capabilities().list_keys {
            check_eq!(
                store.keys(&prefix, "*").await?,
                std::slice::from_ref(&own),
                "the keys of {prefix:?}"
            );
        }
        store.clear(&prefix).await?;
        check_eq!(
            store.get(&own).await?,
            None,
            "{own:?} after the clear of {prefix:?}"
        );
        for other in &others {
            check!(
                store.get(other).await?.is_some(),
                "{other:?} stays at the clear of {prefix:?}"
            );
        }
    }
    Ok(())
}

pub(crate) async fn clear_takes_thousands(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let item = |n: usize| (format!("{name}:1:{n}"), b"1".to_vec());
    let items: Vec<(String, Vec<u8>)> = (0..3000).map(item).collect();
    check_eq!(store.set_many(&items, MINUTE).await?.len(), 0);
    let other = format!("{name}0:1:other");
    store.set(&other, b"1", MINUTE).await?;
    store.clear(&format!("{name}:1:")).await?;
    let keys: Vec<String> = items.into_iter().map(|(key, _)| key).collect();
    let found = store.get_many(&keys).await?;
    check_eq!(found.iter().flatten().count(), 0, "what is left of them");
    check!(store.get(&other).await?.is_some(), "the other prefix stays");
    Ok(())
}
