//! The layer itself: how pages are cached, as methods.

use std::sync::Arc;
use std::time::Duration;

use cache_runtime::Timeout;
use http::header::COOKIE;
use http::{Uri, request, response};
use tower_layer::Layer;

use super::django::DjangoKeys;
use super::flights::Flights;
use super::invalidate::Pages;
use super::key::clean_prefix;
use super::options::{Lifetime, Options, PageCache, in_seconds};
use super::service::{PageService, Shared};

/// Caches the pages of the inner service for `timeout`: seconds, a [`Duration`], or [`Timeout`].
///
/// [`Timeout::Default`] takes each page's lifetime from its own `s-maxage` or `max-age`, or else 300
/// seconds.
#[must_use]
pub fn cache_page(timeout: impl Into<Timeout>) -> CachePage {
    CachePage::new(Lifetime::of(timeout.into()))
}

/// Caches pages as their headers say and changes nothing in a response, as RFC 9111 requires of
/// a shared cache: for use in front of other servers.
#[must_use]
pub fn http_cache() -> CachePage {
    CachePage::new(Lifetime::Headers)
}

/// The layer that [`cache_page`] and [`http_cache`] return.
#[derive(Debug, Clone)]
pub struct CachePage {
    options: Options,
    flights: Arc<Flights>,
}

impl CachePage {
    fn new(lifetime: Lifetime) -> Self {
        Self {
            options: Options::new(lifetime),
            flights: Arc::default(),
        }
    }

    /// Sets the cache that keeps the pages, by alias or the cache itself; `"default"` by default.
    #[must_use]
    pub fn cache(mut self, cache: impl Into<PageCache>) -> Self {
        self.options.cache = cache.into();
        self
    }

    /// Sets the first part of every key. Layers that see the same paths of different services need different
    /// prefixes.
    #[must_use]
    pub fn key_prefix(mut self, prefix: &str) -> Self {
        self.options.key_prefix = clean_prefix(prefix);
        self
    }

    /// Tells pages apart by these fields of the request, whatever the response says, and adds them to
    /// its `Vary`.
    ///
    /// # Panics
    ///
    /// If one is not a valid name of a header field.
    #[must_use]
    pub fn vary_on_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.options.vary.extend(super::vary_layer::names(names));
        self
    }

    /// Tells pages apart by the visitor's cookies, as Django's decorator does.
    #[must_use]
    pub fn vary_on_cookie(mut self) -> Self {
        self.options.vary.push(COOKIE);
        self
    }

    /// Sets the length above which a body is passed on and not kept; 1 MiB by default. The cache has a limit of
    /// its own (`max_value_size`).
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.options.max_body_size = bytes;
        self
    }

    /// Sets how long after its lifetime a page is still served while it is renewed in the background. What the
    /// response says (RFC 5861) takes precedence.
    #[must_use]
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.options.stale_while_revalidate = in_seconds(time);
        self
    }

    /// Sets how long after its lifetime a page is served in place of an error: one of the service itself,
    /// or one of status 500, 502, 503 or 504. What the response says (RFC 5861) takes precedence.
    #[must_use]
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.options.stale_if_error = in_seconds(time);
        self
    }

    /// Sets how long after its lifetime [`http_cache`] keeps a page that has an `ETag` or a `Last-Modified`, to
    /// check whether it is still current; a day by default.
    #[must_use]
    pub fn keep_for_validation(mut self, time: Duration) -> Self {
        self.options.for_validation = in_seconds(time);
        self
    }

    /// Serves pages whatever the request's `Cache-Control` says, so that no client can make the service work by
    /// sending `no-cache`. `no-store` still bypasses the cache.
    #[must_use]
    pub fn ignore_request_directives(mut self) -> Self {
        self.options.heeds_requests = false;
        self
    }

    /// Treats `Cookie` like any other field, as RFC 9111 does: what does not vary by it is served to everybody.
    ///
    /// Use this only if every response that depends on a cookie says so. Without it, a request with cookies
    /// is served only what varies by them or says `public`.
    #[must_use]
    pub fn ignore_request_cookies(mut self) -> Self {
        self.options.ignores_cookies = true;
        self
    }

    /// Sets the fields that address this cache, in place of `Cache-Control` and `Expires`: the first one
    /// that a response has counts (RFC 9213), such as `cdn-cache-control`. A directive of
    /// `surrogate-control` may be for one cache only, by the name given to
    /// [`cache_status`](Self::cache_status).
    ///
    /// # Panics
    ///
    /// If one is not a valid name of a header field.
    #[must_use]
    pub fn targeted_by<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.options
            .targeted
            .extend(super::vary_layer::names(names));
        self
    }

    /// Sets the tags of a page, from its URI and response, by which to [invalidate](Pages::forget_tag) it. A
    /// handler may also add tags itself: [`current().tag(..)`](cache_runtime::Call::tag).
    #[must_use]
    pub fn tags<F>(mut self, tags: F) -> Self
    where
        F: Fn(&Uri, &response::Parts) -> Vec<String> + Send + Sync + 'static,
    {
        self.options.tags = Some(Arc::new(tags));
        self
    }

    /// Sets the URI by which a page is keyed, if the request's own is not the client's.
    ///
    /// axum removes the prefix from the URI inside `nest`, so that `/a/x` and `/b/x` would be one page
    /// there. With the feature `axum`, which is on by default, its `OriginalUri` is used without this.
    #[must_use]
    pub fn uri<F>(mut self, uri: F) -> Self
    where
        F: Fn(&request::Parts) -> Uri + Send + Sync + 'static,
    {
        self.options.uri = Some(Arc::new(uri));
        self
    }

    /// Uses Django's keys for pages, so that a Django service and this one find the same pages. They carry
    /// no tags: [`Pages`] cannot invalidate them.
    #[must_use]
    pub fn django_keys(mut self, keys: DjangoKeys) -> Self {
        self.options.django = Some(keys);
        self
    }

    /// Reports in `Cache-Status` what was done, under this name (RFC 9211). Whether a page was stored is looked
    /// up, which costs a miss a round trip or two.
    #[must_use]
    pub fn cache_status(mut self, name: &str) -> Self {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let name: String = name.chars().filter(|&c| is_token(c)).collect();
        self.options.status_name = Some(name.into());
        self
    }

    /// Returns a handle to invalidate pages.
    #[must_use]
    pub fn pages(&self) -> Pages {
        Pages::new(self.options.clone())
    }
}

impl<S> Layer<S> for CachePage {
    type Service = PageService<S>;

    fn layer(&self, inner: S) -> PageService<S> {
        let shared = Shared {
            options: Arc::new(self.options.clone()),
            flights: self.flights.clone(),
        };
        PageService::new(inner, Arc::new(shared))
    }
}
