//! Where a Redis server is, who we are to it, and how long we wait for it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};

use super::failure;
use crate::error::CacheError;

/// How to reach a Redis server; `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Host and port, or the path of a socket.
    pub address: RedisAddress,
    /// The number of the database (`SELECT`).
    pub db: i64,
    /// The ACL user; without a password it is not used.
    pub username: Option<String>,
    /// The password (`AUTH`, `requirepass`).
    pub password: Option<String>,
    /// The longest time to connect, greeting included; 1 s unless told.
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

    /// The path of a Unix socket.
    #[must_use]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::Unix(path.into())
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
            connect_timeout: Duration::from_secs(1),
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

    /// The client that opens connections; it opens none by itself.
    ///
    /// It is told nothing but the address: who we are is said by [`commands::greeting`], because
    /// the blocking client waits its whole limit for each of the replies to its own greeting.
    ///
    /// [`commands::greeting`]: super::commands::greeting
    pub(super) fn client(&self) -> Result<redis::Client, CacheError> {
        let address = match &self.address {
            RedisAddress::Tcp { host, port } => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                ConnectionAddr::Tcp(host.to_owned(), *port)
            }
            RedisAddress::Unix(path) => ConnectionAddr::Unix(path.clone()),
        };
        address
            .into_connection_info()
            .map(|info| {
                // A request is one small write: waiting to fill a packet only costs time.
                info.set_tcp_settings(TcpSettings::default().set_nodelay(true))
                    .set_redis_settings(RedisConnectionInfo::default().set_skip_set_lib_name())
            })
            .and_then(redis::Client::open)
            .map_err(failure::describe)
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("address", &self.address)
            .field("db", &self.db)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "(hidden)"))
            .field("connect_timeout", &self.connect_timeout)
            .field("op_timeout", &self.op_timeout)
            .field("max_connections", &self.max_connections)
            .finish()
    }
}
