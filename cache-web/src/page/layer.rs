//! The layer itself: how pages are cached, said in words.

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

/// Caches the pages of what is behind it for `timeout`: seconds, a [`Duration`], or [`Timeout`].
///
/// [`Timeout::Default`] takes each page's lifetime from its own `s-maxage` or `max-age`, else 300
/// seconds.
#[must_use]
pub fn cache_page(timeout: impl Into<Timeout>) -> CachePage {
    CachePage::new(Lifetime::of(timeout.into()))
}

/// A cache that does what the headers say and changes nothing of a response, as RFC 9111 wants it of
/// one that many share: for what is before other servers.
#[must_use]
pub fn http_cache() -> CachePage {
    CachePage::new(Lifetime::Headers)
}

/// The layer that [`cache_page`] and [`http_cache`] make.
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

    /// The cache that keeps the pages, by alias or itself; `"default"` if it is not said.
    #[must_use]
    pub fn cache(mut self, cache: impl Into<PageCache>) -> Self {
        self.options.cache = cache.into();
        self
    }

    /// The first part of every key. Layers that see the same paths of different services need different
    /// ones.
    #[must_use]
    pub fn key_prefix(mut self, prefix: &str) -> Self {
        self.options.key_prefix = clean_prefix(prefix);
        self
    }

    /// Tells pages apart by these fields of the request, whatever the response says, and says so in
    /// its `Vary`.
    ///
    /// # Panics
    ///
    /// If one is no name of a header field.
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

    /// A longer body is passed on and not kept; 1 MiB if it is not said. The cache has a limit of its
    /// own (`max_value_size`).
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.options.max_body_size = bytes;
        self
    }

    /// For so long after its lifetime a page is still served, while it is renewed behind. What the
    /// response says (RFC 5861) comes first.
    #[must_use]
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.options.stale_while_revalidate = in_seconds(time);
        self
    }

    /// For so long after its lifetime a page is served in the place of an error: of the service's own,
    /// or of status 500, 502, 503, 504. What the response says (RFC 5861) comes first.
    #[must_use]
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.options.stale_if_error = in_seconds(time);
        self
    }

    /// For so long after its lifetime [`http_cache`] keeps what has an `ETag` or a `Last-Modified`, to
    /// ask whether it is still right; a day if it is not said.
    #[must_use]
    pub fn keep_for_validation(mut self, time: Duration) -> Self {
        self.options.for_validation = in_seconds(time);
        self
    }

    /// Serves pages whatever `Cache-Control` a request has: nobody can make the service work by asking
    /// for `no-cache`. `no-store` still passes by.
    #[must_use]
    pub fn ignore_request_directives(mut self) -> Self {
        self.options.heeds_requests = false;
        self
    }

    /// Treats `Cookie` like any other field, as RFC 9111 does: what does not vary by it is for all.
    ///
    /// Only where every response that depends on a cookie says so. Without this, a request with cookies
    /// gets what varies by them or says `public`.
    #[must_use]
    pub fn ignore_request_cookies(mut self) -> Self {
        self.options.ignores_cookies = true;
        self
    }

    /// Fields that speak to this cache alone, in the place of `Cache-Control` and `Expires`: the first
    /// that a response has counts (RFC 9213), such as `cdn-cache-control`. A directive of
    /// `surrogate-control` may be for one cache alone, by its name in
    /// [`cache_status`](Self::cache_status).
    ///
    /// # Panics
    ///
    /// If one is no name of a header field.
    #[must_use]
    pub fn targeted_by<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.options
            .targeted
            .extend(super::vary_layer::names(names));
        self
    }

    /// Tags of a page, by its URI and response, to [forget](Pages::forget_tag) it by. A handler may also
    /// say them itself: [`current().tag(..)`](cache_runtime::Call::tag).
    #[must_use]
    pub fn tags<F>(mut self, tags: F) -> Self
    where
        F: Fn(&Uri, &response::Parts) -> Vec<String> + Send + Sync + 'static,
    {
        self.options.tags = Some(Arc::new(tags));
        self
    }

    /// The URI that a page is named by, where the request's own is not the client's.
    ///
    /// axum takes the prefix away from what is behind `nest`, so that `/a/x` and `/b/x` would be one page
    /// there. With the feature `axum`, which is on by default, its `OriginalUri` is known without this.
    #[must_use]
    pub fn uri<F>(mut self, uri: F) -> Self
    where
        F: Fn(&request::Parts) -> Uri + Send + Sync + 'static,
    {
        self.options.uri = Some(Arc::new(uri));
        self
    }

    /// Names pages as Django does, so that a Django service and this one find the same ones. They carry
    /// no tags: [`Pages`] cannot forget them.
    #[must_use]
    pub fn django_keys(mut self, keys: DjangoKeys) -> Self {
        self.options.django = Some(keys);
        self
    }

    /// Says in `Cache-Status` what was done, under this name (RFC 9211). Whether a page was stored is looked up,
    /// which costs a miss a round trip or two.
    #[must_use]
    pub fn cache_status(mut self, name: &str) -> Self {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let name: String = name.chars().filter(|&c| is_token(c)).collect();
        self.options.status_name = Some(name.into());
        self
    }

    /// A handle to forget pages by.
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
