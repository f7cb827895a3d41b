//! A store's values: bytes of every kind and length come back unchanged.

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Verdict, check, check_eq, refused};
use super::super::raw::Raw;
use crate::error::ErrorKind;

/// Tries a value with set, add and set_many, read alone and among others.
async fn comes_back(store: &Raw, key: &str, value: &[u8]) -> Verdict {
    let length = value.len();
    let other = format!("{key} among others");
    store.set(key, value, MINUTE).await?;
    let found = store.get(key).await?;
    check!(
        found.as_deref() == Some(value),
        "set and get keep {length} bytes"
    );
    store.delete(key).await?;
    check!(
        store.add(key, value, MINUTE).await?,
        "add takes {length} bytes"
    );
    let found = store.get(key).await?;
    check!(
        found.as_deref() == Some(value),
        "add and get keep {length} bytes"
    );
    let failed = store
        .set_many(&[(other.clone(), value.to_vec())], MINUTE)
        .await?;
    check!(failed.is_empty(), "set_many takes {length} bytes");
    let keys = [other, key.to_owned()];
    for (key, found) in keys.iter().zip(store.get_many(&keys).await?) {
        check!(
            found.as_deref() == Some(value),
            "get_many brings {length} bytes of {key:?}"
        );
    }
    check_eq!(store.delete_many(&keys).await?, 2);
    Ok(())
}

pub(crate) async fn every_byte_is_kept(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let all: Vec<u8> = (0..=255).collect();
    comes_back(&store, &format!("{name}:1:all"), &all).await?;
    for byte in [0, b'\n', b'\r', b'"', b'\\', 0x80, 0xCA, 0xFF] {
        comes_back(&store, &format!("{name}:1:{byte}"), &[byte]).await?;
    }
    for text in [
        "",
        "\r\nEND\r\n",
        "-1",
        "007",
        "null",
        "$-1\r\n",
        "é\u{0}清",
    ] {
        comes_back(&store, &format!("{name}:1:text"), text.as_bytes()).await?;
    }
    Ok(())
}

pub(crate) async fn an_empty_value_is_a_value(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    store.set(&key, b"", MINUTE).await?;
    check_eq!(store.get(&key).await?, Some(Vec::new()));
    check!(!store.add(&key, b"x", MINUTE).await?, "it is there");
    check!(store.touch(&key, MINUTE).await?, "it can be touched");
    check_eq!(store.get(&key).await?, Some(Vec::new()));
    check!(store.delete(&key).await?, "it was there");
    check_eq!(store.get(&key).await?, None);
    Ok(())
}

pub(crate) async fn values_of_many_sizes_are_kept(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let most = store.capabilities().max_value.unwrap_or(usize::MAX);
    let sizes = [1, 2, 255, 256, 4096, 65_535, 65_536, 100 * 1024];
    for size in sizes.into_iter().filter(|size| *size <= most) {
        let value: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        comes_back(&store, &format!("{name}:1:{size}"), &value).await?;
    }
    Ok(())
}

pub(crate) async fn a_value_as_large_as_can_be_is_kept(bed: &Bed) -> Verdict {
    const LARGE: usize = 5 << 20;
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    let size = store.capabilities().max_value.unwrap_or(LARGE).min(LARGE);
    let value: Vec<u8> = (0..size).map(|at| (at % 253) as u8).collect();
    store.set(&key, &value, MINUTE).await?;
    let found = store.get(&key).await?;
    check!(found.as_deref() == Some(&*value), "{size} bytes come back");
    store.delete(&key).await?;
    Ok(())
}

/// A store that takes any length has nothing to refuse.
pub(crate) async fn a_value_that_is_too_large_is_refused_and_leaves_nothing_old(
    bed: &Bed,
) -> Verdict {
    let store = bed.store()?;
    let Some(most) = store.capabilities().max_value else {
        return Ok(());
    };
    let name = bed.prefix();
    // What is a little more may depend on the key.
    let value = vec![7; 2 * most];
    let key = format!("{name}:1:key");
    store.set(&key, b"old", MINUTE).await?;
    let error = refused(store.set(&key, &value, MINUTE).await)?;
    check_eq!(error.kind(), ErrorKind::TooLarge);
    check!(!error.is_retryable());
    check_eq!(
        store.get(&key).await?,
        None,
        "the old value after a set that failed"
    );
    let error = refused(store.add(&key, &value, MINUTE).await)?;
    check_eq!(error.kind(), ErrorKind::TooLarge);
    check_eq!(store.get(&key).await?, None);
    store.set(&key, b"old", MINUTE).await?;
    let items = [
        (format!("{name}:1:a"), b"a".to_vec()),
        (key.clone(), value),
        (format!("{name}:1:b"), b"b".to_vec()),
    ];
    check_eq!(store.set_many(&items, MINUTE).await?, [1]);
    check_eq!(
        store.get(&key).await?,
        None,
        "the old value after a set_many that failed"
    );
    check_eq!(store.get(&items[0].0).await?.as_deref(), Some(&b"a"[..]));
    check_eq!(store.get(&items[2].0).await?.as_deref(), Some(&b"b"[..]));
    Ok(())
}
