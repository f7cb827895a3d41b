//! A Memcached store by URL: `memcached://cache1:11211,cache2:11211`.

use super::{MemcachedAddress, MemcachedConfig, MemcachedStore};
use crate::error::CacheError;
use crate::stores::{Opening, read_number};
use crate::url::{bad, host_and_port};

const PORT: u16 = 11211;

/// Opens the store that the URL names. Nothing is connected yet.
pub(crate) fn open(opening: &Opening<'_>) -> Result<MemcachedStore, CacheError> {
    let Opening { url, settings, .. } = opening;
    if url.user.is_some() || url.password.is_some() {
        return Err(bad(
            "memcached:// has no user and no password: write memcached://host:11211",
        ));
    }
    if !matches!(url.path.as_str(), "" | "/") {
        return Err(bad(format!(
            "memcached:// has hosts and no path (`{}`): write \
             memcached://host1:11211,host2:11211?option=value; sockets are not supported",
            url.path
        )));
    }
    let mut servers = Vec::with_capacity(url.hosts.len());
    for host in &url.hosts {
        let (host, port) = host_and_port(host, PORT)?;
        servers.push(MemcachedAddress::new(host, port));
    }
    if servers.is_empty() {
        servers.push(MemcachedAddress::new("127.0.0.1", PORT));
    }
    let mut config = MemcachedConfig::new(servers);
    config.connect_timeout = settings.connect_timeout;
    config.op_timeout = settings.op_timeout;
    if let Some(connections) = opening.read("max_connections", read_number)? {
        config.max_connections = connections;
    }
    MemcachedStore::new(config)
}
