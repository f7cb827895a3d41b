//! One connection of the pool, held to what is left of an operation's time.

use std::io;
use std::time::{Duration, Instant};

use redis::{Connection, RedisError, RedisResult, Value};

use super::commands::{self, Request};
use super::config::RedisConfig;
use super::failure;
use crate::error::CacheError;

/// A request up to this size always fits into the socket's empty buffer: writing does not wait.
const SMALL: usize = 8 << 10;

/// Larger ones are written in pieces, with a look at the clock before each.
const PIECE: usize = 16 << 10;

/// Limits are set anew only when they are too long by more than this; it saves the system call.
const TOLERANCE: Duration = Duration::from_millis(10);

/// Zero would mean "no limit".
const SHORTEST: Duration = Duration::from_millis(1);

/// A connection, and what the pool knows of it.
pub(super) struct Pooled {
    connection: Connection,
    /// How long the connection waits in one write; zero if that is not known.
    write_limit: Duration,
    /// The same for one read.
    read_limit: Duration,
    /// The pool's generation when it was made.
    pub(super) generation: u64,
}

impl Pooled {
    /// Connects, and says who we are.
    pub(super) fn connect(
        client: &redis::Client,
        config: &RedisConfig,
        deadline: Instant,
        generation: u64,
    ) -> Result<Self, CacheError> {
        let limit = left(deadline).map_err(RedisError::from);
        let connection = limit.and_then(|limit| client.get_connection_with_timeout(limit));
        let mut pooled = Self {
            connection: connection.map_err(failure::describe)?,
            // The client took its own limits away again.
            write_limit: Duration::ZERO,
            read_limit: Duration::ZERO,
            generation,
        };
        for call in commands::greeting(config) {
            let reply = pooled.ask(&call.request, deadline);
            reply.map_err(failure::describe).and_then(call.read)?;
        }
        Ok(pooled)
    }

    /// Sends the request and reads the reply.
    ///
    /// By hand, because the client's own pipelines go on after a timeout, and wait as long again
    /// for each of the replies that are still to come.
    pub(super) fn ask(&mut self, request: &Request, deadline: Instant) -> RedisResult<Value> {
        self.write(&request.bytes, deadline)?;
        if !request.is_pipeline {
            return self.read(deadline);
        }
        let replies = (0..request.replies).map(|_| self.read(deadline));
        replies.collect::<RedisResult<_>>().map(Value::Array)
    }

    /// Gives the connection its usual limits back.
    pub(super) fn calm_down(&mut self, usual: Duration) -> RedisResult<()> {
        if self.write_limit != usual {
            self.limit_writes(usual)?;
        }
        if self.read_limit != usual {
            self.limit_reads(usual)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> RedisResult<()> {
        if bytes.len() <= SMALL {
            return self.connection.send_packed_command(bytes);
        }
        for piece in bytes.chunks(PIECE) {
            // A write whose limit is over may have written a part, and then the client waits the
            // whole limit again for the rest: hence half of what is left.
            let half = left(deadline)? / 2;
            if is_too_long(self.write_limit, half) {
                self.limit_writes(half.max(SHORTEST))?;
            }
            self.connection.send_packed_command(piece)?;
        }
        Ok(())
    }

    fn read(&mut self, deadline: Instant) -> RedisResult<Value> {
        let left = left(deadline)?;
        if is_too_long(self.read_limit, left) {
            self.limit_reads(left)?;
        }
        self.connection.recv_response()
    }

    fn limit_writes(&mut self, limit: Duration) -> RedisResult<()> {
        self.write_limit = limit;
        self.connection.set_write_timeout(Some(limit))
    }

    fn limit_reads(&mut self, limit: Duration) -> RedisResult<()> {
        self.read_limit = limit;
        self.connection.set_read_timeout(Some(limit))
    }
}

fn is_too_long(limit: Duration, wanted: Duration) -> bool {
    limit.is_zero() || wanted + TOLERANCE < limit
}

/// What is left until the deadline, or the error that nothing is.
fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left.max(SHORTEST)),
    }
}
