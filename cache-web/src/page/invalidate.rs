//! Forgetting pages: by path, by all below a path, by tag; and by what changes them.

use http::header::{CONTENT_LOCATION, HeaderMap, LOCATION};
use http::{Method, Uri, request::Parts};

use cache_runtime::{Cache, CacheError, ErrorKind};

use super::key;
use super::options::Options;

/// A path of more segments is not kept: each one is a tag.
const MOST_SEGMENTS: usize = 16;

/// A handle to forget pages by. Cloning is cheap.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_web::page::cache_page;
///
/// # futures_executor(async {
/// let layer = cache_page(600).cache(Cache::from_url("memory://")?);
/// let pages = layer.pages();
/// pages.forget("/articles/7").await?;       // with whatever query
/// pages.forget_prefix("/articles").await?;  // it, and all below
/// pages.forget_tag("author:3").await?;      // what was tagged so
/// # Ok::<(), cache_runtime::CacheError>(()) }).unwrap();
/// # fn futures_executor<T>(f: impl Future<Output = T>) -> T {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(f)
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Pages {
    options: Options,
}

impl Pages {
    pub(crate) fn new(options: Options) -> Self {
        Self { options }
    }

    /// Forgets a path, on every host and with every query. A path is what stands in the URL, escapes
    /// and all; `/a` and `/a/` are two.
    ///
    /// # Errors
    ///
    /// The cache's; kind `Unsupported` with [`django_keys`](super::CachePage::django_keys), whose
    /// entries carry no tags.
    pub async fn forget(&self, path: &str) -> Result<(), CacheError> {
        self.delete_tag(&of_path(&self.options.key_prefix, path))
            .await
    }

    /// Forgets a path and all below it: `/a` ends `/a`, `/a/` and `/a/b`, not `/ab`.
    ///
    /// # Errors
    ///
    /// As [`forget`](Self::forget).
    pub async fn forget_prefix(&self, path: &str) -> Result<(), CacheError> {
        let path = path.trim_end_matches('/');
        self.delete_tag(&of_prefix(&self.options.key_prefix, path))
            .await
    }

    /// Forgets the pages with this tag; and whatever else has it in that cache.
    ///
    /// # Errors
    ///
    /// As [`forget`](Self::forget).
    pub async fn forget_tag(&self, tag: &str) -> Result<(), CacheError> {
        self.delete_tag(tag).await
    }

    async fn delete_tag(&self, tag: &str) -> Result<(), CacheError> {
        if !self.options.has_tags() {
            let why = "pages under Django's names have no tags to be forgotten by";
            return Err(CacheError::new(ErrorKind::Unsupported, why).in_operation("delete_tag"));
        }
        self.options.cache.get()?.delete_tag(tag).await
    }
}

fn of_path(prefix: &str, path: &str) -> String {
    format!("page:{prefix}={path}")
}

fn of_prefix(prefix: &str, path: &str) -> String {
    format!("page:{prefix}<{path}")
}

/// Whether a page has too long a path to be kept.
pub(crate) fn is_too_deep(uri: &Uri) -> bool {
    uri.path().bytes().filter(|&byte| byte == b'/').count() > MOST_SEGMENTS
}

/// The tags of a page: its path, and all above it.
pub(crate) fn tags(options: &Options, uri: &Uri) -> Vec<String> {
    if !options.has_tags() {
        return Vec::new();
    }
    let (prefix, path) = (&options.key_prefix, uri.path());
    let mut tags = vec![of_path(prefix, path)];
    let slashes = path.char_indices().filter(|&(_, c)| c == '/');
    tags.extend(slashes.map(|(end, _)| of_prefix(prefix, &path[..end])));
    if !path.ends_with('/') {
        tags.push(of_prefix(prefix, path));
    }
    tags
}

/// Whether a method may change something (RFC 9110, section 9.2.1): one that nobody knows may.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

/// Which pages a request with such a method has changed if it succeeded: its own, and those that the
/// response names, on the same host (RFC 9111, section 4.4).
pub(crate) struct Changed {
    host: String,
    path: String,
}

impl Changed {
    pub(crate) fn of(options: &Options, request: &Parts) -> Option<Self> {
        let uri = key::uri(options, request);
        Some(Self {
            host: key::host(options, &uri, request)?.to_owned(),
            path: key::path(&uri).to_owned(),
        })
    }

    pub(crate) async fn forget(&self, cache: &Cache, options: &Options, response: &HeaderMap) {
        let mut paths = vec![self.path.clone()];
        for name in [LOCATION, CONTENT_LOCATION] {
            let named = response.get(name).and_then(|value| value.to_str().ok());
            paths.extend(named.and_then(|named| self.same_host(named)));
        }
        paths.dedup();
        for path in paths {
            let key = key::named(options, &self.host, &path);
            if let Err(error) = cache.delete(&key).await {
                tracing::warn!(%error, path, "a page that may have changed is not forgotten");
            }
        }
    }

    /// The path and query of a reference, if it stays on this host.
    fn same_host(&self, reference: &str) -> Option<String> {
        let reference = reference.split('#').next().unwrap_or_default();
        if reference.starts_with('/') && !reference.starts_with("//") {
            return Some(reference.to_owned());
        }
        if let Ok(uri) = reference.parse::<Uri>()
            && let (Some(_), Some(authority)) = (uri.scheme(), uri.authority())
        {
            let is_same = authority.as_str().eq_ignore_ascii_case(&self.host);
            return is_same.then(|| key::path(&uri).to_owned());
        }
        // Relative to the directory of the request's own path.
        if reference.is_empty() || reference.starts_with("//") || reference.contains(':') {
            return None;
        }
        let own = self.path.split('?').next().unwrap_or_default();
        let (directory, _) = own.rsplit_once('/')?;
        Some(format!("{directory}/{reference}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;
    use crate::page::options::Lifetime;

    #[test]
    fn a_page_has_the_tags_of_all_above_it() {
        let options = Options::new(Lifetime::Headers);
        let tags_of = |path: &str| tags(&options, &path.parse().unwrap());
        assert_eq!(tags_of("/"), ["page:=/", "page:<"]);
        assert_eq!(tags_of("/a?b=/c"), ["page:=/a", "page:<", "page:</a"]);
        assert_eq!(tags_of("/a/"), ["page:=/a/", "page:<", "page:</a"]);
        assert!(!is_too_deep(&"/a".repeat(16).parse().unwrap()));
        assert!(is_too_deep(&"/a".repeat(17).parse().unwrap()));
    }

    #[test]
    fn references_stay_on_the_host() {
        let changed = Changed {
            host: "h:80".to_owned(),
            path: "/a/b?c".to_owned(),
        };
        let path = |reference| changed.same_host(reference);
        assert_eq!(path("/x?y#z").as_deref(), Some("/x?y"));
        assert_eq!(path("http://H:80/x").as_deref(), Some("/x"));
        assert_eq!(path("x").as_deref(), Some("/a/x"));
        assert_eq!(path("http://other/x"), None);
        assert_eq!(path("//other/x"), None);
        assert_eq!(path(""), None);
    }
}
