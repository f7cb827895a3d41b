//! The cache that the command line names.

use std::path::Path;

use cache_runtime::{Cache, CacheBuilder, caches};

use crate::args::Common;
use crate::exit::{Exit, Failure};

/// The cache, and how to open it under another prefix.
pub(crate) struct Opened {
    url: String,
    pub(crate) cache: Cache,
    /// What the store calls itself.
    pub(crate) store: &'static str,
    /// The URL without login and secrets.
    pub(crate) shown: String,
    pub(crate) key_prefix: String,
    pub(crate) version: i64,
}

impl Opened {
    /// Opens the cache of the command line or the environment.
    pub(crate) fn open(common: &Common) -> Result<Self, Failure> {
        Self::at(&url_for(common, None)?)
    }

    /// Opens this URL, which has to name a store that other processes can see.
    pub(crate) fn at(url: &str) -> Result<Self, Failure> {
        let opened = Self::anywhere(url)?;
        let nothing = match opened.store {
            "memory" => "keeps its entries inside the process that uses it",
            "dummy" => "keeps nothing",
            _ => return Ok(opened),
        };
        let message = format!(
            "{} {nothing}: there is nothing to see from outside",
            opened.shown
        );
        let advice =
            "in that process, `cache_runtime::report()` and the panel of cache-web show it";
        Err(Failure::new(Exit::Unsupported, message).advising(advice))
    }

    /// Opens this URL, whatever it names.
    pub(crate) fn anywhere(url: &str) -> Result<Self, Failure> {
        let cache = Cache::from_url(url)?;
        let about = cache.about();
        Ok(Self {
            url: url.to_owned(),
            store: about.store,
            shown: about.url.unwrap_or_default(),
            key_prefix: about.key_prefix,
            version: about.version,
            cache,
        })
    }

    /// Opens the same store under another prefix and version. It is not a view of the cache: the other processes
    /// of that prefix must learn of what is changed there.
    pub(crate) fn under(&self, key_prefix: &str, version: i64) -> Result<Cache, Failure> {
        let builder = CacheBuilder::from_url(&self.url)?;
        Ok(builder.key_prefix(key_prefix).version(version).build()?)
    }

    /// Reports the store's table if it is missing: a command that only looks must not create it.
    pub(crate) async fn check_table(&self) -> Result<(), Failure> {
        if !self.has_table() {
            return Ok(());
        }
        if let Some(path) = self.missing_file() {
            let message = format!("there is no file {path} yet");
            let advice =
                "it is made when something is first kept, or now by `cachectl create-table`";
            return Err(Failure::new(Exit::No, message).advising(advice));
        }
        let is_missing = self.cache.facts().await?.needs_prepare;
        if !is_missing {
            return Ok(());
        }
        let message = format!("{}: the cache's table is not there", self.shown);
        let advice = "it is made when something is first kept, or now by `cachectl create-table`; \
                      a table of another name is named by the option `table`";
        Err(Failure::new(Exit::No, message).advising(advice))
    }

    /// Returns the file of a SQLite database if it is missing: connecting would create it.
    pub(crate) fn missing_file(&self) -> Option<&str> {
        let (scheme, rest) = self.url.split_once(':')?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        // A path that is escaped in the URL is not checked.
        let is_plain =
            scheme.eq_ignore_ascii_case("sqlite") && !path.contains('%') && path != ":memory:";
        (is_plain && !Path::new(path).exists()).then_some(path)
    }

    /// Returns whether it is kept in a table.
    pub(crate) fn has_table(&self) -> bool {
        matches!(self.store, "sqlite" | "postgres" | "mysql")
    }

    /// Returns the whole key, as the store has it.
    pub(crate) fn stored(&self, key: &str) -> String {
        self.cache.whole_key(key)
    }

    /// Returns the prefix and version, for people.
    pub(crate) fn place(&self) -> String {
        match self.key_prefix.as_str() {
            "" => format!("no key prefix, version {}", self.version),
            prefix => format!("key prefix `{prefix}`, version {}", self.version),
        }
    }
}

/// Returns the URL given to a command itself, or to all of them; there has to be one.
pub(crate) fn url_for(common: &Common, place: Option<&str>) -> Result<String, Failure> {
    let url = match place {
        Some(url) => Some(url.to_owned()),
        None => url_of(common)?,
    };
    url.ok_or_else(|| {
        let advice = "say --url redis://127.0.0.1/1?key_prefix=app, or set CACHE_URL";
        Failure::new(Exit::Usage, "no cache is named").advising(advice)
    })
}

/// Returns the URL given on the command line or in the environment.
pub(crate) fn url_of(common: &Common) -> Result<Option<String>, Failure> {
    if let Some(url) = &common.url {
        return Ok(Some(url.clone()));
    }
    let alias = common.alias.as_deref().unwrap_or("default");
    let variable = caches().variable(alias);
    match std::env::var(&variable) {
        Ok(url) if !url.trim().is_empty() => Ok(Some(url.trim().to_owned())),
        _ if common.alias.is_none() => Ok(None),
        _ => {
            let message = format!("there is no cache `{alias}`: {variable} is not set");
            Err(Failure::new(Exit::Usage, message))
        }
    }
}
