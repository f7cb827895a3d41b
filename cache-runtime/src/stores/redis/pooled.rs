//! One connection of the pool, held to what is left of an operation's time.

use std::io;
use std::time::{Duration, Instant};

use redis::{RedisResult, Value};

use super::commands::Request;
use super::config::{RedisAddress, RedisConfig};
use super::connecting::{self, Dial};
use super::failure;
use super::replies::Replies;
use super::stream::Stream;
use crate::error::CacheError;

/// A connection, and what the pool knows about it.
pub(super) struct Pooled {
    conversation: Conversation,
    /// The pool's generation when it was made.
    pub(super) generation: u64,
}

/// Requests and their replies, over a socket.
pub(super) struct Conversation {
    stream: Stream,
    replies: Replies,
}

impl Pooled {
    /// Connects and logs in. Ready when it is first polled.
    pub(super) async fn connect(
        config: &RedisConfig,
        deadline: Instant,
        generation: u64,
    ) -> Result<Self, CacheError> {
        let mut conversation = connecting::connect(&Blocking, config, deadline).await?;
        // The limits of the socket are what was left for connecting; those of an operation are set now.
        let calmed = conversation.stream.calm_down(config.op_timeout);
        calmed.map_err(failure::broken)?;
        Ok(Self {
            conversation,
            generation,
        })
    }

    /// Sends the request.
    pub(super) fn send(&mut self, request: &Request, deadline: Instant) -> RedisResult<()> {
        self.conversation.send(request, deadline)
    }

    /// Reads the reply.
    pub(super) fn receive(&mut self, request: &Request, deadline: Instant) -> RedisResult<Value> {
        self.conversation.receive(request, deadline)
    }

    /// Gives the connection its usual limits back.
    pub(super) fn calm_down(&mut self, usual: Duration) -> io::Result<()> {
        self.conversation.stream.calm_down(usual)
    }
}

impl Conversation {
    fn ask(&mut self, request: &Request, deadline: Instant) -> RedisResult<Value> {
        self.send(request, deadline)?;
        self.receive(request, deadline)
    }

    fn send(&mut self, request: &Request, deadline: Instant) -> RedisResult<()> {
        self.stream.write(&request.bytes, deadline)?;
        Ok(())
    }

    fn receive(&mut self, request: &Request, deadline: Instant) -> RedisResult<Value> {
        let reply = if request.is_pipeline {
            let replies = (0..request.replies).map(|_| self.reply(deadline));
            replies.collect::<RedisResult<_>>().map(Value::Array)
        } else {
            self.reply(deadline)
        }?;
        // An unexpected reply would be taken for the answer to the next request.
        match self.replies.next() {
            Ok(Some(Value::Push { .. }) | None) => Ok(reply),
            Ok(Some(_)) | Err(_) => Err(io::Error::from(io::ErrorKind::InvalidData).into()),
        }
    }

    fn reply(&mut self, deadline: Instant) -> RedisResult<Value> {
        loop {
            match self.replies.next() {
                // Nothing here has asked for news.
                Ok(Some(Value::Push { .. })) => continue,
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(_) => return Err(io::Error::from(io::ErrorKind::InvalidData).into()),
            }
            match self.stream.read(self.replies.inbox.room(), deadline)? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                bytes => self.replies.inbox.came(bytes),
            }
        }
    }
}

/// Makes connections for callers that block: nothing here is ever pending.
struct Blocking;

impl Dial for Blocking {
    type Connection = Conversation;

    async fn dial(
        &self,
        address: &RedisAddress,
        config: &RedisConfig,
        deadline: Instant,
    ) -> Result<Conversation, CacheError> {
        let stream = Stream::connect(address, config.tls.as_ref(), deadline)?;
        Ok(Conversation {
            stream,
            replies: Replies::default(),
        })
    }

    async fn ask(
        &self,
        connection: &mut Conversation,
        request: &Request,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        let reply = connection.ask(request, deadline);
        // What is wrong with the client's certificate is reported with the first reply.
        reply.map_err(|error| {
            let trouble = connection.stream.trouble();
            trouble.unwrap_or_else(|| failure::describe(error))
        })
    }
}
