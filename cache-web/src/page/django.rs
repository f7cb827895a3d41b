//! Django's own keys of pages, so that a Django service and this one name a page alike.

use http::{HeaderMap, HeaderName};
use md5::{Digest, Md5};

use super::vary::Names;
use crate::hex::hex;

/// How Django names pages: its version, and the settings that are a part of its keys.
///
/// What stands under the key is this crate's page, as JSON with `status`, `headers` and `body`; Django's
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
    suffix: String,
    is_by_language: bool,
}

/// How a Django makes one value of the fields that a page varies by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DjangoVersion {
    /// Up to 5.2.18: values run into each other, and a missing one is like an empty one. For services
    /// that cannot be updated.
    V5_2,
    /// 5.2.19: a missing value is not an empty one.
    V5_2_19,
    /// 6.1.3: each value has its length before it.
    V6_1,
}

impl DjangoKeys {
    /// The keys of a Django with `USE_I18N` and `USE_TZ` off, asked by `http`.
    #[must_use]
    pub fn new(version: DjangoVersion) -> Self {
        Self {
            version,
            scheme: "http".to_owned(),
            suffix: String::new(),
            is_by_language: false,
        }
    }

    /// `https`, where Django sees the requests as such.
    #[must_use]
    pub fn scheme(mut self, scheme: &str) -> Self {
        scheme.clone_into(&mut self.scheme);
        self
    }

    /// With `USE_I18N`, the language that is active: `en-us`. Before [`time_zone`](Self::time_zone).
    ///
    /// It is that of the whole layer, and stands in the key where Django leaves `Accept-Language` out. So a page
    /// that varies by that field is neither kept nor served: it may be in another language.
    #[must_use]
    pub fn language(mut self, language: &str) -> Self {
        self.suffix = format!(".{language}{}", self.suffix);
        self.is_by_language = true;
        self
    }

    /// With `USE_TZ`, the time zone that is active: `UTC`.
    #[must_use]
    pub fn time_zone(mut self, name: &str) -> Self {
        // As Django cleans it: a name may hold anything.
        let name: String = name.chars().filter(char::is_ascii).collect();
        self.suffix = format!("{}.{}", self.suffix, name.replace(' ', "_"));
        self
    }

    /// Whether pages that vary by these fields can be told apart as Django does it.
    pub(crate) fn can_tell_apart(&self, names: &Names) -> bool {
        names.iter().all(|name| {
            // Django's list would come back with another name.
            let comes_back = field_name(&meta_name(name)).as_ref() == Some(name);
            comes_back && !(self.is_by_language && name == http::header::ACCEPT_LANGUAGE)
        })
    }

    fn digest(&self, host: &str, path: &str) -> String {
        hex(&Md5::digest(format!("{}://{host}{path}", self.scheme)))
    }

    /// Where the list of names stands.
    pub(crate) fn header_key(&self, prefix: &str, host: &str, path: &str) -> String {
        let digest = self.digest(host, path);
        format!(
            "views.decorators.cache.cache_header.{prefix}.{digest}{}",
            self.suffix
        )
    }

    /// Where the page stands, beside its list under `header_key`.
    pub(crate) fn page_key(&self, header_key: &str, names: &Names, request: &HeaderMap) -> String {
        let start = "views.decorators.cache.cache_header.".len();
        let rest = &header_key[start..header_key.len() - self.suffix.len()];
        let (prefix, uri) = rest.rsplit_once('.').unwrap_or(("", rest));
        let values = hex(&Md5::digest(self.values(names, request)));
        let suffix = &self.suffix;
        format!("views.decorators.cache.cache_page.{prefix}.GET.{uri}.{values}{suffix}")
    }

    fn values(&self, names: &Names, request: &HeaderMap) -> Vec<u8> {
        let mut all = Vec::new();
        for name in names.iter() {
            if self.is_by_language && name == http::header::ACCEPT_LANGUAGE {
                continue;
            }
            let lines: Vec<&[u8]> = request.get_all(name).iter().map(|v| v.as_bytes()).collect();
            if lines.is_empty() {
                if self.version != DjangoVersion::V5_2 {
                    all.extend_from_slice(b"-,");
                }
                continue;
            }
            // As WSGI servers hand over several lines.
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

/// `accept-encoding` as Django calls it: `HTTP_ACCEPT_ENCODING`.
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

    fn page_key(version: DjangoVersion, request: &[(&str, &str)]) -> String {
        let keys = keys(version);
        let header = keys.header_key("pre.fix", "www.example.com", "/cache/test/");
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
        keys.page_key(&header, &names, &headers)
    }

    #[test]
    fn the_keys_of_django() {
        let keys = keys(DjangoVersion::V6_1);
        assert_eq!(
            keys.header_key("p", "www.example.com", "/cache/test/"),
            format!("views.decorators.cache.cache_header.p.{MD5_OF_PAGE}.en-us.UTC"),
        );
        let plain = DjangoKeys::new(DjangoVersion::V6_1);
        assert_eq!(
            plain.header_key("", "www.example.com", "/cache/test/?test=1"),
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
        for (name, by_plain, by_english) in [
            ("x-user", true, true),
            ("x_user", false, false),
            ("accept-language", true, false),
        ] {
            let names = Names::of_names(vec![name.parse().unwrap()]).unwrap();
            assert_eq!(plain.can_tell_apart(&names), by_plain, "{name}");
            assert_eq!(english.can_tell_apart(&names), by_english, "{name}");
        }
    }
}
