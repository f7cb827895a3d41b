//! Every store that a URL can name, with its server: one row each. The conformance table, the
//! quickstart's test and the benches go through this list.

use std::any::Any;
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::certificates::Authority;
use crate::mariadb_server::MariadbServer;
use crate::memcached_server::MemcachedServer;
use crate::postgres_server::PostgresServer;
use crate::process::{Folder, is_installed, may_skip};
use crate::redis_cluster::RedisCluster;
use crate::redis_sentinel::Watched;
use crate::redis_server::RedisServer;

/// One store.
#[derive(Debug)]
pub struct AStore {
    /// As it stands in tables.
    pub name: &'static str,
    /// Starts its server; `None` if that is not installed and `CACHE_TESTS_SKIP` allows it.
    pub start: fn() -> Option<Started>,
}

/// A store that can be used now.
#[derive(Debug)]
pub struct Started {
    /// Its URL; more options may be added by [`Started::with`].
    pub url: String,
    /// Dropping it, and `entries`, stops the server.
    pub server: Box<dyn Any + Send>,
    /// How many entries take room there; `None` where that cannot be seen from outside.
    pub entries: Option<Entries>,
}

/// Counts the entries that a server holds, expired ones too, and whoever's they are.
pub struct Entries(Box<dyn Fn() -> u64 + Send + Sync>);

impl Entries {
    /// Counts them now; that may take a second where there are a million.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entries")
    }
}

impl Started {
    fn new(url: String, server: impl Any + Send) -> Option<Self> {
        let server = Box::new(server);
        let entries = None;
        Some(Self {
            url,
            server,
            entries,
        })
    }

    /// The same, whose entries `count` counts.
    fn counted<S: Any + Send + Sync>(url: String, server: S, count: fn(&S) -> u64) -> Option<Self> {
        let server = Arc::new(server);
        let counting = server.clone();
        let entries = Some(Entries(Box::new(move || count(&counting))));
        Some(Self {
            url,
            server: Box::new(server),
            entries,
        })
    }

    /// The URL with more options, as `key_prefix=a&timeout=5`.
    #[must_use]
    pub fn with(&self, options: &str) -> String {
        let first = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{first}{options}", self.url)
    }
}

/// In the order of the tables.
pub const EVERY_STORE: &[AStore] = &[
    AStore {
        name: "memory",
        start: || Started::new("memory://".to_owned(), ()),
    },
    AStore {
        name: "redis",
        start: || {
            let server = RedisServer::start_or_skip()?;
            Started::counted(server.url(0), server, RedisServer::entries)
        },
    },
    AStore {
        name: "redis-unix",
        start: || {
            let server = RedisServer::start_or_skip()?;
            let path = server.socket_path();
            let url = format!("redis+unix://{}?db=1", path.display());
            Started::counted(url, server, RedisServer::entries)
        },
    },
    AStore {
        name: "redis-tls",
        start: || {
            RedisServer::start_or_skip()?;
            if !is_installed("openssl") && may_skip("openssl") {
                return None;
            }
            let authority = Authority::new();
            let shown = authority.sign("server", "IP:127.0.0.1");
            let server = RedisServer::start_tls(&authority, &shown, false);
            let (port, ca) = (server.tls_port(), authority.certificate());
            let url = format!("rediss://127.0.0.1:{port}/0?ca={}", ca.display());
            Started::counted(url, (server, authority, shown), |started| {
                started.0.entries()
            })
        },
    },
    AStore {
        name: "redis-cluster",
        start: || {
            let cluster = RedisCluster::start_or_skip(3, 0, &[])?;
            Started::counted(cluster.url(), cluster, |cluster| {
                cluster.nodes().iter().map(RedisServer::entries).sum()
            })
        },
    },
    AStore {
        name: "redis-sentinel",
        start: || {
            RedisServer::start_or_skip()?;
            let watched = Watched::start();
            Started::counted(watched.url(0), watched, |watched| {
                keys(&watched.command(watched.master(), &["INFO", "keyspace"]))
            })
        },
    },
    AStore {
        name: "memcached",
        start: || {
            let server = MemcachedServer::start_with_or_skip(ROOMY)?;
            let url = format!("memcached://{}", server.address());
            Started::counted(url, server, |server| server.stat("curr_items"))
        },
    },
    AStore {
        name: "memcached-3",
        start: || {
            let mut servers = Vec::new();
            for _ in 0..3 {
                servers.push(MemcachedServer::start_with_or_skip(ROOMY)?);
            }
            let addresses: Vec<_> = servers.iter().map(MemcachedServer::address).collect();
            let url = format!("memcached://{}", addresses.join(","));
            Started::counted(url, servers, |servers| {
                servers.iter().map(|one| one.stat("curr_items")).sum()
            })
        },
    },
    AStore {
        name: "sqlite",
        start: || {
            let folder = Folder::new("sqlite");
            let url = format!("sqlite://{}/cache.db", folder.path().display());
            // It has no server that could be asked.
            if !is_installed("sqlite3") {
                return Started::new(url, folder);
            }
            Started::counted(url, folder, |folder| rows(&folder.path().join("cache.db")))
        },
    },
    AStore {
        name: "postgres",
        start: || {
            let server = PostgresServer::start_or_skip()?;
            Started::counted(server.url(), server, |server| {
                number(&server.query("SELECT count(*) FROM cache_entries"))
            })
        },
    },
    AStore {
        name: "mariadb",
        start: || {
            let server = MariadbServer::start_or_skip()?;
            Started::counted(server.url(), server, |server| {
                number(&server.query("SELECT count(*) FROM cache.cache_entries"))
            })
        },
    },
    AStore {
        name: "files",
        start: || {
            let folder = Folder::new("files");
            let url = format!("file://{}/cache", folder.path().display());
            Started::counted(url, folder, |folder| entry_files(folder.path()))
        },
    },
];

/// Room for a million entries, for the benches.
const ROOMY: &[&str] = &["-m", "1024"];

/// The keys of all databases, as `INFO keyspace` has them: `db0:keys=5,expires=5,avg_ttl=0`.
pub(crate) fn keys(keyspace: &str) -> u64 {
    // No answer is not the same as no keys.
    assert!(keyspace.contains("# Keyspace"), "no answer: {keyspace:?}");
    let of_one = |line: &str| {
        let (_, rest) = line.split_once(":keys=")?;
        rest.split(',').next()?.parse::<u64>().ok()
    };
    keyspace.lines().filter_map(of_one).sum()
}

fn number(text: &str) -> u64 {
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// The rows of SQLite's table.
fn rows(database: &Path) -> u64 {
    let output = Command::new("sqlite3")
        .args(["-readonly", "-cmd", ".timeout 5000"])
        .arg(database)
        .arg("SELECT count(*) FROM cache_entries")
        .output()
        .unwrap_or_else(|error| panic!("sqlite3 cannot be started: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "sqlite3 failed: {error}");
    number(&String::from_utf8_lossy(&output.stdout))
}

/// The entries of the file store; what it deletes meanwhile may be counted or not.
fn entry_files(folder: &Path) -> u64 {
    let Ok(found) = folder.read_dir() else {
        return 0;
    };
    let of_one = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => entry_files(&entry.path()),
        _ => entry
            .path()
            .extension()
            .is_some_and(|of| of == "entry")
            .into(),
    };
    found.filter_map(Result::ok).map(of_one).sum()
}
