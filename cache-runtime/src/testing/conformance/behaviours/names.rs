//! A store's keys: short and long, with spaces and characters of every kind, and none mistaken for another.

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Verdict, check, check_eq};

pub(crate) async fn a_key_of_one_byte_and_of_a_thousand(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    // A one-byte key belongs to nobody: whatever is there now, the result is what was set, or someone else's.
    store.set("k", b"1", MINUTE).await?;
    let found = store.get("k").await?;
    check!(
        found.is_none() || found.as_deref() == Some(b"1"),
        "a key of one byte"
    );
    let name = format!("{}:1:", bed.prefix());
    for length in [250, 251, 255, 256, 500, 1000, 1024] {
        let key = format!("{name}{}", "k".repeat(length - name.len()));
        let value = length.to_string();
        store.set(&key, value.as_bytes(), MINUTE).await?;
        let found = store.get(&key).await?;
        check_eq!(
            found.as_deref(),
            Some(value.as_bytes()),
            "a key of {length} bytes"
        );
        check!(!store.add(&key, b"x", MINUTE).await?);
        check!(store.touch(&key, MINUTE).await?);
        check!(
            store.delete(&key).await?,
            "a key of {length} bytes is deleted"
        );
    }
    Ok(())
}

pub(crate) async fn keys_that_look_alike_are_different(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = format!("{}:1:", bed.prefix());
    // Equal in their first 250 and in their first 1000 bytes.
    let (long, longest) = ("k".repeat(250 - name.len()), "k".repeat(1000 - name.len()));
    let mut keys: Vec<String> = [
        "key",
        "Key",
        "KEY",
        "key ",
        " key",
        "key\u{a0}",
        "ke",
        "keyy",
        "k_y",
        "k%y",
        "k'y",
        "k\"y",
        "k\\y",
        "k/y",
        "k.y",
        "k..y",
        ".",
        "..",
        "",
        "*",
        "k*",
        "k?y",
        "[k]ey",
        "clé",
        "cle\u{301}",
        "CLÉ",
        "straße",
        "strasse",
        "ı",
        "i",
        "清",
        "😀",
        "\u{85}",
        "\u{200b}key",
        "k;y--",
        "k,y",
        "%20",
        "k+y",
        "k#y",
        "k:y",
    ]
    .map(|key| format!("{name}{key}"))
    .into();
    keys.push(format!("{name}{long}a"));
    keys.push(format!("{name}{long}b"));
    keys.push(format!("{name}{longest}a"));
    keys.push(format!("{name}{longest}b"));
    for (at, key) in keys.iter().enumerate() {
        store.set(key, at.to_string().as_bytes(), MINUTE).await?;
    }
    for (at, key) in keys.iter().enumerate() {
        let found = store.get(key).await?;
        let found = found.map(|value| String::from_utf8_lossy(&value).into_owned());
        check_eq!(found, Some(at.to_string()), "the value of {key:?}");
    }
    let found = store.get_many(&keys).await?;
    check_eq!(found.iter().flatten().count(), keys.len());
    for (at, key) in keys.iter().enumerate() {
        check!(
            store.delete(key).await?,
            "{key:?} is there until it is deleted itself"
        );
        let next = keys.get(at + 1);
        if let Some(next) = next {
            check!(
                store.get(next).await?.is_some(),
                "{next:?} stays when {key:?} goes"
            );
        }
    }
    Ok(())
}
