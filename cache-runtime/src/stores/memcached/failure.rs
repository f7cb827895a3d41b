//! What goes wrong: on the way to a server, and in its answers.

use std::io;
use std::time::Duration;

use super::config::MemcachedAddress;
use super::replies::Reply;
use crate::error::{CacheError, ErrorKind};

/// An exchange without an answer.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) error: io::Error,
    /// Whether the server may have done what it was asked for.
    pub(super) may_be_done: bool,
    /// Whether it says something about the server, and not only about this client.
    pub(super) blames_server: bool,
}

impl Broken {
    /// Returns the failure of an exchange of which nothing was sent.
    pub(super) fn before(error: io::Error) -> Self {
        Self {
            error,
            may_be_done: false,
            blames_server: true,
        }
    }

    /// Returns the failure if all connections are in use for as long as the operation may take.
    pub(super) fn crowded() -> Self {
        Self {
            blames_server: false,
            ..Self::before(io::Error::new(
                io::ErrorKind::TimedOut,
                "no free connection",
            ))
        }
    }

    /// Returns the error as the caller of the store sees it.
    pub(super) fn describe(self, server: &MemcachedAddress, limit: Duration) -> CacheError {
        if self.error.kind() == io::ErrorKind::TimedOut {
            let text = if self.blames_server {
                format!("no answer from memcached at {server} within {limit:?}")
            } else {
                format!("no free connection to memcached at {server} within {limit:?}")
            };
            return CacheError::new(ErrorKind::Timeout, text).with_source(self.error);
        }
        let text = format!("connection to memcached at {server} failed: {}", self.error);
        CacheError::new(ErrorKind::Unavailable, text).with_source(self.error)
    }
}

/// Returns whether the connection was gone, as when the server was restarted meanwhile.
pub(super) fn connection_was_dead(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
    )
}

/// Returns the error for a reply that refuses, or that this command does not have.
pub(super) fn refused(reply: Reply) -> CacheError {
    let Reply::Refused(text) = reply else {
        let what = "the server gave an unexpected answer";
        return CacheError::new(ErrorKind::Store, what);
    };
    if is_too_large(&text) {
        let what = "the value is larger than the server takes (memcached's -I, 1 MiB unless told)";
        return CacheError::new(ErrorKind::TooLarge, what);
    }
    if text.contains("Too many open connections") {
        return CacheError::new(
            ErrorKind::Unavailable,
            format!("the server answered {text}"),
        );
    }
    if text == "ERROR" {
        let what = "the server does not know the command: memcached 1.6 or newer is needed";
        return CacheError::new(ErrorKind::Store, what);
    }
    CacheError::new(ErrorKind::Store, format!("the server answered {text}"))
}

pub(super) fn is_too_large(text: &str) -> bool {
    text.starts_with("SERVER_ERROR object too large")
}
