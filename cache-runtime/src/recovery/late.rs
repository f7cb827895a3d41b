//! Writes that arrived late, after an invalidation that had not seen their end: looked for when nothing
//! arrives any more, and deleted. What was written since then stays.

use std::borrow::Cow;

use crate::cache::Cache;
use crate::error::CacheError;
use crate::guarded::Guarded;
use crate::mode::Mode;
use crate::news::Event;

/// Looks at these keys; of each, what was created before the time beside it is dead. What the store could
/// not be asked about is looked for another time.
pub(crate) async fn end(cache: &Cache, mode: Mode, keys: Vec<(String, u64)>) {
    let core = cache.core();
    let Some(store) = core.store() else { return };
    for (key, dead_before) in keys {
        // If not, another part of the store may answer.
        let end = end_one(cache, store, mode, &key, dead_before).await;
        if end.is_ok() {
            core.doubts.looked(&key, dead_before, &core.settings.clock);
        }
    }
}

async fn end_one(
    cache: &Cache,
    store: &Guarded,
    mode: Mode,
    key: &str,
    dead_before: u64,
) -> Result<(), CacheError> {
    let Some(bytes) = store.ask(mode, "get", |store| store.get(key)).await? else {
        return Ok(());
    };
    let settings = &cache.core().settings;
    let unsealed = settings.unseal(key, Cow::Borrowed(&bytes)).ok();
    let created = unsealed.and_then(|bytes| settings.codec().created(&bytes));
    if created.is_some_and(|created| created >= dead_before) {
        return Ok(());
    }
    // Not what has taken its place meanwhile.
    let deleted = store.ask(mode, "delete", |store| store.delete_if(key, &bytes));
    if deleted.await? {
        cache.tell(|| Event::Changed(key.to_owned()));
    }
    Ok(())
}
