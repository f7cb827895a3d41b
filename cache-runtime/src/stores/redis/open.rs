//! A Redis store by URL: `redis://user:password@host:6379/1`, `redis+unix:///path.sock?db=1`,
//! `rediss://` with TLS, `redis+sentinel://h1,h2,h3/mymaster/1`. Clusters are opened in `cluster/`.

use super::{
    RedisAddress, RedisConfig, RedisIdentity, RedisProtocol, RedisSentinels, RedisStore, RedisTls,
};
use crate::error::CacheError;
use crate::stores::{Opening, read_number};
use crate::url::{CacheUrl, bad, host_and_port};

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Opens the store that the URL names. Nothing is connected yet.
pub(crate) fn open(opening: &Opening<'_>) -> Result<RedisStore, CacheError> {
    let url = opening.url;
    let (address, path_db) = match url.scheme.as_str() {
        "redis+unix" => (unix(url)?, None),
        "redis+sentinel" | "rediss+sentinel" => sentinels(opening)?,
        _ => (tcp(url)?, db_of_path(url, &url.path)?),
    };
    let mut config = config(opening, address)?;
    config.db = db(opening, path_db)?;
    RedisStore::new(config)
}

/// Reads what every kind of Redis URL has in common.
pub(super) fn config(
    opening: &Opening<'_>,
    address: RedisAddress,
) -> Result<RedisConfig, CacheError> {
    let Opening { url, settings, .. } = opening;
    let mut config = RedisConfig::new(address);
    config.username.clone_from(&url.user);
    config.password.clone_from(&url.password);
    if url.scheme.starts_with("rediss") {
        config.tls = Some(tls(opening)?);
    }
    config.connect_timeout = settings.connect_timeout;
    config.op_timeout = settings.op_timeout;
    if let Some(connections) = opening.read("max_connections", read_number)? {
        config.max_connections = connections;
    }
    if let Some(protocol) = opening.read("protocol", read_protocol)? {
        config.protocol = protocol;
    }
    Ok(config)
}

fn unix(url: &CacheUrl) -> Result<RedisAddress, CacheError> {
    if !url.hosts.is_empty() {
        return Err(bad(
            "redis+unix:// has a path and no host: write three slashes, \
             redis+unix:///run/redis.sock?db=1",
        ));
    }
    if url.path.is_empty() {
        return Err(bad(
            "redis+unix:// needs the path of a socket: redis+unix:///run/redis.sock?db=1",
        ));
    }
    Ok(RedisAddress::unix(&url.path))
}

fn tcp(url: &CacheUrl) -> Result<RedisAddress, CacheError> {
    match url.hosts.as_slice() {
        [] => Ok(RedisAddress::tcp("127.0.0.1", PORT)),
        [host] => {
            let (host, port) = host_and_port(host, PORT)?;
            Ok(RedisAddress::tcp(host, port))
        }
        _ => Err(bad(format!(
            "{0}:// has one host; {0}+cluster:// and {0}+sentinel:// have several",
            url.scheme
        ))),
    }
}

/// Returns the sentinels, and the database if there is one in the path.
fn sentinels(opening: &Opening<'_>) -> Result<(RedisAddress, Option<i64>), CacheError> {
    let url = opening.url;
    let path = url.path.trim_matches('/');
    let (master, db) = path.split_once('/').unwrap_or((path, ""));
    if url.hosts.is_empty() || master.is_empty() {
        return Err(bad(format!(
            "{0}:// needs sentinels and the name of their master: {0}://h1:26379,h2,h3/mymaster/0",
            url.scheme
        )));
    }
    let nodes = url
        .hosts
        .iter()
        .map(|host| host_and_port(host, SENTINEL_PORT));
    let mut sentinels = RedisSentinels::new(nodes.collect::<Result<_, _>>()?, master);
    sentinels.username = opening.option("sentinel_username").map(str::to_owned);
    sentinels.password = opening.option("sentinel_password").map(str::to_owned);
    Ok((RedisAddress::Sentinels(sentinels), db_of_path(url, db)?))
}

fn tls(opening: &Opening<'_>) -> Result<RedisTls, CacheError> {
    let mut tls = RedisTls::new();
    tls.ca = opening.option("ca").map(Into::into);
    tls.identity = match (opening.option("cert"), opening.option("key")) {
        (Some(certificate), Some(key)) => Some(RedisIdentity {
            certificate: certificate.into(),
            key: key.into(),
        }),
        (None, None) => None,
        _ => {
            return Err(bad(
                "`cert` and `key` go together: the certificate's file, and the file of its key",
            ));
        }
    };
    Ok(tls)
}

fn read_protocol(value: &str) -> Result<RedisProtocol, String> {
    match value {
        "resp2" => Ok(RedisProtocol::Resp2),
        "resp3" => Ok(RedisProtocol::Resp3),
        _ => Err("it must be `resp2` or `resp3`".to_owned()),
    }
}

fn db(opening: &Opening<'_>, in_path: Option<i64>) -> Result<i64, CacheError> {
    let as_option = opening.read("db", |value| {
        let db = value.parse().ok().filter(|db| *db >= 0);
        db.ok_or_else(|| "it must be the number of a database, as in `db=1`".to_owned())
    })?;
    if in_path.is_some() && as_option.is_some() {
        return Err(bad(
            "the database is given twice, in the path and as `db`: keep one of them",
        ));
    }
    Ok(in_path.or(as_option).unwrap_or(0))
}

fn db_of_path(url: &CacheUrl, path: &str) -> Result<Option<i64>, CacheError> {
    match path.trim_matches('/') {
        "" => Ok(None),
        number => number
            .parse()
            .ok()
            .filter(|db| *db >= 0)
            .map(Some)
            .ok_or_else(|| {
                let scheme = &url.scheme;
                let place = if scheme.ends_with("sentinel") {
                    "h1:26379,h2,h3/mymaster"
                } else {
                    "host:6379"
                };
                // A login that was not encoded may have ended up here.
                let shown = if path.contains('@') { "the path" } else { path };
                bad(format!(
                    "`{shown}` is not a database number: write {scheme}://{place}/1"
                ))
            }),
    }
}
