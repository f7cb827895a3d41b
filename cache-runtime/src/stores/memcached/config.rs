//! Where the Memcached servers are, and how long to wait for them.

use std::fmt;
use std::time::Duration;

use crate::error::{CacheError, ErrorKind};

/// The most servers of one store: they fit into the bits of a word.
const MOST_SERVERS: usize = 64;

/// How to reach one or several Memcached servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemcachedConfig {
    /// The servers, 1 to 64. Their order does not matter, but their spelling does: every service that
    /// shares entries must write them alike.
    pub servers: Vec<MemcachedAddress>,
    /// The longest time to connect to a server; 500 ms by default.
    pub connect_timeout: Duration,
    /// The longest time of one operation, including connecting and waiting; 500 ms by default.
    pub op_timeout: Duration,
    /// The most connections to each server (at least 1): this many for each tokio runtime, and as
    /// many for blocking callers; 32 by default.
    pub max_connections: usize,
}

/// Where a Memcached server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemcachedAddress {
    /// The host: a name or an address, an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl MemcachedAddress {
    /// Returns the address of a host and a port.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
        }
    }
}

impl fmt::Display for MemcachedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl MemcachedConfig {
    /// Returns a configuration of these servers with the default time limits.
    #[must_use]
    pub fn new(servers: impl IntoIterator<Item = MemcachedAddress>) -> Self {
        Self {
            servers: servers.into_iter().collect(),
            connect_timeout: Duration::from_millis(500),
            op_timeout: Duration::from_millis(500),
            max_connections: 32,
        }
    }

    /// Rejects an invalid list of servers.
    pub(super) fn check(&self) -> Result<(), CacheError> {
        let wrong = |what: String| Err(CacheError::new(ErrorKind::Config, what));
        if self.servers.is_empty() {
            return wrong("there is no server: memcached needs at least one".to_owned());
        }
        if self.servers.len() > MOST_SERVERS {
            return wrong(format!(
                "there are more than {MOST_SERVERS} servers, the most that memcached takes here"
            ));
        }
        for (at, server) in self.servers.iter().enumerate() {
            if server.host.is_empty() {
                return wrong(format!("the server `{server}` has no host"));
            }
            if self.servers[..at].contains(server) {
                return wrong(format!("the server `{server}` is given twice"));
            }
        }
        Ok(())
    }
}
