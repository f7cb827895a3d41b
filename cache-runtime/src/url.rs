//! Cache URLs: scheme, login, hosts, path and options, without an opinion on what they mean.
//!
//! A separate parser, because a cache URL may name several hosts (`memcached://a:1,b:2`), which
//! a general one rejects.

use std::net::Ipv6Addr;

use crate::error::{CacheError, ErrorKind};

/// A URL in its parts, percent-decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CacheUrl {
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// What precedes the first `/`: `h1:1,h2:2`.
    pub(crate) hosts: Vec<String>,
    /// With its leading `/`; empty if there is none.
    pub(crate) path: String,
    pub(crate) options: Vec<(String, String)>,
}

impl CacheUrl {
    pub(crate) fn parse(url: &str) -> Result<Self, CacheError> {
        let (scheme, rest) = split_scheme(url).ok_or_else(|| {
            bad(format!(
                "{:?} is not a cache URL: it has no `scheme://`, as in `memory://` or \
                 `redis://host:6379/1`",
                without_secrets(url)
            ))
        })?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match (rest.strip_prefix("//"), rest) {
            (None, path) => ("", path),
            (Some(rest), _) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        };
        if !authority.contains('@') && is_torn_login(authority, path, query) {
            return Err(bad(
                "a user or password with `/` or `?` in it must be percent-encoded: \
                 write %2F for `/`, %3F for `?`",
            ));
        }
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, password)) => (decode(user)?, decode(password)?),
            None => (String::new(), String::new()),
        };
        let some = |text: String| (!text.is_empty()).then_some(text);
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user: some(user),
            password: some(password),
            hosts: hosts
                .split(',')
                .filter(|host| !host.is_empty())
                .map(str::to_owned)
                .collect(),
            path: decode(path)?,
            options: options(query)?,
        })
    }
}

// Not a list of what is secret: an option added later is hidden unless it is known to be harmless.
const HARMLESS: [&str; 19] = [
    "key_prefix",
    "version",
    "timeout",
    "format",
    "compress",
    "max_value_size",
    "max_entries",
    "max_bytes",
    "cull_frequency",
    "connect_timeout",
    "op_timeout",
    "local_max",
    "local_timeout",
    "key_hash",
    "table",
    "db",
    "max_connections",
    "protocol",
    "sign_with",
];

impl CacheUrl {
    /// Returns the URL for people: `***` replaces the login and the value of an option that may be a secret.
    pub(crate) fn shown(&self) -> String {
        let is_open = self.user.is_none() && self.password.is_none();
        let login = if is_open { "" } else { "***@" };
        let mut text = format!(
            "{}://{login}{}{}",
            self.scheme,
            self.hosts.join(","),
            self.path
        );
        for (at, (name, value)) in self.options.iter().enumerate() {
            let value = match HARMLESS.contains(&name.as_str()) {
                true => value.as_str(),
                false => "***",
            };
            let sign = if at == 0 { '?' } else { '&' };
            text.push_str(&format!("{sign}{name}={value}"));
        }
        text
    }
}

/// Returns the scheme, and what follows its colon: normally `//` and a host. Only a SQLite file may be
/// named without it, as `sqlite:app.db`.
fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let is_one = rest.starts_with("//") || scheme.eq_ignore_ascii_case("sqlite");
    is_one.then_some((scheme, rest))
}

/// Returns whether what looks like `host:port` is the first half of a login that a `/` or `?` cut in two.
/// Continuing would show the password as a bad port or path.
fn is_torn_login(authority: &str, path: &str, query: &str) -> bool {
    if !authority.contains(':') {
        return false;
    }
    let first = query.split(['=', '&']).next().unwrap_or_default();
    // After real ports, an `@` in an option's value is just that: `?key_prefix=a@b`.
    let is_login = || !authority.split(',').all(is_host);
    path.contains('@') || first.contains('@') || query.contains('@') && is_login()
}

/// Returns whether this may be a host, and a port if there is one.
fn is_host(text: &str) -> bool {
    let is_address = |host: &str| host.parse::<Ipv6Addr>().is_ok();
    match text.rsplit_once(':') {
        None => true,
        Some(_) if is_address(text) => true,
        Some((host, _)) if host.starts_with('[') && text.ends_with(']') => true,
        Some((host, port)) => {
            let is_name = !host.contains(':') || host.starts_with('[') || is_address(host);
            is_name && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

fn options(query: &str) -> Result<Vec<(String, String)>, CacheError> {
    let mut options: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            bad(format!(
                "the option `{pair}` has no value: write `{pair}=…`"
            ))
        })?;
        let name = decode(name)?;
        if options.iter().any(|(known, _)| *known == name) {
            return Err(bad(format!(
                "the option `{name}` is given twice: keep one of them"
            )));
        }
        options.push((name, decode(value)?));
    }
    Ok(options)
}

fn decode(text: &str) -> Result<String, CacheError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let byte = tail
            .get(..2)
            // `from_str_radix` would accept a sign as a digit.
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .ok_or_else(|| {
                bad("a `%` in the URL is not followed by two hex digits: write %25 for `%` itself")
            })?;
        bytes.push(byte);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).map_err(|_| {
        bad("the URL's percent-encoded text is not UTF-8: encode the bytes of its UTF-8 form")
    })
}

/// Splits `host:port`; `[::1]:6379` too.
#[cfg(any(
    feature = "redis",
    feature = "memcached",
    feature = "postgres",
    feature = "mysql"
))]
pub(crate) fn host_and_port(text: &str, default: u16) -> Result<(String, u16), CacheError> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        None => default,
        Some(port) => port
            .parse()
            .map_err(|_| bad(format!("`{port}` is not a port (0 to 65535)")))?,
    };
    Ok((host.to_owned(), port))
}

/// Returns the URL for a message: a password in it is not shown.
pub(crate) fn without_secrets(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    match url[start..].rfind('@') {
        Some(at) => format!("{}***{}", &url[..start], &url[start + at..]),
        None => url.to_owned(),
    }
}

pub(crate) fn bad(detail: impl Into<String>) -> CacheError {
    CacheError::new(ErrorKind::Config, detail).in_operation("from_url")
}

#[cfg(test)]
mod tests {
    use super::CacheUrl;

    #[test]
    fn parts() {
        let url = CacheUrl::parse("redis://me:p%40ss@h1:6379,h2/1?key_prefix=a%20b&timeout=never")
            .unwrap();
        assert_eq!(url.scheme, "redis");
        assert_eq!(
            (url.user.as_deref(), url.password.as_deref()),
            (Some("me"), Some("p@ss"))
        );
        assert_eq!(url.hosts, ["h1:6379", "h2"]);
        assert_eq!(url.path, "/1");
        assert_eq!(url.options[0], ("key_prefix".into(), "a b".into()));
        assert_eq!(url.options[1], ("timeout".into(), "never".into()));
        let plain = CacheUrl::parse("memory://").unwrap();
        assert!(plain.hosts.is_empty() && plain.path.is_empty() && plain.options.is_empty());
    }

    #[test]
    fn what_people_see_has_no_secrets() {
        for (url, shown) in [
            (
                "redis://h1:6379/1?timeout=60",
                "redis://h1:6379/1?timeout=60",
            ),
            ("redis://me:hunter2@h1,h2/1", "redis://***@h1,h2/1"),
            ("redis://:hunter2@h1", "redis://***@h1"),
            (
                "redis+sentinel://h1/main/0?sentinel_password=hunter2&db=1",
                "redis+sentinel://h1/main/0?sentinel_password=***&db=1",
            ),
            (
                "memory://?some_new_option=hunter2",
                "memory://?some_new_option=***",
            ),
        ] {
            assert_eq!(CacheUrl::parse(url).unwrap().shown(), shown);
        }
    }

    #[test]
    fn a_file_needs_no_slashes() {
        for (url, path) in [
            ("sqlite:app.db", "app.db"),
            ("SQLite::memory:?timeout=60", ":memory:"),
            ("sqlite:///var/a%20b.db", "/var/a b.db"),
            ("sqlite:/var/me@home.db", "/var/me@home.db"),
            ("sqlite:a.db?key_prefix=x://y", "a.db"),
        ] {
            let parts = CacheUrl::parse(url).unwrap();
            assert_eq!(
                (parts.scheme.as_str(), parts.path.as_str()),
                ("sqlite", path)
            );
            assert!(parts.hosts.is_empty() && parts.user.is_none(), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for url in [
            "",
            "redis",
            "redis:/x",
            "me:secret@host",
            "memory://?a",
            "memory://?a=1&a=2",
            "memory://?a=%4",
        ] {
            let error = CacheUrl::parse(url).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config, "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_login_cut_in_two_is_not_shown() {
        for url in [
            "redis://me:a/secret@host",
            "redis://me:a?secret@host",
            "redis://me:a?key_hash=secret@host",
            "redis://me:?a=b&timeout=secret@host",
            "redis://me:a:6379?timeout=secret@host",
        ] {
            let error = CacheUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains("%3F for `?`"), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
        for url in [
            "redis://host:6379?key_prefix=a@b",
            "redis://[::1]?key_prefix=a@b",
            "redis://::1:6379?key_prefix=a@b",
            "memcached://a:1,[::1]:2,c?key_prefix=a@b",
        ] {
            assert!(CacheUrl::parse(url).is_ok(), "{url}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn hosts_and_ports() {
        use super::host_and_port;
        assert_eq!(host_and_port("h:1", 6379).unwrap(), ("h".into(), 1));
        assert_eq!(host_and_port("h", 6379).unwrap(), ("h".into(), 6379));
        assert_eq!(host_and_port("[::1]:7", 6379).unwrap(), ("::1".into(), 7));
        assert_eq!(host_and_port("[::1]", 6379).unwrap(), ("::1".into(), 6379));
        assert!(host_and_port("h:99999", 6379).is_err());
    }
}
