//! The in-process hit: from a key to its fresh entry. One piece of code for all functions.

use std::sync::Arc;

use crate::cache::Cache;
use crate::cache::registry;
use crate::cache::space::Binding;
use crate::context;
use crate::context::thread;
use crate::key::call_key::Key;
use crate::local::{Entry, Header, Lookup, Reading};
use crate::reclaim::Pinned;

/// The resolved path of a function into the cache of its alias.
pub(crate) struct Direct {
    /// For hits, if they are in process: every pointer saved here is one less on each hit.
    read: Option<Reading>,
    header: Header,
    cache: Cache,
    binding: Arc<Binding>,
}

/// A fresh entry in process.
pub(crate) struct Hit<'g> {
    pub(crate) entry: &'g Entry,
    /// The number under which it is counted.
    pub(crate) binding: u32,
}

/// Returns the fresh entry of `key`, without a lock, an allocation or a write to shared memory; `None` also
/// if this takes more than a look, as when the function and its cache meet for the first time.
pub(crate) fn find<'g>(key: &'g Key<'_>, is_shared: bool, pinned: Pinned<'g>) -> Option<Hit<'g>> {
    let (read, header) = match key.cache {
        None => {
            let way = key.site.direct.get(pinned)?;
            (way.read.as_ref()?, way.header)
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
    let entry = read.get(&Lookup::new(header, &key.tree), pinned)?;
    Some(Hit {
        entry,
        binding: header.binding,
    })
}

#[inline(never)]
fn way_in<'g>(key: &Key<'_>, cache: &'g Cache, is_shared: bool) -> Option<(&'g Reading, Header)> {
    if key.site.is_closed() {
        return None;
    }
    let level = cache.core().level(is_shared)?;
    let header = Header {
        binding: key.site.known_binding(cache.space())?,
        version: cache.version_number(),
    };
    Some((level.reading(), header))
}

/// Returns the cache of the function's alias and the binding to it, if they have met.
pub(crate) fn known(key: &Key<'_>) -> Option<(Cache, Arc<Binding>)> {
    if key.cache.is_some() || thread::is_special() && context::cache().is_some() {
        return None;
    }
    thread::with(|own| {
        let guard = own.pin();
        let way = key.site.direct.get(guard.pinned())?;
        Some((way.cache.clone(), way.binding.clone()))
    })
}

/// Notes that the function has met its alias's cache: from now on its calls know the path.
pub(crate) fn learn(key: &Key<'_>, cache: &Cache, binding: &Arc<Binding>, is_shared: bool) {
    if key.cache.is_some() {
        return;
    }
    let level = cache.core().level(is_shared);
    let way = Direct {
        read: level.map(|level| level.reading().clone()),
        header: Header {
            binding: binding.id,
            version: cache.version_number(),
        },
        cache: cache.clone(),
        binding: binding.clone(),
    };
    registry::open_way(key.site, cache, way);
}
