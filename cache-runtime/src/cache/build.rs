//! Making a cache, by URL or by words; each URL option has a method of the same name.

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

/// Makes a [`Cache`]; in process, unless told otherwise.
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
    /// The options that only the store of the URL has.
    own: Own,
    /// What cannot be, said by a method that does not return a `Result`.
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
    /// A builder with the settings of a URL, for what no URL can say: a clock, a key function.
    ///
    /// # Errors
    ///
    /// As [`Cache::from_url`].
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

    /// Any store: one of the library's, or one of your own.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.backing = Choice::Backing(Backing::Shared(Arc::new(store)));
        self.settings.url = None;
        self
    }

    /// Keeps nothing: for development and tests.
    #[must_use]
    pub fn dummy(mut self) -> Self {
        self.backing = Choice::Backing(Backing::Nowhere);
        self.settings.url = None;
        self
    }

    /// The first part of every key; empty unless told.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.key_prefix = prefix.into();
        self
    }

    /// The version of every key; 1 unless told.
    #[must_use]
    pub fn version(mut self, version: impl Into<Version>) -> Self {
        self.settings.version = version.into().number();
        self
    }

    /// How long values live that are not given a timeout; 300 seconds unless told.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.settings.timeout = timeout.into().or(self.settings.timeout);
        self
    }

    /// How values are written to a shared store; `Native` unless told.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.settings.format = format;
        self
    }

    /// How stored bytes are compressed; not at all unless told.
    #[must_use]
    pub fn compress(mut self, compression: Compression) -> Self {
        self.settings.compression = compression;
        self
    }

    /// Signs every entry of a shared store with the secret in this environment variable, so that who
    /// can write to the store cannot forge a value: what has no valid signature is a counted miss.
    ///
    /// The variable holds one secret of at least 16 bytes or several, separated by commas: the first
    /// signs, all verify. It is read now. The secret itself never stands in a URL or in the code, so
    /// the name is one of capital letters, digits and `_`. `incr` and `decr` are errors of kind
    /// `Unsupported` in such a cache, and its format is `native` or `compact`.
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
    /// [`sign_with`](Self::sign_with) does. Said again, it is a further key that verifies and does
    /// not sign: the one before a change of keys.
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

    /// Larger values are returned and not kept; 1 MiB unless told. In bytes, about: as JSON, with
    /// numbers counted as eight.
    #[must_use]
    pub fn max_value_size(mut self, bytes: usize) -> Self {
        self.settings.max_value_size = bytes;
        self
    }

    /// The most entries of the in-process level, and of a store that bounds itself (SQL, files);
    /// 100,000 unless told.
    #[must_use]
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.settings.max_entries = entries;
        self
    }

    /// The table of a SQL database, `schema.table` if need be; `cache_entries` unless told.
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.own.set("table", name.into());
        self
    }

    /// The most bytes of the in-process level, counted as for `max_value_size`, and of a store that
    /// bounds itself, as it counts them; no limit unless told.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = Some(bytes);
        self
    }

    /// Puts an in-process level before the store: the most copies that it holds; 10,000 unless told.
    ///
    /// Copies are dropped when another process changes their entry, where the store carries such news
    /// (Redis, PostgreSQL).
    #[must_use]
    pub fn local_max(mut self, entries: usize) -> Self {
        self.settings.local_max = Some(entries);
        self
    }

    /// Puts an in-process level before the store: how long a copy lives at the most. Unless told 30
    /// seconds, or one second where the store carries no news of changes by other processes.
    #[must_use]
    pub fn local_timeout(mut self, timeout: Duration) -> Self {
        self.settings.local_timeout = Some(timeout);
        self
    }

    /// [`local_max`](Self::local_max) and [`local_timeout`](Self::local_timeout) in one word.
    #[must_use]
    pub fn local(self, entries: usize, timeout: Duration) -> Self {
        self.local_max(entries).local_timeout(timeout)
    }

    /// Makes room as Django does: one entry in `frequency` goes at once when `max_entries` are
    /// there, or all of them with 0.
    ///
    /// Unless told, a store that bounds itself takes 3, and the in-process level lets one entry go
    /// for one that comes, which keeps more of what is asked for.
    #[must_use]
    pub fn cull_frequency(mut self, frequency: u32) -> Self {
        self.settings.cull_frequency = Some(frequency);
        self
    }

    /// The longest time to connect; 500 ms unless told.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// The longest time of one operation of the store, connecting included; 500 ms unless told.
    #[must_use]
    pub fn op_timeout(mut self, limit: Duration) -> Self {
        self.settings.op_timeout = limit;
        self
    }

    /// The most connections, where the URL's store has such a limit: that blocking callers of Redis
    /// open (32 unless told), or each tokio runtime to a SQL database (8).
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.own.set("max_connections", connections.to_string());
        self
    }

    /// The number of the database, where a URL has no place for it (`redis+unix://`).
    #[must_use]
    pub fn db(mut self, number: i64) -> Self {
        self.own.set("db", number.to_string());
        self
    }

    /// Makes the whole key of key, prefix and version, in place of Django's `make_key`.
    ///
    /// Such a cache does not know which keys of a store are its own: `clear` and `keys` are
    /// errors there.
    #[must_use]
    pub fn key_function(
        mut self,
        make: impl Fn(&str, &str, i64) -> String + Send + Sync + 'static,
    ) -> Self {
        self.settings.key_function = Some(Arc::new(make));
        self
    }

    /// Hashes arguments with BLAKE3 instead of MD5: where they come from people who might build
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

    /// The cache. Nothing is connected.
    ///
    /// # Errors
    ///
    /// Kind `Config` for a setting that cannot be.
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
