//! Sentinels: where they are, in which order they are asked, and what they are asked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::Value;

use super::commands::{Call, command, read_text};
use super::config::RedisAddress;
use super::failure;
use super::packed::Packed;
use crate::error::{CacheError, ErrorKind};

/// Sentinels, and the name of the master they watch; `Debug` does not show the password.
///
/// For each new connection, they are asked where the master is, and the master is asked whether it is one.
#[derive(Clone)]
pub struct RedisSentinels {
    /// The host and port of each.
    pub nodes: Vec<(String, u16)>,
    /// The name by which they know the master.
    pub master: String,
    /// The sentinels' own ACL user; ignored without a password.
    pub username: Option<String>,
    /// The sentinels' own password.
    pub password: Option<String>,
    /// The one that was right last time, and is asked first; all clones share it.
    first: Arc<AtomicUsize>,
}

impl RedisSentinels {
    /// Returns sentinels without a password.
    #[must_use]
    pub fn new(nodes: Vec<(String, u16)>, master: impl Into<String>) -> Self {
        Self {
            nodes,
            master: master.into(),
            username: None,
            password: None,
            first: Arc::default(),
        }
    }

    /// Returns which sentinels to ask, one after the other; with each, how many come after it.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = (usize, usize)> + Send + use<> {
        let (first, count) = (self.first.load(Ordering::Relaxed), self.nodes.len());
        (0..count).map(move |at| (first.wrapping_add(at) % count, count - 1 - at))
    }

    pub(super) fn was_right(&self, at: usize) {
        self.first.store(at, Ordering::Relaxed);
    }

    /// Notes that none of them led to the master.
    pub(super) fn was_wrong(&self) {
        self.first.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asks a sentinel; `None` if it knows no such master.
pub(super) fn where_is(master: &str) -> Call<Option<RedisAddress>> {
    let question = command("SENTINEL", &["GET-MASTER-ADDR-BY-NAME", master]);
    Call::one(question, |reply| match reply {
        Value::Nil => Ok(None),
        Value::Array(parts) => {
            let mut parts = parts.into_iter().map(read_text);
            match (parts.next(), parts.next()) {
                (Some(host), Some(port)) => {
                    let port = port?.parse();
                    let port = port.map_err(|_| failure::unexpected(&Value::Nil))?;
                    Ok(Some(RedisAddress::tcp(host?, port)))
                }
                _ => Err(failure::unexpected(&Value::Array(Vec::new()))),
            }
        }
        other => Err(failure::refused(other)),
    })
}

/// Asks a server whether it is a master.
pub(super) fn role() -> Call<bool> {
    Call::one(Packed::one(&[b"ROLE"]), |reply| match reply {
        Value::Array(parts) => {
            let role = parts.into_iter().next().map(read_text).transpose()?;
            Ok(role.as_deref() == Some("master"))
        }
        // Asking is not permitted: then the sentinel's answer has to do.
        Value::ServerError(error) if error.code() == "NOPERM" => Ok(true),
        other => Err(failure::refused(other)),
    })
}

/// Returns the error for a sentinel that does not answer, or refuses to. It is of kind `Unavailable` in any case:
/// the master cannot be found, and need not be asked for often.
pub(super) fn no_word_of(host: &str, port: u16, error: CacheError) -> CacheError {
    CacheError::new(
        ErrorKind::Unavailable,
        format!("the sentinel {host}:{port}: {error}"),
    )
    .with_source(error)
}

impl PartialEq for RedisSentinels {
    fn eq(&self, other: &Self) -> bool {
        let parts = |of: &Self| {
            (
                of.nodes.clone(),
                of.master.clone(),
                of.username.clone(),
                of.password.clone(),
            )
        };
        parts(self) == parts(other)
    }
}

impl Eq for RedisSentinels {}

impl fmt::Debug for RedisSentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSentinels")
            .field("nodes", &self.nodes)
            .field("master", &self.master)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "(hidden)"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use redis::parse_redis_value;

    use super::{RedisAddress, RedisSentinels, role, where_is};
    use crate::ErrorKind;

    #[test]
    fn who_was_right_is_asked_first() {
        let nodes = ["a", "b", "c"].map(|host| (host.to_owned(), 26379));
        let sentinels = RedisSentinels::new(nodes.to_vec(), "m");
        let order = |of: &RedisSentinels| of.in_turn().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(order(&sentinels), [0, 1, 2]);
        let clone = sentinels.clone();
        clone.was_right(2);
        assert_eq!(order(&sentinels), [2, 0, 1], "clones know it too");
        sentinels.was_wrong();
        assert_eq!(order(&sentinels), [0, 1, 2]);
        assert_eq!(
            sentinels
                .in_turn()
                .map(|(_, left)| left)
                .collect::<Vec<_>>(),
            [2, 1, 0]
        );
        assert!(order(&RedisSentinels::new(Vec::new(), "m")).is_empty());
    }

    #[test]
    fn answers_are_read() {
        let read = |text: &str| {
            let reply = parse_redis_value(text.as_bytes()).unwrap();
            (where_is("m").read)(reply).map_err(|error| error.kind())
        };
        assert_eq!(
            read("*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n"),
            Ok(Some(RedisAddress::tcp("127.0.0.1", 6379)))
        );
        assert_eq!(read("*-1\r\n"), Ok(None));
        assert_eq!(read("_\r\n"), Ok(None));
        assert_eq!(read("*2\r\n$1\r\nh\r\n$1\r\nx\r\n"), Err(ErrorKind::Store));
        assert_eq!(read("*1\r\n$1\r\nh\r\n"), Err(ErrorKind::Store));
        assert_eq!(read("-ERR unknown command\r\n"), Err(ErrorKind::Store));
        assert_eq!(read("-IDONTKNOW\r\n"), Err(ErrorKind::Store));

        let is_master = |text: &str| (role().read)(parse_redis_value(text.as_bytes()).unwrap());
        assert!(is_master("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n").unwrap());
        assert!(!is_master("*2\r\n$5\r\nslave\r\n:0\r\n").unwrap());
        assert!(!is_master("*0\r\n").unwrap());
        assert!(is_master("-NOPERM this user has no permissions\r\n").unwrap());
        assert!(is_master("-ERR unknown command\r\n").is_err());
    }
}
