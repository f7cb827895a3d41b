//! Building a cache, from a URL or in code; each URL option has a method of the same name.

use std::sync::Arc;
use std::time::Duration;

use super::core::{Backing, Core};
use super::handle::Cache;
use super::options;
use crate::cache::settings::Settings;
use crate::clock::Clock;
#[cfg(feature = "signing")]
use crate::codec::Signer;
use crate::codec::{Compression, Format};
use crate::error::{CacheError, ErrorKind};
#[cfg(feature = "blake3")]
use crate::key::KeyHash;
use crate::key::version::Version;
use crate::store::Store;
use crate::stores::{self, Opening, Own, Scheme};
use crate::timeout::Timeout;
use crate::url::CacheUrl;

/// Builds a [`Cache`]; by default one in process.
///
/// ```
/// use cache_runtime::Cache;
/// use std::time::Duration;
///
/// let cache = Cache::builder()
///     .key_prefix("shop")
///     .timeout(Duration::from_secs(60))
///     .max_entries(1000)
///     .build()?;
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
pub struct CacheBuilder {
    pub(super) settings: Settings,
    backing: Choice,
    /// The options that only the URL's store has.
    own: Own,
    /// The error of a setter, none of which returns a `Result`.
    refused: Option<CacheError>,
}

enum Choice {
    Backing(Backing),
    Url(CacheUrl, &'static Scheme),
}

impl Default for CacheBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            backing: Choice::Backing(Backing::Process),
            own: Own::default(),
            refused: None,
        }
    }
}

impl CacheBuilder {
    /// Starts from the settings of a URL, to add what no URL can say: a clock, a key function.
    ///
    /// # Errors
    ///
    /// Those of [`Cache::from_url`].
    pub fn from_url(url: &str) -> Result<Self, CacheError> {
        let url = CacheUrl::parse(url)?;
        let scheme = stores::find(&url.scheme)?;
        scheme.check(&url.scheme)?;
        let mut builder = Self::default();
        for (name, value) in &url.options {
            if scheme.options.contains(&name.as_str()) {
                builder.own.set(name, value.clone());
            } else {
                options::apply(&mut builder.settings, name, value, &url.scheme, scheme)?;
            }
        }
        builder.settings.check("from_url")?;
        builder.settings.url = Some(url.shown());
        builder.backing = Choice::Url(url, scheme);
        Ok(builder)
    }

    /// Uses this store: one of the library's, or one of your own.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.backing = Choice::Backing(Backing::Shared(Arc::new(store)));
        self.settings.url = None;
        self
    }

    /// Stores nothing: for development and tests.
    #[must_use]
    pub fn dummy(mut self) -> Self {
        self.backing = Choice::Backing(Backing::Nowhere);
        self.settings.url = None;
        self
    }

    /// Sets the first part of every key; empty by default.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.key_prefix = prefix.into();
        self
    }

    /// Sets the version of every key; 1 by default.
    #[must_use]
    pub fn version(mut self, version: impl Into<Version>) -> Self {
        self.settings.version = version.into().number();
        self
    }

    /// Sets the timeout of values that are not given one; 300 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.settings.timeout = timeout.into().or(self.settings.timeout);
        self
    }

    /// Sets how values are written to a shared store; `Native` by default.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.settings.format = format;
        self
    }

    /// Sets how stored bytes are compressed; not at all by default.
    #[must_use]
    pub fn compress(mut self, compression: Compression) -> Self {
        self.settings.compression = compression;
        self
    }

    /// Signs every entry of a shared store with the secret in this environment variable, so that whoever
    /// can write to the store cannot forge a value: one without a valid signature is counted as a miss.
    ///
    /// The variable holds one secret of at least 16 bytes, or several separated by commas: the first
    /// signs, all of them verify. It is read now. The secret itself never appears in a URL or in the code; so
    /// that it cannot, the variable's name must consist of capital letters, digits and `_`. In such a cache,
    /// `incr` and `decr` are errors of kind `Unsupported`, and the format is `native` or `compact`.
    #[cfg(feature = "signing")]
    #[must_use]
    pub fn sign_with(mut self, variable: &str) -> Self {
        match Signer::from_env(variable) {
            Ok(signer) => self.settings.signer = Some(Arc::new(signer)),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Signs every entry of a shared store with this key of at least 16 bytes, as
    /// [`sign_with`](Self::sign_with) does. Call it again to add a key that verifies and does
    /// not sign: the one in use before a change of keys.
    #[cfg(feature = "signing")]
    #[must_use]
    pub fn signing_key(mut self, key: impl AsRef<[u8]>) -> Self {
        let mut signer = self.settings.signer.take().unwrap_or_default();
        match Arc::make_mut(&mut signer).add(key.as_ref()) {
            Ok(()) => self.settings.signer = Some(signer),
            Err(error) => self.refuse(error),
        }
        self
    }

    #[cfg(feature = "signing")]
    fn refuse(&mut self, error: CacheError) {
        self.refused.get_or_insert(error);
    }

    /// Sets the size above which values are returned and not kept; 1 MiB by default. In bytes, roughly: as
    /// JSON, with each number counted as eight.
    #[must_use]
    pub fn max_value_size(mut self, bytes: usize) -> Self {
        self.settings.max_value_size = bytes;
        self
    }

    /// Sets the most entries of the in-process level, and of a store that limits itself (SQL, files);
    /// 100,000 by default.
    #[must_use]
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.settings.max_entries = entries;
        self
    }

    /// Sets the table of a SQL database, if need be as `schema.table`; `cache_entries` by default.
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.own.set("table", name.into());
        self
    }

    /// Sets the most bytes of the in-process level, counted as for `max_value_size`, and of a store that
    /// limits itself, as it counts them; unlimited by default.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = Some(bytes);
        self
    }

    /// Puts an in-process level in front of the store, and sets the most copies that it holds; 10,000 if only
    /// [`local_timeout`](Self::local_timeout) is set.
    ///
    /// A copy is dropped when another process changes its entry, if the store carries such news
    /// (Redis, PostgreSQL).
    #[must_use]
    pub fn local_max(mut self, entries: usize) -> Self {
        self.settings.local_max = Some(entries);
        self
    }

    /// Puts an in-process level in front of the store, and sets how long a copy lives at most. If only
    /// [`local_max`](Self::local_max) is set, it is 30 seconds, or one second if the store carries no news of
    /// changes by other processes.
    #[must_use]
    pub fn local_timeout(mut self, timeout: Duration) -> Self {
        self.settings.local_timeout = Some(timeout);
        self
    }

    /// Sets both [`local_max`](Self::local_max) and [`local_timeout`](Self::local_timeout).
    #[must_use]
    pub fn local(self, entries: usize, timeout: Duration) -> Self {
        self.local_max(entries).local_timeout(timeout)
    }

    /// Makes room as Django does: when `max_entries` is reached, evicts one entry in `frequency` at once,
    /// or all of them with 0.
    ///
    /// By default, a store that limits itself uses 3, and the in-process level evicts one entry
    /// for each new one, which keeps more of what is in demand.
    #[must_use]
    pub fn cull_frequency(mut self, frequency: u32) -> Self {
        self.settings.cull_frequency = Some(frequency);
        self
    }

    /// Sets the longest time to connect; 500 ms by default.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// Sets the longest time of one operation of the store, connecting included; 500 ms by default.
    #[must_use]
    pub fn op_timeout(mut self, limit: Duration) -> Self {
        self.settings.op_timeout = limit;
        self
    }

    /// Sets the most connections, if the URL's store has such a limit: those of blocking callers to Redis (32
    /// by default), to each Memcached server those of a tokio runtime and of blocking callers (32 each), or
    /// those of a tokio runtime to a SQL database (8).
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.own.set("max_connections", connections.to_string());
        self
    }

    /// Sets the number of the database, for a URL that has no place for it (`redis+unix://`).
    #[must_use]
    pub fn db(mut self, number: i64) -> Self {
        self.own.set("db", number.to_string());
        self
    }

    /// Makes the whole key from prefix, key and version with `make`, in place of Django's `make_key`.
    ///
    /// Such a cache does not know which keys of a store are its own, so that `clear` and `keys` are
    /// errors of kind `Unsupported`.
    #[must_use]
    pub fn key_function(
        mut self,
        make: impl Fn(&str, &str, i64) -> String + Send + Sync + 'static,
    ) -> Self {
        self.settings.key_function = Some(Arc::new(make));
        self
    }

    /// Hashes arguments with BLAKE3 instead of MD5, for arguments from people who might construct
    /// collisions. Python services do not find such keys.
    #[cfg(feature = "blake3")]
    #[must_use]
    pub fn key_hash_blake3(mut self) -> Self {
        self.settings.key_hash = KeyHash::Blake3;
        self
    }

    /// Takes the time from this clock instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Makes the cache. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// Kind `Config` for an invalid setting.
    pub fn build(self) -> Result<Cache, CacheError> {
        if let Some(error) = self.refused {
            return Err(error.in_operation("build"));
        }
        self.settings.check("build")?;
        let backing = match self.backing {
            Choice::Backing(backing) => backing,
            Choice::Url(url, scheme) => scheme.open(&Opening {
                url: &url,
                settings: &self.settings,
                own: &self.own,
            })?,
        };
        if self.settings.near().is_some() && !matches!(backing, Backing::Shared(_)) {
            let wrong = "`local_max` and `local_timeout` are for a store that other processes share; \
                         this cache is in process already, or keeps nothing";
            return Err(CacheError::new(ErrorKind::Config, wrong).in_operation("build"));
        }
        Ok(Cache::new(Core::new(self.settings, backing)))
    }
}

impl std::fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
