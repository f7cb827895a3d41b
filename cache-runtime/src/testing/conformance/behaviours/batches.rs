//! A store's operations on many keys: in order, with duplicates, with none, and with ten thousand.

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Verdict, check, check_eq};

const HUGE: usize = 10_000;

fn strings<const N: usize>(name: &str, keys: [&str; N]) -> Vec<String> {
    keys.map(|key| format!("{name}:1:{key}")).into()
}

pub(crate) async fn get_many_answers_in_order(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    for key in ["a", "b", "c"] {
        store
            .set(&format!("{name}:1:{key}"), key.as_bytes(), MINUTE)
            .await?;
    }
    let keys = strings(&name, ["c", "x", "a", "c", "b", "y", "a"]);
    let found = store.get_many(&keys).await?;
    let found: Vec<_> = found.iter().map(Option::as_deref).collect();
    let [a, b, c] = [b"a", b"b", b"c"].map(|value| Some(&value[..]));
    check_eq!(found, [c, None, a, c, b, None, a]);
    check_eq!(store.get_many(&[]).await?.len(), 0);
    let missing = strings(&name, ["x", "y"]);
    check_eq!(store.get_many(&missing).await?, [None, None]);
    Ok(())
}

pub(crate) async fn set_many_sets_all_for_their_life(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let keys = strings(&name, ["a", "b", "c"]);
    let items = |value: &str| -> Vec<(String, Vec<u8>)> {
        let item = |key: &String| (key.clone(), value.as_bytes().to_vec());
        keys.iter().map(item).collect()
    };
    store.set(&keys[1], b"old", MINUTE).await?;
    check_eq!(
        store
            .set_many(&items("short"), Some(bed.short()))
            .await?
            .len(),
        0
    );
    let found = store.get_many(&keys).await?;
    check_eq!(found, vec![Some(b"short".to_vec()); 3]);
    bed.outlive_short().await;
    check_eq!(
        store.get_many(&keys).await?,
        vec![None; 3],
        "after their life"
    );
    check_eq!(store.set_many(&items("ever"), None).await?.len(), 0);
    check_eq!(
        store.get_many(&keys).await?,
        vec![Some(b"ever".to_vec()); 3]
    );
    check_eq!(store.delete_many(&keys).await?, 3);
    check_eq!(store.set_many(&[], MINUTE).await?.len(), 0);
    // Of two with the same key the later one counts, as if they came one after the other.
    let twice = [
        (keys[0].clone(), b"1".to_vec()),
        (keys[0].clone(), b"2".to_vec()),
    ];
    check_eq!(store.set_many(&twice, MINUTE).await?.len(), 0);
    check_eq!(store.get(&keys[0]).await?.as_deref(), Some(&b"2"[..]));
    Ok(())
}

pub(crate) async fn delete_many_counts_each_once(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    for key in ["a", "b", "c"] {
        store.set(&format!("{name}:1:{key}"), b"1", MINUTE).await?;
    }
    check_eq!(store.delete_many(&[]).await?, 0);
    let keys = strings(&name, ["a", "x", "b", "a"]);
    check_eq!(
        store.delete_many(&keys).await?,
        2,
        "what was there, each once"
    );
    check_eq!(store.delete_many(&keys).await?, 0);
    check!(
        store.get(&format!("{name}:1:c")).await?.is_some(),
        "the others stay"
    );
    Ok(())
}

pub(crate) async fn ten_thousand_at_once(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    let item = |n: usize| (format!("{name}:1:{n}"), n.to_string().into_bytes());
    let items: Vec<(String, Vec<u8>)> = (0..HUGE).map(item).collect();
    let failed = store
        .set_many(&items, Some(std::time::Duration::from_secs(600)))
        .await?;
    check_eq!(failed.len(), 0, "how many of them failed");
    let mut keys: Vec<String> = items.iter().map(|(key, _)| key.clone()).collect();
    keys.reverse();
    keys.push(format!("{name}:1:missing"));
    let found = store.get_many(&keys).await?;
    check_eq!(found.len(), HUGE + 1);
    for ((key, value), found) in items.iter().rev().zip(&found) {
        check!(
            found.as_ref() == Some(value),
            "{key} comes back in its place"
        );
    }
    check_eq!(found.last(), Some(&None));
    check_eq!(store.delete_many(&keys).await?, HUGE as u64);
    let found = store.get_many(&keys).await?;
    check_eq!(found.iter().flatten().count(), 0, "what is left of them");
    Ok(())
}
