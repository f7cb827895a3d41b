//! Keys that a function makes, and the empty prefix: what is in the store.

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Verdict, check, check_eq, refused};
use crate::error::ErrorKind;

pub(crate) async fn a_key_function_makes_the_whole_key(bed: &Bed) -> Verdict {
    let name = bed.prefix();
    let custom = bed.cache_with(|builder| {
        let builder = builder.key_prefix(name.clone());
        builder.key_function(|key, prefix, version| format!("{prefix}-{version}-CUSTOM-{key}"))
    })?;
    custom.set("answer", &42, 30).await?;
    check_eq!(custom.get::<i32>("answer").await?, Some(42));
    let made = format!("{name}-1-CUSTOM-answer");
    let store = bed.store()?;
    check!(store.get(&made).await?.is_some(), "it is kept under {made}");
    // One with Django's keys does not see it.
    let plain = bed.cache()?.with_prefix(&name);
    check_eq!(plain.get::<i32>("answer").await?, None);
    check_eq!(custom.delete_many(&["answer"]).await?, 1);
    check_eq!(store.get(&made).await?, None);

    let broken = bed.cache_with(|builder| builder.key_function(|_, _, _| "\n".to_owned()))?;
    let error = refused(broken.get::<i32>("answer").await)?;
    check_eq!(error.kind(), ErrorKind::Key);
    Ok(())
}

pub(crate) async fn a_cache_with_a_key_function_cannot_clear_or_list(bed: &Bed) -> Verdict {
    let custom = bed.cache_with(|builder| builder.key_function(|key, _, _| key.to_owned()))?;
    for (operation, answer) in [
        ("clear", custom.clear().await),
        ("keys", custom.keys("*").await.map(drop)),
    ] {
        let kind = answer.as_ref().map_err(crate::CacheError::kind);
        check_eq!(kind, Err(ErrorKind::Unsupported), "{operation}");
        let told = answer.as_ref().map_err(crate::CacheError::operation);
        check_eq!(told, Err(operation), "{operation}");
    }
    Ok(())
}

pub(crate) async fn clear_of_the_empty_prefix_leaves_foreign_keys_alone(bed: &Bed) -> Verdict {
    // A separate version, since other behaviours use the empty prefix too.
    let version = bed.number();
    let empty = bed.cache()?.with_prefix("").with_version(version);
    let store = bed.store()?;
    let name = bed.prefix();
    let own = format!(":{version}:{name}");
    let foreign = [
        format!("{version}:{name}"),
        format!("{name}:{version}:key"),
        format!("::{version}:{name}"),
        format!(":{version}0:{name}"),
        format!(":x:{name}"),
        name.clone(),
    ];
    empty.set(&name, &1, None).await?;
    check!(store.get(&own).await?.is_some());
    for key in &foreign {
        store.set(key, b"1", MINUTE).await?;
    }
    let cleared = empty.clear().await;
    let mut found = Vec::new();
    for key in &foreign {
        found.push(store.get(key).await?.is_some());
        store.delete(key).await?;
    }
    let own_is_there = store.get(&own).await?.is_some();
    store.delete(&own).await?;
    cleared?;
    check!(!own_is_there, "it takes its own key");
    for (key, is_there) in foreign.iter().zip(found) {
        check!(is_there, "{key} is not its own, and stays");
    }
    Ok(())
}
