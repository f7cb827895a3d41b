//! A store in a cluster by URL: `redis+cluster://user:password@h1:7000,h2:7001,h3:7002`.

use super::super::open::config;
use super::super::{RedisAddress, RedisClusterStore};
use crate::error::CacheError;
use crate::stores::Opening;
use crate::url::{bad, host_and_port};

const PORT: u16 = 6379;

/// Opens the store that the URL names. Nothing is connected yet.
pub(crate) fn open_cluster(opening: &Opening<'_>) -> Result<RedisClusterStore, CacheError> {
    let url = opening.url;
    if !matches!(url.path.as_str(), "" | "/" | "/0") {
        return Err(bad(format!(
            "`{}` cannot be: a redis cluster has no other database than 0",
            url.path
        )));
    }
    let seeds = url.hosts.iter().map(|host| {
        let (host, port) = host_and_port(host, PORT)?;
        Ok(RedisAddress::tcp(host, port))
    });
    let mut seeds = seeds.collect::<Result<Vec<_>, CacheError>>()?.into_iter();
    let first = seeds.next();
    let first = first.unwrap_or_else(|| RedisAddress::tcp("127.0.0.1", PORT));
    let config = config(opening, first)?;
    RedisClusterStore::cluster(config, seeds.collect())
}
