//! Making a cache, by URL or by words; each URL option has a method of the same name.

use std::sync::Arc;
use std::time::Duration;

use super::core::{Core, Place};
use super::handle::Cache;
use super::options;
use crate::clock::Clock;
use crate::codec::{Compression, Format};
use crate::error::CacheError;
#[cfg(feature = "blake3")]
use crate::key::KeyHash;
use crate::settings::Settings;
use crate::store::Store;
use crate::stores::{self, Opening, Own, Scheme};
use crate::timeout::Timeout;
use crate::url::CacheUrl;
use crate::version::Version;

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
    place: Choice,
    /// The options that only the store of the URL has.
    own: Own,
}

enum Choice {
    Place(Place),
    Url(CacheUrl, &'static Scheme),
}

impl Default for CacheBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            place: Choice::Place(Place::Process),
            own: Own::default(),
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
        builder.place = Choice::Url(url, scheme);
        Ok(builder)
    }

    /// Any store: one of the library's, or one of your own.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.place = Choice::Place(Place::Shared(Arc::new(store)));
        self
    }

    /// Keeps nothing: for development and tests.
    #[must_use]
    pub fn dummy(mut self) -> Self {
        self.place = Choice::Place(Place::Nowhere);
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

    /// Larger values are returned and not kept; 1 MiB unless told. In bytes, about: as JSON, with
    /// numbers counted as eight.
    #[must_use]
    pub fn max_value_size(mut self, bytes: usize) -> Self {
        self.settings.max_value_size = bytes;
        self
    }

    /// The most entries of the in-process level; 100,000 unless told.
    #[must_use]
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.settings.max_entries = entries;
        self
    }

    /// The most bytes of the in-process level, counted as for `max_value_size`; no limit unless
    /// told.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = Some(bytes);
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

    /// The most connections that blocking callers open, where the URL's store has such a limit;
    /// 32 unless told.
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
        self.settings.check()?;
        let place = match self.place {
            Choice::Place(place) => place,
            Choice::Url(url, scheme) => scheme.open(&Opening {
                url: &url,
                settings: &self.settings,
                own: &self.own,
            })?,
        };
        Ok(Cache::new(Core::new(self.settings, place)))
    }
}

impl std::fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
