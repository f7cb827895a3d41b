//! Invalidating pages: by path, by everything below a path, by tag; and through requests that change them.

use std::borrow::Cow;

use cache_runtime::{Cache, CacheError, ErrorKind};
use http::header::{CONTENT_LOCATION, HeaderMap, LOCATION};
use http::{Method, Uri, request::Parts};
use md5::{Digest, Md5};

use super::key;
use super::options::Options;
use crate::hex::hex;

/// A page with more path segments than this is not kept: each one is a tag.
const MOST_SEGMENTS: usize = 16;

/// A longer path is a digest in its tag. A tag has 255 bytes, and a prefix of up to 60 before it.
const LONGEST_PLAIN: usize = 180;

/// A handle to invalidate pages. Cloning it is cheap.
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

    /// Invalidates a path, on every host and with every query. A path is written as in the URL, with its
    /// escapes; `/a` and `/a/` are two different ones.
    ///
    /// # Errors
    ///
    /// Any error of the cache; kind `Unsupported` with [`django_keys`](super::CachePage::django_keys), whose
    /// entries carry no tags.
    pub async fn forget(&self, path: &str) -> Result<(), CacheError> {
        self.delete_tag(&of_path(&self.options.key_prefix, path))
            .await
    }

    /// Invalidates a path and everything below it: with `/a`, that is `/a`, `/a/` and `/a/b`, but not `/ab`.
    ///
    /// # Errors
    ///
    /// Those of [`forget`](Self::forget).
    pub async fn forget_prefix(&self, path: &str) -> Result<(), CacheError> {
        let path = path.trim_end_matches('/');
        self.delete_tag(&of_prefix(&self.options.key_prefix, path))
            .await
    }

    /// Invalidates the pages with this tag, and everything else in that cache that has it.
    ///
    /// # Errors
    ///
    /// Those of [`forget`](Self::forget).
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
    format!("page:{prefix}={}", short(path))
}

fn of_prefix(prefix: &str, path: &str) -> String {
    format!("page:{prefix}<{}", short(path))
}

/// Returns a path as part of a tag, which has at most 255 bytes.
fn short(path: &str) -> Cow<'_, str> {
    if path.len() <= LONGEST_PLAIN {
        return path.into();
    }
    // Without a slash, so that it equals no path.
    format!("md5.{}", hex(&Md5::digest(path))).into()
}

/// Returns whether a page's path is too deep for it to be kept.
pub(crate) fn is_too_deep(uri: &Uri) -> bool {
    uri.path().bytes().filter(|&byte| byte == b'/').count() > MOST_SEGMENTS
}

/// Returns the tags of a page: its path, and all those above it.
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

/// Returns whether a method may change something (RFC 9110, section 9.2.1): an unknown one may.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

/// The pages that a request with such a method has changed if it succeeds: its own, and those that the
/// response names, on the same host (RFC 9111, section 4.4).
pub(crate) struct Changed {
    host: String,
    path: String,
    /// The suffix of their keys: as in Django, its pages in other languages than this client's stay.
    suffix: String,
    /// The pages that the response names.
    named: Vec<String>,
}

impl Changed {
    pub(crate) fn of(options: &Options, request: &Parts) -> Option<Self> {
        let uri = key::uri(options, request);
        Some(Self {
            host: key::host(options, &uri, request)?.to_owned(),
            path: key::path(&uri).to_owned(),
            suffix: key::suffix(options, request),
            named: Vec::new(),
        })
    }

    /// Adds those that the response names, which have changed too.
    pub(crate) fn also(&mut self, response: &HeaderMap) {
        for name in [LOCATION, CONTENT_LOCATION] {
            let named = response.get(name).and_then(|value| value.to_str().ok());
            let path = named.and_then(|named| self.same_host(named));
            self.named.extend(path);
        }
    }

    /// Nothing but the pages of this host: by no tag, which other hosts' pages have too. A page that another
    /// process makes now is not kept either.
    pub(crate) async fn forget(&self, cache: &Cache, options: &Options) {
        for path in self.paths() {
            let key = key::named(options, &self.host, path, &self.suffix);
            report(cache.delete_made(&key).await, path);
        }
    }

    /// Does the same for a caller that cannot wait.
    pub(crate) fn forget_blocking(&self, cache: &Cache, options: &Options) {
        let cache = cache.blocking();
        for path in self.paths() {
            let key = key::named(options, &self.host, path, &self.suffix);
            report(cache.delete_made(&key), path);
        }
    }

    /// Returns the paths, each once.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let others = self
            .named
            .iter()
            .enumerate()
            .filter(|&(at, path)| *path != self.path && !self.named[..at].contains(path));
        std::iter::once(&*self.path).chain(others.map(|(_, path)| &**path))
    }

    /// Returns the path and query of a reference, if it stays on this host.
    fn same_host(&self, reference: &str) -> Option<String> {
        let reference = reference.split('#').next().unwrap_or_default();
        self.resolved(reference).map(|path| without_dots(&path))
    }

    fn resolved(&self, reference: &str) -> Option<String> {
        if let Some(elsewhere) = reference.strip_prefix("//") {
            // With the scheme of the request, whichever that is: it is no part of a page's name.
            return self.of_absolute(&format!("http://{elsewhere}"));
        }
        if reference.starts_with('/') {
            return Some(reference.to_owned());
        }
        // A colon behind one of these is a part of the path or the query.
        let first = reference.split(['/', '?']).next().unwrap_or_default();
        if first.contains(':') {
            return self.of_absolute(reference);
        }
        if reference.is_empty() {
            return None;
        }
        // Relative to the directory of the request's own path.
        let own = self.path.split('?').next().unwrap_or_default();
        if reference.starts_with('?') {
            return Some(format!("{own}{reference}"));
        }
        let (directory, _) = own.rsplit_once('/')?;
        Some(format!("{directory}/{reference}"))
    }

    fn of_absolute(&self, reference: &str) -> Option<String> {
        let uri: Uri = reference.parse().ok()?;
        uri.scheme()?;
        let is_same = uri.authority()?.as_str().eq_ignore_ascii_case(&self.host);
        is_same.then(|| key::path(&uri).to_owned())
    }
}

fn report(ended: Result<bool, CacheError>, path: &str) {
    if let Err(error) = ended {
        tracing::warn!(%error, path, "a page that may have changed is not forgotten");
    }
}

/// Returns the path without `.` and `..` (RFC 3986, section 5.2.4); its query may contain them.
fn without_dots(path_and_query: &str) -> String {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        }
        if !is_dots {
            kept.push(segment);
        } else if segments.peek().is_none() {
            // A path that ends with dots is a directory.
            kept.push("");
        }
    }
    let mut clean = format!("/{}", kept.join("/"));
    if let Some(query) = query {
        clean.push('?');
        clean.push_str(query);
    }
    clean
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
        for tag in tags_of(&format!("/{}/{}", "a".repeat(300), "b".repeat(300))) {
            assert!(tag.len() <= 180, "{tag}");
        }
        assert!(!is_too_deep(&"/a".repeat(16).parse().unwrap()));
        assert!(is_too_deep(&"/a".repeat(17).parse().unwrap()));
    }

    #[test]
    fn references_stay_on_the_host() {
        let changed = Changed {
            host: "h:80".to_owned(),
            path: "/a/b?c".to_owned(),
            suffix: String::new(),
            named: Vec::new(),
        };
        let path = |reference| changed.same_host(reference);
        assert_eq!(path("?saved=1").as_deref(), Some("/a/b?saved=1"));
        assert_eq!(path("../x").as_deref(), Some("/x"));
        assert_eq!(path("./x/../y?../z").as_deref(), Some("/a/y?../z"));
        assert_eq!(path("..").as_deref(), Some("/"));
        assert_eq!(path("x/.").as_deref(), Some("/a/x/"));
        assert_eq!(path("/../b/./c").as_deref(), Some("/b/c"));
        assert_eq!(path("http://h:80/x/../y").as_deref(), Some("/y"));
        assert_eq!(path("/x?y#z").as_deref(), Some("/x?y"));
        assert_eq!(path("http://H:80/x").as_deref(), Some("/x"));
        assert_eq!(path("x").as_deref(), Some("/a/x"));
        assert_eq!(path("items?at=10:30").as_deref(), Some("/a/items?at=10:30"));
        assert_eq!(path("edit/7:draft").as_deref(), Some("/a/edit/7:draft"));
        assert_eq!(path("?at=10:30").as_deref(), Some("/a/b?at=10:30"));
        assert_eq!(path("//h:80/x:y").as_deref(), Some("/x:y"));
        assert_eq!(path("//H:80/x/../y?z").as_deref(), Some("/y?z"));
        assert_eq!(path("//h:80").as_deref(), Some("/"));
        assert_eq!(path("mailto:x"), None);
        assert_eq!(path("7:draft"), None);
        assert_eq!(path("http://other/x"), None);
        assert_eq!(path("//other/x"), None);
        assert_eq!(path(""), None);
    }
}
