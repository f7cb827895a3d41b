//! Where a Redis server is, who we are to it, and how long we wait for it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::sentinel::RedisSentinels;
use super::tls::RedisTls;

/// How to reach a Redis server; `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Host and port, the path of a socket, or the sentinels who know.
    pub address: RedisAddress,
    /// The number of the database (`SELECT`).
    pub db: i64,
    /// The ACL user; without a password it is not used.
    pub username: Option<String>,
    /// The password (`AUTH`, `requirepass`).
    pub password: Option<String>,
    /// TLS, and how; `None`: as it is. Not over a Unix socket.
    pub tls: Option<RedisTls>,
    /// The version of the protocol.
    pub protocol: RedisProtocol,
    /// The longest time to connect, greeting included; 500 ms unless told.
    pub connect_timeout: Duration,
    /// The longest time of one operation, connecting and waiting included; 500 ms unless told.
    pub op_timeout: Duration,
    /// The most connections of the pool that serves blocking callers (at least 1); 32 unless told.
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

/// The version of the protocol that a server is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RedisProtocol {
    /// RESP2, which every server knows; but RESP3 to listen to what other processes say, which RESP2
    /// cannot do. The default.
    #[default]
    AsNeeded,
    /// RESP2 and nothing else.
    Resp2,
    /// Redis 6 and later know it; a server that does not is spoken to in RESP2.
    Resp3,
}

impl RedisAddress {
    /// A host and a port.
    #[must_use]
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp {
            host: host.into(),
            port,
        }
    }

    /// Whether the server may be elsewhere next time.
    pub(super) fn may_move(&self) -> bool {
        matches!(self, Self::Sentinels(_))
    }

    /// The path of a Unix socket.
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
    /// A server at `address`: database 0, no password, the default time limits.
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

    /// A configuration from the parts of a URL and its options.
    #[must_use]
    pub fn from_parts(
        address: RedisAddress,
        db: i64,
        username: Option<String>,
        password: Option<String>,
        connect_timeout: Duration,
        op_timeout: Duration,
    ) -> Self {
        Self {
            db,
            username,
            password,
            connect_timeout,
            op_timeout,
            ..Self::new(address)
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
