//! What a node's answer says about where a key is.

use std::time::{Duration, Instant};

use redis::{ServerError, ServerErrorKind, Value};

use super::super::commands::Request;
use super::super::config::RedisAddress;
use super::super::failure;
use crate::clock::Clock;
use crate::error::CacheError;
use crate::mode::Mode;

/// How many times a request is redirected. Once is common, twice if a slot is moving; more often means
/// that nodes contradict each other, as they do for a moment when slots have just moved.
pub(super) const MOST_REDIRECTIONS: u32 = 7;

/// The first pause that lets them come to agree; each is twice as long as the one before.
const FIRST_MOMENT: Duration = Duration::from_millis(5);

/// Where a request has to go, according to the answer to it.
#[derive(Debug)]
pub(super) enum Direction {
    /// It was answered.
    Here,
    /// The slot has moved there permanently.
    Moved(Target),
    /// The slot is moving there; this key has moved already.
    Ask(Target),
    /// The node is there, but cannot say for now.
    Nowhere(CacheError),
}

/// The address of a redirection; it may leave the host out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// Returns the address; without a host, it means that of the node that said it.
    pub(super) fn address(self, said_by: &RedisAddress) -> RedisAddress {
        beside(self.host, self.port, said_by)
    }
}

/// Returns the address of `host`; if that is empty, another port of the node that said it.
pub(super) fn beside(host: String, port: u16, said_by: &RedisAddress) -> RedisAddress {
    match said_by {
        RedisAddress::Tcp { host: same, .. } if host.is_empty() => RedisAddress::tcp(same, port),
        _ => RedisAddress::tcp(host, port),
    }
}

/// Pauses before a request is redirected for the `nth` time; false if its time is over.
pub(super) async fn moment(mode: Mode, nth: u32, deadline: Instant) -> bool {
    let Some(doublings) = nth.checked_sub(3) else {
        return true;
    };
    let moment = FIRST_MOMENT * 2_u32.pow(doublings);
    if Instant::now() + moment >= deadline {
        return false;
    }
    match mode {
        Mode::Async => Clock::system().alarm(moment).await,
        Mode::Blocking => std::thread::sleep(moment),
    }
    true
}

/// Returns the error for nodes that contradict each other.
pub(super) fn in_circles() -> CacheError {
    failure::lost("the nodes of the redis cluster send this key in circles").partial()
}

/// Returns what the reply to `request` says.
pub(super) fn direction(request: &Request, reply: &Value) -> Direction {
    match reply {
        Value::ServerError(error) => of_error(error),
        // Several commands about one key: if one of them has to go elsewhere, all of them have to.
        Value::Array(replies) if request.is_pipeline => replies
            .iter()
            .map(of_reply)
            .find(|direction| !matches!(direction, Direction::Here))
            .unwrap_or(Direction::Here),
        _ => Direction::Here,
    }
}

/// Returns what the reply to one command says.
pub(super) fn of_reply(reply: &Value) -> Direction {
    match reply {
        Value::ServerError(error) => of_error(error),
        _ => Direction::Here,
    }
}

fn of_error(error: &ServerError) -> Direction {
    let target = || target(error.details().unwrap_or_default());
    match error.kind() {
        Some(ServerErrorKind::Moved) => target().map(Direction::Moved),
        Some(ServerErrorKind::Ask) => target().map(Direction::Ask),
        _ => None,
    }
    .unwrap_or_else(|| {
        let described = failure::describe(error.clone().into());
        if described.is_retryable() {
            Direction::Nowhere(described.partial())
        } else {
            Direction::Here
        }
    })
}

/// `3999 127.0.0.1:6381`; the host may be empty, and an IPv6 address has no brackets.
fn target(detail: &str) -> Option<Target> {
    let (_slot, address) = detail.split_once(' ')?;
    let (host, port) = address.trim().rsplit_once(':')?;
    Some(Target {
        host: host.to_owned(),
        port: port.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;
    use crate::error::ErrorKind;
    use crate::stores::redis::commands;

    fn error(text: &str) -> Value {
        redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).unwrap()
    }

    fn told(text: &str) -> Direction {
        direction(&commands::get("k").request, &error(text))
    }

    #[test]
    fn redirections_are_read() {
        let here = RedisAddress::tcp("here", 7000);
        for (text, expected) in [
            (
                "MOVED 3999 127.0.0.1:6381",
                RedisAddress::tcp("127.0.0.1", 6381),
            ),
            (
                "MOVED 0 node-2.example:7",
                RedisAddress::tcp("node-2.example", 7),
            ),
            ("MOVED 1 ::1:7001", RedisAddress::tcp("::1", 7001)),
            ("MOVED 1 :7001", RedisAddress::tcp("here", 7001)),
        ] {
            let Direction::Moved(target) = told(text) else {
                panic!("{text}");
            };
            assert_eq!(target.address(&here), expected, "{text}");
        }
        assert!(matches!(told("ASK 1 h:1"), Direction::Ask(_)));
        // Whoever says such a thing is answered like any server that says no.
        for text in ["MOVED", "MOVED 1", "MOVED 1 h", "MOVED 1 h:x", "ERR no"] {
            assert!(matches!(told(text), Direction::Here), "{text}");
        }
    }

    #[test]
    fn a_node_that_cannot_say_is_a_part_that_is_down() {
        for text in [
            "CLUSTERDOWN Hash slot not served",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "LOADING Redis is loading the dataset in memory",
        ] {
            let Direction::Nowhere(error) = told(text) else {
                panic!("{text}");
            };
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{text}");
            assert!(error.is_partial(), "{text}");
        }
    }

    #[test]
    fn of_several_commands_the_one_that_must_go_elsewhere_decides() {
        let touch = commands::touch("k", None).request;
        let reply = Value::Array(vec![Value::Int(1), error("ASK 1 h:1")]);
        assert!(matches!(direction(&touch, &reply), Direction::Ask(_)));
        let reply = Value::Array(vec![Value::Int(1), Value::Int(1)]);
        assert!(matches!(direction(&touch, &reply), Direction::Here));
    }
}
