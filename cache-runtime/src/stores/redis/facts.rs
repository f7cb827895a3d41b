//! What the server reports about itself: `INFO`, and how many keys the database has.

use std::time::Duration;

use redis::Value;

use super::commands::{Call, read_number};
use super::failure::refused;
use super::packed::Packed;
use crate::store::facts::Facts;

pub(super) fn facts() -> Call<Facts> {
    let mut commands = Packed::one(&[b"INFO"]);
    commands.add(&[b"DBSIZE"]);
    Call::many(commands, |reply| match reply {
        Value::Array(replies) => {
            let mut replies = replies.into_iter();
            let mut next = || replies.next().unwrap_or(Value::Nil);
            let text = match next() {
                Value::BulkString(text) => String::from_utf8_lossy(&text).into_owned(),
                Value::VerbatimString { text, .. } => text,
                other => return Err(refused(other)),
            };
            let keys = read_number(next())?;
            Ok(read(&text, keys.unsigned_abs()))
        }
        other => Err(refused(other)),
    })
}

fn read(info: &str, keys: u64) -> Facts {
    let text = |name: &str| {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.trim())
    };
    let number = |name: &str| text(name)?.parse::<u64>().ok();
    // Valkey also reports which Redis it stands in for.
    let server = match (text("valkey_version"), text("redis_version")) {
        (Some(version), _) => Some(format!("Valkey {version}")),
        (None, Some(version)) => Some(format!("Redis {version}")),
        (None, None) => None,
    };
    Facts {
        server,
        servers: 1,
        needs_prepare: false,
        entries: Some(keys),
        bytes: number("used_memory"),
        max_bytes: number("maxmemory").filter(|most| *most > 0),
        hits: number("keyspace_hits"),
        misses: number("keyspace_misses"),
        evictions: number("evicted_keys"),
        connections: number("connected_clients"),
        uptime: number("uptime_in_seconds").map(Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_not_said_is_not_known() {
        let info =
            "# Server\r\nredis_version:7.2.4\r\n\r\n# Stats\r\nkeyspace_hits:12\r\nmaxmemory:0\r\n";
        let facts = read(info, 3);
        assert_eq!(facts.server.as_deref(), Some("Redis 7.2.4"));
        assert_eq!((facts.hits, facts.misses), (Some(12), None));
        assert_eq!((facts.entries, facts.max_bytes), (Some(3), None));
        let valkey = read("redis_version:7.2.4\r\nvalkey_version:8.1.0\r\n", 0);
        assert_eq!(valkey.server.as_deref(), Some("Valkey 8.1.0"));
    }
}
