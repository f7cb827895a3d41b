//! Where fragments are kept, and which Django's keys they have.

use cache_runtime::{Cache, CacheError, ErrorKind, caches};

use super::key::DjangoKeys;
use super::rendering::Fragment;

/// The alias reserved for fragments, as in Django.
const ALIAS: &str = "template_fragments";

/// Where fragments are kept, and which Django's keys they have.
///
/// The usual place is the cache of the alias `template_fragments` if there is one, or else `default`.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_web::fragment::{DjangoKeys, Fragments};
///
/// let shop = Fragments::new()
///     .cache(Cache::from_url("memory://?timeout=60")?)
///     .keys(DjangoKeys::V5_2);
/// let html = shop.fragment("prices").vary_on("EUR").render_blocking(|| Ok::<_, ()>("9.99"));
/// assert_eq!(html.as_deref(), Ok("9.99"));
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Fragments {
    place: Place,
    keys: DjangoKeys,
}

#[derive(Debug, Clone, Default)]
enum Place {
    #[default]
    Usual,
    Alias(String),
    Cache(Cache),
}

impl Fragments {
    /// Returns the usual place, with the keys of Django 6.1.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps fragments in the cache of this alias.
    #[must_use]
    pub fn using(mut self, alias: impl Into<String>) -> Self {
        self.place = Place::Alias(alias.into());
        self
    }

    /// Keeps fragments in this cache.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.place = Place::Cache(cache);
        self
    }

    /// Uses the keys of this version of Django.
    #[must_use]
    pub fn keys(mut self, keys: DjangoKeys) -> Self {
        self.keys = keys;
        self
    }

    /// Returns the fragment of this name.
    pub fn fragment(&self, name: impl Into<String>) -> Fragment {
        Fragment::new(self.clone(), name.into())
    }

    /// Returns the cache, looked up at each rendering: a program may set its caches later than its templates.
    pub(super) fn open(&self) -> Result<Cache, CacheError> {
        match &self.place {
            Place::Cache(cache) => Ok(cache.clone()),
            Place::Alias(alias) => caches().get(alias),
            Place::Usual => match caches().get(ALIAS) {
                Err(error) if error.kind() == ErrorKind::UnknownCache => caches().get("default"),
                found => found,
            },
        }
    }

    /// Returns the alias of the cache, if it has one.
    pub(super) fn alias(&self) -> Option<String> {
        match &self.place {
            Place::Cache(_) => None,
            Place::Alias(alias) => Some(alias.clone()),
            Place::Usual => {
                let has_own = caches().aliases().iter().any(|alias| alias == ALIAS);
                Some(if has_own { ALIAS } else { "default" }.to_owned())
            }
        }
    }

    pub(super) fn key(&self, name: &str, vary_on: &[String]) -> String {
        self.keys.key(name, vary_on)
    }
}
