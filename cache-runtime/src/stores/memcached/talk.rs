//! One exchange on a connection, without the connection: what may be written next, and what came.

use std::io;
use std::time::{Duration, Instant};

use super::replies::{Malformed, Replies, Reply};
use super::requests::Request;

/// Zero would mean "no limit" to a socket.
const SHORTEST: Duration = Duration::from_millis(1);

/// How long an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The end of the whole operation.
    pub(super) deadline: Instant,
    /// The longest time in which nothing is received or sent.
    pub(super) patience: Duration,
}

impl Limits {
    /// Returns how long the next wait may be, or the error that there is no time left.
    pub(super) fn next(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match left.min(self.patience) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            wait => Ok(wait.max(SHORTEST)),
        }
    }
}

/// A request on its way.
pub(super) struct Talk<'r> {
    request: &'r Request,
    written: usize,
    pub(super) replies: Vec<Reply>,
    is_spoilt: bool,
}

impl<'r> Talk<'r> {
    pub(super) fn new(request: &'r Request) -> Self {
        Self {
            request,
            written: 0,
            replies: Vec::with_capacity(request.replies),
            is_spoilt: false,
        }
    }

    /// Returns what is to be written before anything is read; may be nothing.
    pub(super) fn to_write(&self) -> &'r [u8] {
        let window = self.request.window(self.replies.len());
        &self.request.bytes[self.written.min(window)..window]
    }

    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
    }

    /// Returns whether the server may have seen it.
    pub(super) fn has_begun(&self) -> bool {
        self.written > 0
    }

    pub(super) fn is_done(&self) -> bool {
        self.replies.len() == self.request.replies
    }

    /// Returns whether the connection must not be used again.
    pub(super) fn is_spoilt(&self) -> bool {
        self.is_spoilt
    }

    /// Takes the replies that are complete.
    pub(super) fn take(&mut self, came: &mut Replies) -> io::Result<()> {
        while !self.is_done() {
            match came.next() {
                Ok(None) => return Ok(()),
                Ok(Some(reply)) if reply.spoils_connection() => {
                    // Nothing that comes after this has a meaning.
                    self.is_spoilt = true;
                    self.replies.resize(self.request.replies, reply);
                }
                Ok(Some(reply)) => self.replies.push(reply),
                Err(Malformed) => return Err(nonsense()),
            }
        }
        if came.inbox.is_empty() || self.is_spoilt {
            Ok(())
        } else {
            // More replies than questions.
            Err(nonsense())
        }
    }
}

pub(super) fn nonsense() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the server does not speak memcached's protocol",
    )
}
