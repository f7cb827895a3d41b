//! The in-process hit: from a key to the value in its slot. One piece of code for all functions.

use crate::cache::Cache;
use crate::call_key::Key;
use crate::local::{Header, Lookup, Reading, Slot};
use crate::reclaim::Pinned;
use crate::registry;
use crate::space::Binding;

/// The way of a function's hits, resolved: every pointer on it is one less on each hit.
pub(crate) struct Direct {
    read: Reading,
    header: Header,
}

/// A fresh entry in process.
pub(crate) struct Hit<'g> {
    pub(crate) slot: &'g Slot,
    /// Under which number it is counted.
    pub(crate) binding: u32,
}

/// The fresh entry of `key`, without a lock, an allocation or a write to shared memory; `None` also
/// where this takes more than a look: the function and its cache meet for the first time.
pub(crate) fn find<'g>(key: &'g Key<'_>, is_shared: bool, pinned: Pinned<'g>) -> Option<Hit<'g>> {
    let (read, header) = match key.cache {
        None => {
            let way = key.site.direct.get(pinned)?;
            (&way.read, way.header)
        }
        Some(cache) => way_in(key, cache, is_shared)?,
    };
    let header = match key.version {
        None => header,
        Some(version) => Header {
            version: version.number(),
            ..header
        },
    };
    let slot = read.get(&Lookup::new(header, &key.tree), pinned)?;
    Some(Hit {
        slot,
        binding: header.binding,
    })
}

#[inline(never)]
fn way_in<'g>(key: &Key<'_>, cache: &'g Cache, is_shared: bool) -> Option<(&'g Reading, Header)> {
    let level = cache.core().level(is_shared)?;
    let header = Header {
        binding: key.site.known_binding(cache.space())?,
        version: cache.version_number(),
    };
    Some((level.reading(), header))
}

/// The function has met its alias's cache: from now on its hits know the way.
pub(crate) fn learn(key: &Key<'_>, cache: &Cache, binding: &Binding, is_shared: bool) {
    if key.cache.is_some() || !key.site.direct.is_empty() {
        return;
    }
    if let Some(level) = cache.core().level(is_shared) {
        let way = Direct {
            read: level.reading().clone(),
            header: Header {
                binding: binding.id,
                version: cache.version_number(),
            },
        };
        registry::open_way(key.site, cache, way);
    }
}
