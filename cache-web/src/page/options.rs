//! The configuration of a layer: one plain struct that every rule reads.

use std::sync::Arc;
use std::time::Duration;

use cache_runtime::{Cache, CacheError, Timeout, caches};
use http::{HeaderName, Uri, request, response};

use super::control::LONGEST;
use super::django::DjangoKeys;

/// Which cache keeps the pages: an alias, looked up when it is used, or a cache itself.
#[derive(Debug, Clone)]
pub struct PageCache(Which);

#[derive(Debug, Clone)]
enum Which {
    Alias(Arc<str>),
    Cache(Cache),
}

impl From<&str> for PageCache {
    fn from(alias: &str) -> Self {
        Self(Which::Alias(alias.into()))
    }
}

impl From<String> for PageCache {
    fn from(alias: String) -> Self {
        Self(Which::Alias(alias.into()))
    }
}

impl From<Cache> for PageCache {
    fn from(cache: Cache) -> Self {
        Self(Which::Cache(cache))
    }
}

impl From<&Cache> for PageCache {
    fn from(cache: &Cache) -> Self {
        cache.clone().into()
    }
}

impl PageCache {
    pub(crate) fn get(&self) -> Result<Cache, CacheError> {
        match &self.0 {
            Which::Cache(cache) => Ok(cache.clone()),
            Which::Alias(alias) => caches().get(alias),
        }
    }

    pub(crate) fn alias(&self) -> Option<String> {
        match &self.0 {
            Which::Cache(_) => None,
            Which::Alias(alias) => Some(alias.to_string()),
        }
    }
}

/// Where a page's lifetime comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Every page lives this many seconds.
    Page(u32),
    /// As the response says, or else the default of Django and of this project.
    Told,
    /// As the response says, strictly by RFC 9111; the response is passed on unchanged.
    Headers,
}

/// The lifetime if nothing else sets one.
pub(crate) const DEFAULT_LIFETIME: u32 = 300;

impl Lifetime {
    pub(crate) fn of(timeout: Timeout) -> Self {
        match timeout {
            Timeout::Default => Self::Told,
            Timeout::Never => Self::Page(LONGEST),
            Timeout::Expired => Self::Page(0),
            Timeout::After(time) => Self::Page(in_seconds(time)),
        }
    }
}

/// Converts to whole seconds, as HTTP counts them. Less than one becomes one: the page was meant to be kept.
pub(crate) fn in_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).map_or(LONGEST, |seconds| seconds.min(LONGEST))
}

pub(crate) type TagsOf = Arc<dyn Fn(&Uri, &response::Parts) -> Vec<String> + Send + Sync>;
pub(crate) type UriOf = Arc<dyn Fn(&request::Parts) -> Uri + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) cache: PageCache,
    pub(crate) key_prefix: String,
    pub(crate) lifetime: Lifetime,
    /// What is added to the response's `Vary`.
    pub(crate) vary: Vec<HeaderName>,
    pub(crate) max_body_size: usize,
    pub(crate) stale_while_revalidate: u32,
    pub(crate) stale_if_error: u32,
    /// How long a response with a validator is kept for it after it is stale.
    pub(crate) for_validation: u32,
    pub(crate) heeds_requests: bool,
    pub(crate) ignores_cookies: bool,
    pub(crate) targeted: Vec<HeaderName>,
    pub(crate) tags: Option<TagsOf>,
    pub(crate) uri: Option<UriOf>,
    pub(crate) django: Option<DjangoKeys>,
    pub(crate) status_name: Option<Arc<str>>,
}

impl Options {
    pub(crate) fn new(lifetime: Lifetime) -> Self {
        let by_headers = lifetime == Lifetime::Headers;
        Self {
            cache: "default".into(),
            key_prefix: String::new(),
            lifetime,
            vary: Vec::new(),
            max_body_size: 1 << 20,
            stale_while_revalidate: 0,
            stale_if_error: 0,
            for_validation: if by_headers { 24 * 60 * 60 } else { 0 },
            heeds_requests: true,
            ignores_cookies: false,
            targeted: Vec::new(),
            tags: None,
            uri: None,
            django: None,
            status_name: None,
        }
    }

    /// Returns whether the response is passed on as it came, and headers alone decide what is done with it.
    pub(crate) fn by_headers(&self) -> bool {
        self.lifetime == Lifetime::Headers
    }

    /// Returns whether entries carry tags; Django's formats have no place for them.
    pub(crate) fn has_tags(&self) -> bool {
        self.django.is_none()
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("cache", &self.cache)
            .field("key_prefix", &self.key_prefix)
            .field("lifetime", &self.lifetime)
            .field("vary", &self.vary)
            .field("max_body_size", &self.max_body_size)
            .finish_non_exhaustive()
    }
}
