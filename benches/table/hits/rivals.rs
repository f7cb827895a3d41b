//! The plain caches: how they are set up, and a key that is asked for without owning it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use quick_cache::Equivalent;
use quick_cache::sync::Cache as Quick;

pub(super) use papaya::HashMap as Papaya;

/// What one writes without any crate.
pub(super) type Locked<K, V> = RwLock<HashMap<K, V>>;

/// The bound of every cache that has one.
pub(super) const BOUND: usize = 100_000;
/// The timeout of every cache that has one.
pub(super) const TIMEOUT: Duration = Duration::from_secs(600);

/// moka, for threads.
pub(super) fn moka<K, V>() -> moka::sync::Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    let builder = moka::sync::Cache::builder().max_capacity(BOUND as u64);
    builder.time_to_live(TIMEOUT).build()
}

/// quick_cache, for threads. It has no timeout.
pub(super) fn quick<K: Hash + Eq, V: Clone>() -> Quick<K, V> {
    Quick::new(BOUND)
}

/// quick_cache: what is kept, or what `make` makes, kept.
pub(super) fn quick_or<Q, K, V>(cache: &Quick<K, V>, key: &Q, make: impl FnOnce() -> (K, V)) -> V
where
    Q: Hash + Equivalent<K>,
    K: Hash + Eq,
    V: Clone,
{
    cache.get(key).unwrap_or_else(|| {
        let (key, value) = make();
        cache.insert(key, value.clone());
        value
    })
}

/// papaya, pinned for the call.
pub(super) fn papaya_or<Q, K, V>(map: &Papaya<K, V>, key: &Q, make: impl FnOnce() -> (K, V)) -> V
where
    Q: Hash + Equivalent<K>,
    K: Hash + Eq,
    V: Clone,
{
    let map = map.pin();
    map.get(key).cloned().unwrap_or_else(|| {
        let (key, value) = make();
        map.insert(key, value.clone());
        value
    })
}

/// The standard map behind the standard lock.
pub(super) fn locked_or<K, V>(map: &Locked<K, V>, key: &K, make: impl FnOnce() -> (K, V)) -> V
where
    K: Hash + Eq,
    V: Clone,
{
    let found = map.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(value) = found.get(key) {
        return value.clone();
    }
    drop(found);
    let (key, value) = make();
    let mut map = map.write().unwrap_or_else(PoisonError::into_inner);
    map.insert(key, value.clone());
    value
}

/// The arguments of the functions with two of them.
pub(super) type Arguments = (u64, Option<&'static str>);

/// The key of a plain cache for such a function.
pub(super) type Owned = (u64, Option<String>);

/// The same key, borrowed: a look-up need not allocate where the map takes an [`Equivalent`].
#[derive(Debug, Hash)]
pub(super) struct Borrowed<'a>(pub(super) u64, pub(super) Option<&'a str>);

impl Equivalent<Owned> for Borrowed<'_> {
    fn equivalent(&self, key: &Owned) -> bool {
        self.0 == key.0 && self.1 == key.1.as_deref()
    }
}

impl Borrowed<'_> {
    /// The key to keep.
    pub(super) fn own(&self) -> Owned {
        (self.0, self.1.map(str::to_owned))
    }
}
