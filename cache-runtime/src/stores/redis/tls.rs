//! How to use TLS with a Redis server: which certificates to trust, and which to present.

use std::fmt;
use std::path::PathBuf;
#[cfg(feature = "redis-tls")]
use std::sync::Arc;

#[cfg(not(feature = "redis-tls"))]
use crate::error::{CacheError, ErrorKind};

/// TLS to a Redis server; needs the cargo feature `redis-tls`.
///
/// The server's certificate is always verified, including its name. The files are read once, when
/// the store is created.
#[derive(Clone, Default)]
pub struct RedisTls {
    /// A PEM file with the certificates that are trusted; by default the system's are.
    pub ca: Option<PathBuf>,
    /// The client's own certificate and its key, as PEM files, for servers that ask for one.
    pub identity: Option<RedisIdentity>,
    /// What the files contain; all clones share it.
    #[cfg(feature = "redis-tls")]
    pub(super) made: Arc<std::sync::OnceLock<Arc<rustls::ClientConfig>>>,
}

/// What the client presents to a server that asks for a certificate: the certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisIdentity {
    /// A PEM file with the certificate, followed by those between it and its CA.
    pub certificate: PathBuf,
    /// A PEM file with its private key.
    pub key: PathBuf,
}

impl RedisTls {
    /// Trusts the certificates that the system trusts, and presents none.
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
    /// Fails, since nothing here could speak TLS.
    pub(super) fn check(&self) -> Result<(), CacheError> {
        Err(CacheError::new(
            ErrorKind::Config,
            "TLS needs the cargo feature `redis-tls` of cache-runtime",
        ))
    }
}
