//! The in-process hit: from a key to the value in its slot. One piece of code for all functions.

use crate::call_key::Key;
use crate::local::{Header, Lookup, Slot};
use crate::reclaim::Guard;
use crate::registry;

/// A fresh entry in process.
pub(crate) struct Hit<'g> {
    pub(crate) slot: &'g Slot,
    /// Under which number it is counted.
    pub(crate) binding: u32,
}

/// The fresh entry of `key`, without a lock, an allocation or a write to shared memory; `None` also
/// where this takes more than a look: the function or its cache are met for the first time.
pub(crate) fn find<'g>(key: &'g Key, is_shared: bool, guard: &'g Guard<'_>) -> Option<Hit<'g>> {
    let cache = match &key.cache {
        None => registry::known(key.site, guard)?,
        Some(cache) => cache,
    };
    let level = cache.core().level(is_shared)?;
    let binding = key.site.known_binding(cache.space())?;
    let header = Header {
        binding,
        version: key
            .version
            .map_or_else(|| cache.version_number(), |version| version.number()),
    };
    let slot = level.get(&Lookup::new(header, &key.tree), guard)?;
    Some(Hit { slot, binding })
}
