//! What a store knows about itself: its server, how much it holds, and what it has counted.

use std::time::Duration;

/// What a store reports about itself; see [`Store::facts`](crate::Store::facts).
///
/// These are the server's own numbers: for everything stored on it, whoever wrote it, since the server
/// started. What a store cannot tell is `None`. For several servers it is the sum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Facts {
    /// Which server answers, with its version: `Redis 7.2.4`.
    pub server: Option<String>,
    /// How many servers have answered; zero if there is none (files).
    pub servers: usize,
    /// Whether something is missing that must be created before anything can be stored: the table of a SQL
    /// database. It is created when it is first found missing, or by
    /// [`Store::prepare`](crate::Store::prepare).
    pub needs_prepare: bool,
    /// How many entries there are, including expired ones that still take up room; for a Redis database, its
    /// keys. SQL tables are counted up to a million.
    pub entries: Option<u64>,
    /// How many bytes they take: for a server its memory, for a SQL database the table (SQLite: the file).
    pub bytes: Option<u64>,
    /// The most bytes that they may take, if there is a limit.
    pub max_bytes: Option<u64>,
    /// How many reads found something.
    pub hits: Option<u64>,
    /// How many reads found nothing.
    pub misses: Option<u64>,
    /// How many entries were evicted to make room.
    pub evictions: Option<u64>,
    /// How many connections there are.
    pub connections: Option<u64>,
    /// How long the server has been running; for several, the one that started last.
    pub uptime: Option<Duration>,
}

impl Facts {
    /// Returns these facts and another server's, added up.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        let youngest = self.uptime.into_iter().chain(other.uptime).min();
        Self {
            server: self.server.or(other.server),
            servers: self.servers + other.servers,
            needs_prepare: self.needs_prepare || other.needs_prepare,
            entries: sum(self.entries, other.entries),
            bytes: sum(self.bytes, other.bytes),
            max_bytes: sum(self.max_bytes, other.max_bytes),
            hits: sum(self.hits, other.hits),
            misses: sum(self.misses, other.misses),
            evictions: sum(self.evictions, other.evictions),
            connections: sum(self.connections, other.connections),
            uptime: youngest,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Facts;

    #[test]
    fn two_servers_are_added_up() {
        let one = Facts {
            server: Some("Memcached 1.6".to_owned()),
            servers: 1,
            entries: Some(2),
            hits: Some(5),
            uptime: Some(Duration::from_secs(9)),
            ..Facts::default()
        };
        let other = Facts {
            servers: 1,
            entries: Some(3),
            misses: Some(7),
            uptime: Some(Duration::from_secs(4)),
            ..Facts::default()
        };
        let both = one.plus(other);
        assert_eq!((both.servers, both.entries), (2, Some(5)));
        assert_eq!((both.hits, both.misses), (Some(5), Some(7)));
        assert_eq!(both.uptime, Some(Duration::from_secs(4)));
        assert_eq!(both.server.as_deref(), Some("Memcached 1.6"));
    }
}
