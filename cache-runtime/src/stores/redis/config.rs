//! Where a Redis server is, how to log in to it, and how long to wait for it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::sentinel::RedisSentinels;
use super::tls::RedisTls;

/// How to reach a Redis server; `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// The host and port, the path of a socket, or the sentinels that know.
    pub address: RedisAddress,
    /// The number of the database (`SELECT`).
    pub db: i64,
    /// The ACL user; ignored without a password.
    pub username: Option<String>,
    /// The password (`AUTH`, `requirepass`).
    pub password: Option<String>,
    /// How to use TLS; `None`: unencrypted. Not over a Unix socket.
    pub tls: Option<RedisTls>,
    /// The version of the protocol.
    pub protocol: RedisProtocol,
    /// The longest time to connect, including the greeting; 500 ms by default.
    pub connect_timeout: Duration,
    /// The longest time of one operation, including connecting and waiting; 500 ms by default.
    pub op_timeout: Duration,
    /// The most connections in the pool that serves blocking callers (at least 1); 32 by default.
    pub max_connections: usize,
}

/// Where a Redis server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisAddress {
    /// A host (name or address, an IPv6 address with or without brackets) and a port.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// Wherever the sentinels say that the master is.
    Sentinels(RedisSentinels),
}

/// The version of the protocol that is spoken with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RedisProtocol {
    /// RESP2, which every server knows, except that RESP3 is used to listen to other processes, which RESP2
    /// does not allow. The default.
    #[default]
    AsNeeded,
    /// Only RESP2.
    Resp2,
    /// RESP3, which Redis 6 and later know; RESP2 with a server that does not.
    Resp3,
}

impl RedisAddress {
    /// Returns the address of a host and a port.
    #[must_use]
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp {
            host: host.into(),
            port,
        }
    }

    /// Returns whether the server may be elsewhere next time.
    pub(super) fn may_move(&self) -> bool {
        matches!(self, Self::Sentinels(_))
    }

    /// Returns the address of a Unix socket at this path.
    #[must_use]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::Unix(path.into())
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') && !host.starts_with('[') => {
                write!(f, "[{host}]:{port}")
            }
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
            Self::Sentinels(sentinels) => write!(f, "the master {}", sentinels.master),
        }
    }
}

impl RedisConfig {
    /// Returns a configuration of the server at `address`: database 0, no password, the default time limits.
    #[must_use]
    pub fn new(address: RedisAddress) -> Self {
        Self {
            address,
            db: 0,
            username: None,
            password: None,
            tls: None,
            protocol: RedisProtocol::default(),
            connect_timeout: Duration::from_millis(500),
            op_timeout: Duration::from_millis(500),
            max_connections: 32,
        }
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("address", &self.address)
            .field("db", &self.db)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "(hidden)"))
            .field("tls", &self.tls)
            .field("protocol", &self.protocol)
            .field("connect_timeout", &self.connect_timeout)
            .field("op_timeout", &self.op_timeout)
            .field("max_connections", &self.max_connections)
            .finish()
    }
}
