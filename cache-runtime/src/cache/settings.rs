//! The settings of a cache, whether they come from a URL or a builder.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::codec::{Codec, Compression, Format, Signer};
use crate::error::{CacheError, ErrorKind};
use crate::key::{self, KeyHash};
use crate::timeout::Timeout;

/// A function that makes the whole key of key, prefix and version, in place of Django's `make_key`.
pub(crate) type KeyFunction = Arc<dyn Fn(&str, &str, i64) -> String + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Settings {
    /// Where it is, without secrets, for people.
    pub(crate) url: Option<String>,
    pub(crate) key_prefix: String,
    pub(crate) version: i64,
    pub(crate) timeout: Timeout,
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    /// Signs every entry of the store, if there is one.
    pub(crate) signer: Option<Arc<Signer>>,
    pub(crate) max_value_size: usize,
    pub(crate) max_entries: usize,
    pub(crate) max_bytes: Option<usize>,
    /// The most copies in the in-process level in front of a store, and how long they live.
    pub(crate) local_max: Option<usize>,
    pub(crate) local_timeout: Option<Duration>,
    /// If set, the in-process level makes room as Django does.
    pub(crate) cull_frequency: Option<u32>,
    pub(crate) key_hash: KeyHash,
    pub(crate) key_function: Option<KeyFunction>,
    pub(crate) connect_timeout: Duration,
    pub(crate) op_timeout: Duration,
    pub(crate) clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            key_prefix: String::new(),
            version: 1,
            timeout: Timeout::After(Duration::from_secs(300)),
            format: Format::Native,
            compression: Compression::None,
            signer: None,
            max_value_size: 1 << 20,
            max_entries: 100_000,
            max_bytes: None,
            local_max: None,
            local_timeout: None,
            cull_frequency: None,
            key_hash: KeyHash::Md5,
            key_function: None,
            connect_timeout: Duration::from_millis(500),
            op_timeout: Duration::from_millis(500),
            clock: Clock::system(),
        }
    }
}

/// The in-process level in front of a store.
pub(crate) struct Local {
    pub(crate) max: usize,
    /// `None`: it depends on whether news of other processes is heard.
    pub(crate) timeout: Option<Duration>,
}

const LOCAL_MAX: usize = 10_000;

// Inflating may go this far, even if only smaller values are written.
const MIN_INFLATED: usize = 16 << 20;

impl Settings {
    pub(crate) fn codec(&self) -> Codec {
        Codec {
            format: self.format,
            compression: self.compression,
            max_inflated: self.max_value_size.max(MIN_INFLATED),
            bare_integers: self.signer.is_none(),
        }
    }

    /// Returns `bytes` as the store keeps them under `stored_key`, the whole key: signed, if that is asked for.
    pub(crate) fn seal(&self, stored_key: &str, bytes: Vec<u8>) -> Vec<u8> {
        match &self.signer {
            None => bytes,
            Some(signer) => signer.seal(stored_key, &bytes),
        }
    }

    /// Returns what was sealed for this key; an error of kind `Decode` if it was not.
    pub(crate) fn unseal<'b>(
        &self,
        stored_key: &str,
        bytes: Cow<'b, [u8]>,
    ) -> Result<Cow<'b, [u8]>, CacheError> {
        match &self.signer {
            None => Ok(bytes),
            Some(signer) => signer.open(stored_key, bytes),
        }
    }

    /// Returns the in-process level in front of a store, if there is to be one.
    pub(crate) fn near(&self) -> Option<Local> {
        let is_wanted = self.local_max.is_some() || self.local_timeout.is_some();
        is_wanted.then(|| Local {
            max: self.local_max.unwrap_or(LOCAL_MAX),
            timeout: self.local_timeout,
        })
    }

    /// Rejects settings that are invalid, or cannot be combined.
    pub(crate) fn check(&self, operation: &'static str) -> Result<(), CacheError> {
        let wrong = if self.max_entries == 0 {
            "`max_entries` must be at least 1; `dummy://` keeps nothing"
        } else if self.op_timeout.is_zero() {
            "`op_timeout` must be above zero"
        } else if self.connect_timeout.is_zero() {
            "`connect_timeout` must be above zero"
        } else if self.key_prefix.bytes().any(|byte| byte.is_ascii_control()) {
            "`key_prefix` holds a control character, which no key may"
        } else if self.local_max == Some(0) || self.local_timeout.is_some_and(|time| time.is_zero())
        {
            "`local_max` and `local_timeout` must be above zero; without both there is no in-process level \
             before the store"
        } else if self.near().is_some() && !self.format.is_own() {
            "the formats `json` and `django` carry no times, so that a copy in process could outlive its \
             entry; with `local_max` the format is `native` or `compact`"
        } else if self.signer.is_some() && !self.format.is_own() {
            "the formats `json` and `django` have no place for a signature, other programs could not \
             read it; signed entries are `native` or `compact`"
        } else {
            return Ok(());
        };
        Err(CacheError::new(ErrorKind::Config, wrong).in_operation(operation))
    }

    /// Returns the whole key: Django's `prefix:version:key`, or what the user's function returns.
    pub(crate) fn make_key(&self, prefix: &str, version: i64, key: &str) -> String {
        match &self.key_function {
            None => key::make_key(prefix, version, key),
            Some(make) => make(key, prefix, version),
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("key_prefix", &self.key_prefix)
            .field("version", &self.version)
            .field("timeout", &self.timeout)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
