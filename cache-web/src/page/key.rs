//! The key of a page in the cache: from host, path and query, and from what selects its variants.

use std::borrow::Cow;

use http::header::HOST;
use http::{HeaderMap, Uri, request::Parts};
use md5::{Digest, Md5};

use super::options::Options;
use super::vary::Names;
use crate::hex::hex;

/// Django's limit is 250 bytes with prefix and version before it.
const LONGEST_PLAIN: usize = 180;

/// Returns the URI by which a page is keyed.
pub(crate) fn uri<'a>(options: &Options, request: &'a Parts) -> Cow<'a, Uri> {
    match &options.uri {
        Some(uri_of) => Cow::Owned(uri_of(request)),
        None => Cow::Borrowed(of_client(request)),
    }
}

/// Returns the client's URI: inside `nest`, a router sees paths without their first part, and `/a/x` and `/b/x`
/// would be one page.
#[cfg(feature = "axum")]
fn of_client(request: &Parts) -> &Uri {
    let original = request.extensions.get::<axum::extract::OriginalUri>();
    original.map_or(&request.uri, |original| &original.0)
}

#[cfg(not(feature = "axum"))]
fn of_client(request: &Parts) -> &Uri {
    &request.uri
}

/// Returns the key of a page's first entry; `None` if the request has no valid host to name it by.
pub(crate) fn primary(options: &Options, uri: &Uri, request: &Parts) -> Option<String> {
    let host = host(options, uri, request)?;
    // `GET some.host` names no path, and a service may take it for something other than `/`.
    let has_path = |uri: &Uri| uri.path().starts_with('/');
    if !has_path(uri) || !has_path(&request.uri) {
        return None;
    }
    Some(named(options, host, path(uri), &suffix(options, request)))
}

/// Returns what follows the keys of a request's pages, beside what is in the names of its page.
pub(crate) fn suffix(options: &Options, request: &Parts) -> String {
    let django = options.django.as_ref();
    django.map_or_else(String::new, |django| django.suffix(request))
}

/// Returns the key of the first entry of any page.
pub(crate) fn named(options: &Options, host: &str, path: &str, suffix: &str) -> String {
    match &options.django {
        Some(django) => django.header_key(&options.key_prefix, host, path, suffix),
        None => of(&options.key_prefix, host, path),
    }
}

fn of(prefix: &str, host: &str, path: &str) -> String {
    let mut key = String::with_capacity(7 + prefix.len() + host.len() + path.len());
    key.push_str("page:");
    key.push_str(prefix);
    key.push(':');
    let start = key.len();
    key.push_str(host);
    key[start..].make_ascii_lowercase();
    key.push_str(path);
    let is_plain = key.len() <= LONGEST_PLAIN
        && key.bytes().all(|byte| byte.is_ascii_graphic())
        && !is_like_a_functions(&key);
    if is_plain {
        return key;
    }
    let digest = hex(&Md5::digest(&key.as_bytes()[start..]));
    key.truncate(start);
    // Without a slash, so that it is the name of no page.
    key.push_str("md5.");
    key.push_str(&digest);
    key
}

/// Returns whether a key ends like those of functions (`name:9f3c…`), which the cache treats differently.
fn is_like_a_functions(key: &str) -> bool {
    let end = key.rsplit_once(':').map(|(_, end)| end);
    end.is_some_and(|end| end.len() == 32 && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Returns the key of the variant that this request selects. `id` is that of the list: variants that were found
/// through an older list are not found through a new one.
pub(crate) fn secondary(
    prefix: &str,
    primary: &str,
    names: &Names,
    id: u64,
    request: &HeaderMap,
) -> String {
    let mut text = Vec::with_capacity(128);
    text.extend_from_slice(primary.as_bytes());
    text.push(b' ');
    text.extend_from_slice(&id.to_be_bytes());
    names.selection(request, &mut text);
    format!("page:{prefix}:v.{}", hex(&Md5::digest(&text)))
}

pub(crate) fn path(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// Returns the host by which a page is keyed: the client's, unless the URI is configured.
pub(crate) fn host<'a>(options: &Options, uri: &'a Uri, request: &'a Parts) -> Option<&'a str> {
    let of_client = host_of_client(request)?;
    let said = uri.authority().filter(|_| options.uri.is_some());
    Some(said.map_or(of_client, |said| said.as_str()))
}

/// Returns the host as the client named it; empty if there is none. `None` if it is not a valid host, or if the
/// client names two: that would be a way to request one page under the name of another, since the service may use
/// the other one.
fn host_of_client(request: &Parts) -> Option<&str> {
    let mut fields = request.headers.get_all(HOST).iter();
    let field = fields.next();
    if fields.next().is_some() {
        return None;
    }
    let host = match (request.uri.authority(), field) {
        (Some(authority), Some(field)) => {
            let authority = authority.as_str();
            let is_same = authority.as_bytes().eq_ignore_ascii_case(field.as_bytes());
            is_same.then_some(authority)?
        }
        (Some(authority), None) => authority.as_str(),
        (None, Some(field)) => field.to_str().ok()?,
        (None, None) => "",
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    host.bytes().all(is_host).then_some(host)
}

/// Returns a prefix that cannot be taken for part of what follows.
pub(crate) fn clean_prefix(prefix: &str) -> String {
    let mut clean = String::with_capacity(prefix.len());
    for c in prefix.chars() {
        if c.is_ascii_graphic() && c != ':' && c != '%' {
            clean.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                clean.push('%');
                clean.push_str(&hex(&[byte]));
            }
        }
    }
    if clean.len() > 60 {
        return hex(&Md5::digest(clean.as_bytes()));
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
    use http::Request;

    fn parts(uri: &str, hosts: &[&str]) -> Parts {
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn host_of(uri: &str, hosts: &[&str]) -> Option<String> {
        host_of_client(&parts(uri, hosts)).map(str::to_owned)
    }

    #[test]
    fn a_short_page_has_a_plain_name_and_any_other_a_digest() {
        assert_eq!(
            of("a", "X.example:80", "/B?c=d"),
            "page:a:x.example:80/B?c=d"
        );
        let long = of("", "h", &format!("/{}", "x".repeat(300)));
        assert!(long.starts_with("page::md5.") && long.len() == 42, "{long}");
        assert!(of("", "h", "/a b").starts_with("page::md5."));
    }

    #[test]
    fn no_page_has_the_key_of_a_function() {
        let hash = "0123456789abcdef0123456789ABCDEF";
        let names = Names::default();
        for key in [
            of("", "h", &format!("/a:{hash}")),
            of("", "h", "/a b"),
            secondary("", "page::h/", &names, 7, &HeaderMap::new()),
        ] {
            assert!(!is_like_a_functions(&key), "{key}");
        }
        assert_eq!(of("", "h", &format!("/{hash}")), format!("page::h/{hash}"));
    }

    #[test]
    fn the_host_is_the_authority_or_the_field_and_nothing_else() {
        assert_eq!(host_of("http://a/x", &["A"]).as_deref(), Some("a"));
        assert_eq!(host_of("http://a/x", &[]).as_deref(), Some("a"));
        assert_eq!(host_of("http://a/x", &["b"]), None);
        assert_eq!(host_of("http://a/x", &["a", "a"]), None);
        assert_eq!(host_of("/x", &["b:80"]).as_deref(), Some("b:80"));
        assert_eq!(host_of("/x", &["[::1]:80"]).as_deref(), Some("[::1]:80"));
        assert_eq!(host_of("/x", &[]).as_deref(), Some(""));
        assert_eq!(host_of("/x", &["a/b"]), None);
        assert_eq!(host_of("/x", &["a", "b"]), None);
        assert_eq!(host_of("/x", &["a b"]), None);
    }

    #[test]
    fn prefixes_do_not_run_into_hosts() {
        assert_eq!(clean_prefix("shop"), "shop");
        assert_eq!(clean_prefix("a:b é"), "a%3ab%20%c3%a9");
        assert_eq!(clean_prefix(&"x".repeat(99)).len(), 32);
    }
}
