//! Django's own keys of pages, so that a Django service and this one use the same ones.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderName};
use md5::{Digest, Md5};

use super::vary::Names;
use crate::hex::hex;

/// The beginning of the keys of lists of names.
const LISTS: &str = "views.decorators.cache.cache_header.";

/// How Django keys pages: its version, and the settings that are part of its keys.
///
/// What is kept under the key is this crate's page, as JSON with `status`, `headers` and `body`; Django's
/// own is a pickle, which is code. A Django middleware that shares pages reads and writes that JSON.
///
/// ```
/// use cache_web::page::{DjangoKeys, DjangoVersion, cache_page};
///
/// let keys = DjangoKeys::new(DjangoVersion::V6_1).scheme("https").language("en-us").time_zone("UTC");
/// let layer = cache_page(600).cache("django").django_keys(keys);
/// # let _ = layer;
/// ```
#[derive(Debug, Clone)]
pub struct DjangoKeys {
    version: DjangoVersion,
    scheme: String,
    language: Language,
    /// With a dot before it.
    time_zone: String,
}

/// The language in the keys.
#[derive(Clone)]
enum Language {
    None,
    /// One for the whole layer.
    All(String),
    Of(LanguageOf),
}

type LanguageOf = Arc<dyn Fn(&Parts) -> String + Send + Sync>;

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::All(language) => language,
            Self::Of(_) => "each request's own",
        })
    }
}

/// Which version of Django: how it encodes the values of the fields that a page varies by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DjangoVersion {
    /// Up to 5.2.18: values run into each other, and a missing one equals an empty one. For services
    /// that cannot be updated.
    V5_2,
    /// 5.2.19: a missing value differs from an empty one.
    V5_2_19,
    /// 6.1.3: each value is preceded by its length.
    V6_1,
}

impl DjangoKeys {
    /// Returns the keys of a Django with `USE_I18N` and `USE_TZ` off, reached by `http`.
    #[must_use]
    pub fn new(version: DjangoVersion) -> Self {
        Self {
            version,
            scheme: "http".to_owned(),
            language: Language::None,
            time_zone: String::new(),
        }
    }

    /// Sets the scheme: `https`, if that is how Django sees the requests.
    #[must_use]
    pub fn scheme(mut self, scheme: &str) -> Self {
        scheme.clone_into(&mut self.scheme);
        self
    }

    /// Sets the active language, with `USE_I18N`: `en-us`.
    ///
    /// It applies to the whole layer, and is in the key where Django leaves `Accept-Language` out. So a page
    /// that varies by that field is neither kept nor served: it may be in another language. If there is more
    /// than one language, use [`language_of`](Self::language_of).
    #[must_use]
    pub fn language(mut self, language: &str) -> Self {
        self.language = Language::All(language.to_owned());
        self
    }

    /// Sets how to find the language that Django's middleware activates for a request, with `USE_I18N`.
    ///
    /// Requests for which this returns the same language share a page.
    ///
    /// ```
    /// use cache_web::page::{DjangoKeys, DjangoVersion};
    ///
    /// let keys = DjangoKeys::new(DjangoVersion::V6_1).language_of(|request| {
    ///     let is_german = request.uri.path().starts_with("/de/");
    ///     if is_german { "de" } else { "en-us" }.to_owned()
    /// });
    /// # let _ = keys;
    /// ```
    #[must_use]
    pub fn language_of<F>(mut self, language: F) -> Self
    where
        F: Fn(&Parts) -> String + Send + Sync + 'static,
    {
        self.language = Language::Of(Arc::new(language));
        self
    }

    /// Sets the active time zone, with `USE_TZ`: `UTC`.
    #[must_use]
    pub fn time_zone(mut self, name: &str) -> Self {
        // Cleaned as in Django: a name may contain anything.
        let name: String = name.chars().filter(char::is_ascii).collect();
        self.time_zone = format!(".{}", name.replace(' ', "_"));
        self
    }

    /// Returns what follows the keys of a request's pages.
    pub(crate) fn suffix(&self, request: &Parts) -> String {
        let time_zone = &self.time_zone;
        match &self.language {
            Language::None => time_zone.clone(),
            Language::All(language) => format!(".{language}{time_zone}"),
            Language::Of(language_of) => format!(".{}{time_zone}", language_of(request)),
        }
    }

    /// Returns whether pages that vary by these fields can be told apart as Django does.
    pub(crate) fn can_tell_apart(&self, names: &Names) -> bool {
        names.iter().all(|name| {
            // Django's list would give it back under another name.
            let comes_back = field_name(&meta_name(name)).as_ref() == Some(name);
            let is_for_all = matches!(self.language, Language::All(_));
            comes_back && !(is_for_all && name == http::header::ACCEPT_LANGUAGE)
        })
    }

    fn digest(&self, host: &str, path: &str) -> String {
        hex(&Md5::digest(format!("{}://{host}{path}", self.scheme)))
    }

    /// Returns the key of the list of names.
    pub(crate) fn header_key(&self, prefix: &str, host: &str, path: &str, suffix: &str) -> String {
        let digest = self.digest(host, path);
        format!("{LISTS}{prefix}.{digest}{suffix}")
    }

    /// Returns the key of the page whose list is under `header_key`.
    pub(crate) fn page_key(
        &self,
        prefix: &str,
        header_key: &str,
        names: &Names,
        request: &HeaderMap,
    ) -> String {
        // A digest, followed by the suffix.
        let (uri, suffix) = header_key[LISTS.len() + prefix.len() + 1..].split_at(32);
        let values = hex(&Md5::digest(self.values(names, request)));
        format!("views.decorators.cache.cache_page.{prefix}.GET.{uri}.{values}{suffix}")
    }

    fn values(&self, names: &Names, request: &HeaderMap) -> Vec<u8> {
        let mut all = Vec::new();
        for name in names.iter() {
            let is_by_language = !matches!(self.language, Language::None);
            if is_by_language && name == http::header::ACCEPT_LANGUAGE {
                continue;
            }
            let lines: Vec<&[u8]> = request.get_all(name).iter().map(|v| v.as_bytes()).collect();
            if lines.is_empty() {
                if self.version != DjangoVersion::V5_2 {
                    all.extend_from_slice(b"-,");
                }
                continue;
            }
            // As WSGI servers pass on several lines.
            let value = lines.join(b",".as_slice());
            if self.version == DjangoVersion::V6_1 {
                all.extend_from_slice(format!("{}:", value.len()).as_bytes());
                all.extend_from_slice(&value);
                all.push(b',');
            } else {
                all.extend_from_slice(&value);
            }
        }
        all
    }
}

/// Returns `accept-encoding` as Django calls it: `HTTP_ACCEPT_ENCODING`.
pub(crate) fn meta_name(name: &HeaderName) -> String {
    format!(
        "HTTP_{}",
        name.as_str().to_ascii_uppercase().replace('-', "_")
    )
}

pub(crate) fn field_name(meta: &str) -> Option<HeaderName> {
    let name = meta.strip_prefix("HTTP_")?.replace('_', "-");
    name.to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;

    const MD5_OF_PAGE: &str = "18a03f9c9649f7d684af5db3524f5c99";

    fn keys(version: DjangoVersion) -> DjangoKeys {
        DjangoKeys::new(version).language("en-us").time_zone("UTC")
    }

    fn header_key(keys: &DjangoKeys, prefix: &str, path: &str) -> String {
        let suffix = keys.suffix(&http::Request::new(()).into_parts().0);
        keys.header_key(prefix, "www.example.com", path, &suffix)
    }

    fn page_key(version: DjangoVersion, request: &[(&str, &str)]) -> String {
        let keys = keys(version);
        let header = header_key(&keys, "pre.fix", "/cache/test/");
        let mut headers = HeaderMap::new();
        for (name, value) in request {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let names = [
            "x-theme".parse().unwrap(),
            "accept-language".parse().unwrap(),
        ];
        let names = Names::of_names(names.to_vec()).unwrap();
        keys.page_key("pre.fix", &header, &names, &headers)
    }

    #[test]
    fn the_keys_of_django() {
        let keys = keys(DjangoVersion::V6_1);
        assert_eq!(
            header_key(&keys, "p", "/cache/test/"),
            format!("views.decorators.cache.cache_header.p.{MD5_OF_PAGE}.en-us.UTC"),
        );
        let plain = DjangoKeys::new(DjangoVersion::V6_1);
        assert_eq!(
            header_key(&plain, "", "/cache/test/?test=1"),
            "views.decorators.cache.cache_header..beaf87a9a99ee81c673ea2d67ccbec2a",
        );
    }

    #[test]
    fn three_generations_of_values() {
        let whole = |values: &str| {
            let start = "views.decorators.cache.cache_page.pre.fix.GET.";
            format!("{start}{MD5_OF_PAGE}.{values}.en-us.UTC")
        };
        let none = "d41d8cd98f00b204e9800998ecf8427e";
        let absent = "4792b9bac48c3f0441b0d9b0d7af8f2c";
        assert_eq!(page_key(DjangoVersion::V5_2, &[]), whole(none));
        assert_eq!(page_key(DjangoVersion::V5_2_19, &[]), whole(absent));
        assert_eq!(page_key(DjangoVersion::V6_1, &[]), whole(absent));
        let x = [("x-theme", "x"), ("accept-language", "de")];
        let old = "9dd4e461268c8034f5c8564e155c67a6";
        assert_eq!(page_key(DjangoVersion::V5_2, &x), whole(old));
        assert_eq!(page_key(DjangoVersion::V5_2_19, &x), whole(old));
        let new = "ae600baa0d5faac0a8fdd2f7ac02ac14";
        assert_eq!(page_key(DjangoVersion::V6_1, &x), whole(new));
    }

    #[test]
    fn names_go_both_ways() {
        let name = http::header::ACCEPT_ENCODING;
        assert_eq!(meta_name(&name), "HTTP_ACCEPT_ENCODING");
        assert_eq!(field_name("HTTP_ACCEPT_ENCODING"), Some(name));
        assert_eq!(field_name("CONTENT_TYPE"), None);
    }

    #[test]
    fn what_has_no_name_of_its_own_or_another_language_is_not_told_apart() {
        let (plain, english) = (
            DjangoKeys::new(DjangoVersion::V6_1),
            keys(DjangoVersion::V6_1),
        );
        let own = plain.clone().language_of(|_| "de".to_owned());
        for (name, by_plain, by_english) in [
            ("x-user", true, true),
            ("x_user", false, false),
            ("accept-language", true, false),
        ] {
            let names = Names::of_names(vec![name.parse().unwrap()]).unwrap();
            assert_eq!(plain.can_tell_apart(&names), by_plain, "{name}");
            assert_eq!(english.can_tell_apart(&names), by_english, "{name}");
            assert_eq!(own.can_tell_apart(&names), by_plain, "{name}");
        }
    }
}
