//! What an error of the Redis client means: for the caller, and for the connection it came over.

use std::io;
use std::time::Duration;

use redis::{RedisError, RedisResult, ServerError, ServerErrorKind, Value};

use super::config::RedisAddress;
use crate::error::{CacheError, ErrorKind};
use crate::store::counting;

const NO_INTEGER: &str = "value is not an integer";

const FAILED: &str = "connection to redis failed";

/// Returns the error as the caller of the store sees it.
pub(super) fn describe(error: RedisError) -> CacheError {
    let kind = kind(&error);
    let text = match (error.code(), error.detail()) {
        (_, Some(detail)) if detail.contains(NO_INTEGER) => counting::NOT_AN_INTEGER.to_owned(),
        (_, Some(detail)) if detail.contains("would overflow") => counting::TOO_LARGE.to_owned(),
        (Some("NOAUTH"), _) => {
            "the server wants a login (NOAUTH): write it into the URL, user:password@host"
                .to_owned()
        }
        (Some(code), Some(detail)) => format!("the server answered {code} {detail}"),
        (Some(code), None) => format!("the server answered {code}"),
        (None, _) if kind == ErrorKind::Timeout => "no answer from redis in time".to_owned(),
        (None, _) if error.is_io_error() => format!("{FAILED}: {error}"),
        (None, Some(detail)) => format!("{}: {detail}", error.category()),
        (None, None) => error.category().to_owned(),
    };
    let described = CacheError::new(kind, fragment(text));
    match error.code() {
        // The client has the same text under a heading of its own.
        Some(_) => described,
        None => described.with_source(error),
    }
}

/// Adds the server to an error of connecting.
pub(super) fn at(error: CacheError, address: &RedisAddress) -> CacheError {
    error.reworded(|text| match text.strip_prefix(FAILED) {
        Some(why) => format!("connection to redis at {address} failed{why}"),
        None => text,
    })
}

/// Returns the error for a socket that broke, or never was one.
pub(super) fn broken(error: io::Error) -> CacheError {
    describe(error.into())
}

/// Returns the error for an address that this connection cannot have.
pub(super) fn not_here(what: &str) -> CacheError {
    CacheError::new(ErrorKind::Config, format!("{what} is of no use here"))
}

/// Returns the server's own error, or one saying that its answer has an unexpected shape.
pub(super) fn refused(reply: Value) -> CacheError {
    match reply {
        Value::ServerError(error) => describe(error.into()),
        other => unexpected(&other),
    }
}

/// Returns the error for a refused login. Only the code is shown: a server that does not know the command
/// repeats its arguments, and thereby the password.
pub(super) fn login(error: &ServerError) -> CacheError {
    let code = error.code();
    CacheError::new(
        ErrorKind::Store,
        format!(
            "the server refused the login ({code}): check the user and the password in the URL"
        ),
    )
}

/// Returns the error for a server that does not speak RESP3, for the reason with this code.
pub(super) fn no_resp3(why: &str) -> CacheError {
    let kind = match why {
        "ERR" | "NOPROTO" | "NOPERM" => ErrorKind::Unsupported,
        // It may agree later.
        _ => ErrorKind::Unavailable,
    };
    CacheError::new(kind, format!("the server does not speak RESP3: {why}"))
}

/// Returns the error for a missing permission: the server's refusal is permanent.
pub(super) fn not_allowed(reply: Value) -> CacheError {
    match reply {
        Value::ServerError(error) if error.code() == "NOPERM" => {
            let text = "the user of the redis server may not publish or listen on this channel";
            CacheError::new(ErrorKind::Unsupported, text)
        }
        other => refused(other),
    }
}

/// The time limit of the operation is over.
pub(super) fn timeout(limit: Duration, what: &str) -> CacheError {
    CacheError::new(ErrorKind::Timeout, format!("{what} within {limit:?}"))
}

/// Returns the error for a connection that an operation waited for in vain.
pub(super) fn lost(what: &str) -> CacheError {
    CacheError::new(ErrorKind::Unavailable, what)
}

/// Returns the error for a reply that this command does not have.
pub(super) fn unexpected(reply: &Value) -> CacheError {
    let shape = match reply {
        Value::Nil => "nil",
        Value::Int(_) => "an integer",
        Value::BulkString(_) => "a string",
        Value::Array(_) => "an array",
        Value::SimpleString(_) | Value::Okay => "a status",
        Value::Map(_) => "a map",
        _ => "something else",
    };
    CacheError::new(
        ErrorKind::Store,
        format!("the server gave an unexpected answer: {shape}"),
    )
}

/// Returns whether the connection must not be used again after this outcome.
pub(super) fn ends_connection(outcome: &RedisResult<Value>) -> bool {
    match outcome {
        // A master that became a replica keeps its old connections: a new one may find the new
        // master behind the same name.
        Ok(reply) => is_by_replica(reply),
        // After a timeout too. The answer may still come, but if the server hangs, requests would
        // pile up behind the one that is stuck; a new connection is not used until the server
        // answers its greeting, so that nothing more is sent to a server that hangs.
        Err(error) => error.is_io_error() || error.is_unrecoverable_error(),
    }
}

/// Returns the error for a server that was a master when the connection was made.
pub(super) fn no_master() -> CacheError {
    lost("the redis server is no master any more")
}

/// Returns whether a replica refused to write, or said that it is one. Of several commands, the first decides:
/// each request here that writes begins with a write, or with that question.
pub(super) fn is_by_replica(reply: &Value) -> bool {
    match reply {
        Value::ServerError(error) => is_read_only(error),
        Value::Array(replies) => match replies.first() {
            Some(Value::ServerError(error)) => is_read_only(error),
            // The reply of `ROLE`. Nothing else that is requested here begins with an array of texts.
            Some(Value::Array(role)) => {
                matches!(role.first(), Some(Value::BulkString(name)) if name == b"slave")
            }
            _ => false,
        },
        _ => false,
    }
}

/// Like [`is_wrong_type`]: a script's error may be inside another.
fn is_read_only(error: &ServerError) -> bool {
    let detail = error.details().unwrap_or_default();
    error.kind() == Some(ServerErrorKind::ReadOnly) || detail.contains("-READONLY ")
}

/// Returns whether the connection was gone, as when the server was restarted meanwhile.
pub(super) fn connection_was_dead(error: &RedisError) -> bool {
    error.is_connection_dropped() && !error.is_timeout()
}

fn kind(error: &RedisError) -> ErrorKind {
    use redis::ErrorKind as Client;
    match error.kind() {
        _ if error.is_timeout() => ErrorKind::Timeout,
        Client::Io => ErrorKind::Unavailable,
        Client::InvalidClientConfig => ErrorKind::Config,
        // The server is there and says that it will be available later.
        Client::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown,
        ) => ErrorKind::Unavailable,
        _ if is_wrong_type(error) => ErrorKind::Decode,
        _ => ErrorKind::Store,
    }
}

/// Returns whether the stored value is not of the kind that the command works on. Servers before 7.0 wrap the
/// errors of a script in a sentence of their own, so the text is searched as well.
fn is_wrong_type(error: &RedisError) -> bool {
    let detail = error.detail().unwrap_or_default();
    error.code() == Some("WRONGTYPE")
        || detail.contains("WRONGTYPE ")
        || detail.contains(NO_INTEGER)
}

fn fragment(text: String) -> String {
    let text = text.trim_end_matches('.');
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
