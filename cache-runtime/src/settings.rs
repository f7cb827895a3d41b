//! What a cache is set to, however it was said: by URL or by builder.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::codec::{Codec, Compression, Format};
use crate::error::{CacheError, ErrorKind};
use crate::key::{self, KeyHash};
use crate::timeout::Timeout;

/// A function that makes the whole key of key, prefix and version, in place of Django's `make_key`.
pub(crate) type KeyFunction = Arc<dyn Fn(&str, &str, i64) -> String + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) key_prefix: String,
    pub(crate) version: i64,
    pub(crate) timeout: Timeout,
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) max_value_size: usize,
    pub(crate) max_entries: usize,
    pub(crate) max_bytes: Option<usize>,
    pub(crate) key_hash: KeyHash,
    pub(crate) key_function: Option<KeyFunction>,
    pub(crate) connect_timeout: Duration,
    pub(crate) op_timeout: Duration,
    pub(crate) clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key_prefix: String::new(),
            version: 1,
            timeout: Timeout::After(Duration::from_secs(300)),
            format: Format::Native,
            compression: Compression::None,
            max_value_size: 1 << 20,
            max_entries: 100_000,
            max_bytes: None,
            key_hash: KeyHash::Md5,
            key_function: None,
            connect_timeout: Duration::from_millis(500),
            op_timeout: Duration::from_millis(500),
            clock: Clock::system(),
        }
    }
}

// Inflating may go this far, even where smaller values are written.
const MIN_INFLATED: usize = 16 << 20;

impl Settings {
    pub(crate) fn codec(&self) -> Codec {
        Codec {
            format: self.format,
            compression: self.compression,
            max_inflated: self.max_value_size.max(MIN_INFLATED),
        }
    }

    /// Refuses what a URL cannot say and a builder can.
    pub(crate) fn check(&self) -> Result<(), CacheError> {
        let wrong = if self.max_entries == 0 {
            "`max_entries` is at least 1; `dummy://` keeps nothing"
        } else if self.op_timeout.is_zero() {
            "`op_timeout` is above zero"
        } else if self.connect_timeout.is_zero() {
            "`connect_timeout` is above zero"
        } else if self.key_prefix.bytes().any(|byte| byte.is_ascii_control()) {
            "`key_prefix` holds a control character, which no key may"
        } else {
            return Ok(());
        };
        Err(CacheError::new(ErrorKind::Config, wrong).in_operation("build"))
    }

    /// The whole key: Django's `prefix:version:key`, or what the user's function says.
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
