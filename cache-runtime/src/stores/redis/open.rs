//! A Redis store by URL: `redis://user:password@host:6379/1`, `redis+unix:///path.sock?db=1`.

use super::{RedisAddress, RedisConfig, RedisStore};
use crate::error::CacheError;
use crate::stores::{Opening, read_number};
use crate::url::{CacheUrl, bad, host_and_port};

const PORT: u16 = 6379;

/// The store that the URL names. Nothing is connected.
pub(crate) fn open(opening: &Opening<'_>) -> Result<RedisStore, CacheError> {
    let Opening { url, settings, .. } = opening;
    let db = opening.read("db", |value| {
        let db = value.parse().ok().filter(|db| *db >= 0);
        db.ok_or_else(|| "a database number".to_owned())
    })?;
    let (address, path_db) = if url.scheme == "redis+unix" {
        (RedisAddress::unix(&url.path), None)
    } else {
        (tcp(url)?, db_of_path(&url.path)?)
    };
    if url.scheme == "redis+unix" && !url.hosts.is_empty() {
        return Err(bad(
            "redis+unix:// has a path and no host: write three slashes, \
             redis+unix:///run/redis.sock?db=1",
        ));
    }
    if url.scheme == "redis+unix" && url.path.is_empty() {
        return Err(bad(
            "redis+unix:// needs the path of a socket: redis+unix:///run/redis.sock?db=1",
        ));
    }
    let db = match (path_db, db) {
        (Some(_), Some(_)) => {
            return Err(bad("the database is given twice, in the path and as `db`"));
        }
        (in_path, as_option) => in_path.or(as_option).unwrap_or(0),
    };
    let mut config = RedisConfig::new(address);
    config.db = db;
    config.username.clone_from(&url.user);
    config.password.clone_from(&url.password);
    config.connect_timeout = settings.connect_timeout;
    config.op_timeout = settings.op_timeout;
    if let Some(connections) = opening.read("max_connections", read_number)? {
        config.max_connections = connections;
    }
    RedisStore::new(config)
}

fn tcp(url: &CacheUrl) -> Result<RedisAddress, CacheError> {
    match url.hosts.as_slice() {
        [] => Ok(RedisAddress::tcp("127.0.0.1", PORT)),
        [host] => {
            let (host, port) = host_and_port(host, PORT)?;
            Ok(RedisAddress::tcp(host, port))
        }
        _ => Err(bad(
            "redis:// has one host; several are not supported by this version",
        )),
    }
}

fn db_of_path(path: &str) -> Result<Option<i64>, CacheError> {
    match path.trim_matches('/') {
        "" => Ok(None),
        number => number
            .parse()
            .ok()
            .filter(|db| *db >= 0)
            .map(Some)
            .ok_or_else(|| {
                bad(format!(
                    "`{path}` is not a database number: write redis://host:6379/1"
                ))
            }),
    }
}
