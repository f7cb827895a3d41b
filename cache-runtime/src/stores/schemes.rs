//! Which URL scheme is which store: one row each.

use super::opening::Opening;
use crate::cache::Backing;
use crate::error::CacheError;
use crate::tools::suggest::did_you_mean;
use crate::url::{CacheUrl, bad};

/// One kind of store.
pub(crate) struct Scheme {
    /// The schemes that name it, as written before `://`.
    names: &'static [&'static str],
    /// The cargo feature that adds it; empty if none is needed.
    feature: &'static str,
    /// The options that only it has.
    pub(crate) options: &'static [&'static str],
    /// `None` if the feature is off.
    open: Option<Open>,
}

type Open = fn(&Opening<'_>) -> Result<Backing, CacheError>;

/// The row of a store behind a cargo feature.
macro_rules! store {
    ($names:expr, $feature:literal, $options:expr, $open:expr) => {
        Scheme {
            names: $names,
            feature: $feature,
            options: $options,
            #[cfg(feature = $feature)]
            open: Some(|opening| Ok(Backing::Shared(std::sync::Arc::new($open(opening)?)))),
            #[cfg(not(feature = $feature))]
            open: None,
        }
    };
}

const SCHEMES: &[Scheme] = &[
    Scheme {
        names: &["memory"],
        feature: "",
        options: &[],
        open: Some(|opening| nowhere(opening.url).map(|()| Backing::Process)),
    },
    store!(
        &["redis", "redis+unix"],
        "redis",
        &["db", "max_connections", "protocol"],
        super::redis::open
    ),
    store!(
        &["rediss"],
        "redis-tls",
        &["db", "max_connections", "protocol", "ca", "cert", "key"],
        super::redis::open
    ),
    store!(
        &["redis+sentinel"],
        "redis",
        &[
            "db",
            "max_connections",
            "protocol",
            "sentinel_username",
            "sentinel_password"
        ],
        super::redis::open
    ),
    store!(
        &["rediss+sentinel"],
        "redis-tls",
        &[
            "db",
            "max_connections",
            "protocol",
            "sentinel_username",
            "sentinel_password",
            "ca",
            "cert",
            "key"
        ],
        super::redis::open
    ),
    store!(
        &["redis+cluster"],
        "redis",
        &["max_connections", "protocol"],
        super::redis::open_cluster
    ),
    store!(
        &["rediss+cluster"],
        "redis-tls",
        &["max_connections", "protocol", "ca", "cert", "key"],
        super::redis::open_cluster
    ),
    store!(
        &["memcached"],
        "memcached",
        &["max_connections"],
        super::memcached::open
    ),
    store!(
        &["sqlite"],
        "sqlite",
        &["table", "max_connections"],
        super::sql::open
    ),
    store!(
        &["postgres", "postgresql"],
        "postgres",
        &["table", "max_connections"],
        super::sql::open
    ),
    store!(
        &["mysql", "mariadb"],
        "mysql",
        &["table", "max_connections"],
        super::sql::open
    ),
    store!(&["file"], "files", &[], super::files::open),
    Scheme {
        names: &["dummy"],
        feature: "",
        options: &[],
        open: Some(|opening| nowhere(opening.url).map(|()| Backing::Nowhere)),
    },
];

/// Returns the kind of store that the URL names.
pub(crate) fn find(scheme: &str) -> Result<&'static Scheme, CacheError> {
    let found = SCHEMES.iter().find(|row| row.names.contains(&scheme));
    found.ok_or_else(|| unknown(scheme))
}

/// What other programs and libraries call these stores.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["locmem", "mem", "local", "inmemory", "in-memory"],
        "memory",
    ),
    (&["valkey", "redis+tcp", "tcp"], "redis"),
    (&["valkeys", "redis+tls", "redis+ssl", "tls"], "rediss"),
    (&["unix", "redis-socket", "valkey+unix"], "redis+unix"),
    (&["cluster"], "redis+cluster"),
    (&["sentinel"], "redis+sentinel"),
    (&["memcache", "pymemcache", "pylibmc"], "memcached"),
    (&["psql", "pgsql", "pg"], "postgres"),
    (&["filebased", "fs", "disk"], "file"),
    (&["none", "null", "noop"], "dummy"),
];

fn unknown(scheme: &str) -> CacheError {
    let names = || SCHEMES.iter().flat_map(|row| row.names).copied();
    let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.contains(&scheme));
    let meant = elsewhere.map_or(scheme, |(_, ours)| ours);
    let hint = did_you_mean(meant, names(), |name| format!("{name}://"));
    let listed: Vec<String> = names().map(|name| format!("{name}://")).collect();
    bad(format!(
        "unknown scheme `{scheme}`: {hint}there is {}",
        listed.join(", ")
    ))
}

/// Returns the schemes whose stores have an option of this name.
pub(crate) fn with_option(name: &str) -> Vec<&'static str> {
    let rows = SCHEMES.iter().filter(|row| row.options.contains(&name));
    rows.flat_map(|row| row.names).copied().collect()
}

impl Scheme {
    /// Opens the place that `opening` names. Nothing is connected yet.
    pub(crate) fn open(&self, opening: &Opening<'_>) -> Result<Backing, CacheError> {
        match self.open {
            Some(open) => open(opening).map_err(|error| error.in_operation("from_url")),
            None => Err(self.is_off(&opening.url.scheme)),
        }
    }

    /// Fails if the store's cargo feature is off.
    pub(crate) fn check(&self, scheme: &str) -> Result<(), CacheError> {
        match self.open {
            Some(_) => Ok(()),
            None => Err(self.is_off(scheme)),
        }
    }

    fn is_off(&self, scheme: &str) -> CacheError {
        let feature = self.feature;
        bad(format!(
            "{scheme}:// needs the cargo feature `{feature}`: \
             cache-runtime = {{ version = \"…\", features = [\"{feature}\"] }}"
        ))
    }
}

fn nowhere(url: &CacheUrl) -> Result<(), CacheError> {
    if url.hosts.is_empty() && url.path.is_empty() && url.user.is_none() {
        return Ok(());
    }
    Err(bad(format!(
        "{}:// has no host and no path: write {}://?option=value",
        url.scheme, url.scheme
    )))
}
