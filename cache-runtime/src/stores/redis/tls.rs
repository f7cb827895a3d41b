//! How to speak TLS to a Redis server: whom to trust, and who we are.

use std::fmt;
use std::path::PathBuf;
#[cfg(feature = "redis-tls")]
use std::sync::Arc;

#[cfg(not(feature = "redis-tls"))]
use crate::error::{CacheError, ErrorKind};

/// TLS to a Redis server; needs the cargo feature `redis-tls`.
///
/// The server's certificate is always verified, its name included. The files are read once, when
/// the store is made.
#[derive(Clone, Default)]
pub struct RedisTls {
    /// The certificates that are trusted, a PEM file; the system's unless told.
    pub ca: Option<PathBuf>,
    /// Our own certificate and its key, PEM files, for servers that ask for one.
    pub identity: Option<RedisIdentity>,
    /// What the files hold; all clones share it.
    #[cfg(feature = "redis-tls")]
    pub(super) made: Arc<std::sync::OnceLock<Arc<rustls::ClientConfig>>>,
}

/// Who we are to a server that asks: a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisIdentity {
    /// The certificate, with those between it and its CA behind it: a PEM file.
    pub certificate: PathBuf,
    /// Its private key: a PEM file.
    pub key: PathBuf,
}

impl RedisTls {
    /// The certificates that the system trusts, and no certificate of our own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the certificates in this PEM file, and no others.
    #[must_use]
    pub fn with_ca(ca: impl Into<PathBuf>) -> Self {
        Self {
            ca: Some(ca.into()),
            ..Self::default()
        }
    }
}

impl PartialEq for RedisTls {
    fn eq(&self, other: &Self) -> bool {
        (&self.ca, &self.identity) == (&other.ca, &other.identity)
    }
}

impl Eq for RedisTls {}

impl fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTls")
            .field("ca", &self.ca)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

#[cfg(not(feature = "redis-tls"))]
impl RedisTls {
    /// There is nothing that could speak it.
    pub(super) fn check(&self) -> Result<(), CacheError> {
        Err(CacheError::new(
            ErrorKind::Config,
            "TLS needs the cargo feature `redis-tls` of cache-runtime",
        ))
    }
}
