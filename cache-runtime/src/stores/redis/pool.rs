//! Callers that block: a pool of connections, without tokio, so that any thread may wait in it.

use std::fmt;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use redis::{RedisResult, Value};

use super::backend::Link;
use super::commands::Request;
use super::config::RedisConfig;
use super::failure;
use super::pooled::Pooled;
use crate::clock::end_of;
use crate::error::CacheError;
use crate::mode;
use crate::store::Store;

/// Connections that are lent to one caller at a time.
pub(super) struct Pool {
    config: RedisConfig,
    shelf: Mutex<Shelf>,
    returned: Condvar,
}

/// The connections that are not in use, and how many there are in all.
#[derive(Default)]
struct Shelf {
    /// The last one returned is the first one lent: it is the least likely to have been closed.
    // Boxed: each is a few hundred bytes, and is moved around.
    #[expect(
        clippy::vec_box,
        reason = "they are moved in and out, and never walked over"
    )]
    idle: Vec<Box<Pooled>>,
    /// Those that are idle, lent, or being made.
    open: usize,
    /// Callers that wait for one. Waking nobody is a system call, too.
    waiting: usize,
    /// Increases when the server is found dead: earlier connections are not lent again.
    generation: u64,
}

impl Pool {
    pub(super) fn new(config: RedisConfig) -> Self {
        Self {
            config,
            shelf: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// Sends the request and returns the reply, until the deadline.
    pub(super) fn exchange_until(
        &self,
        request: &Request,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        self.begin(request, deadline)?.finish(deadline)
    }

    /// Sends the request; the reply may be waited for later.
    pub(super) fn begin<'a>(
        &'a self,
        request: &'a Request,
        deadline: Instant,
    ) -> Result<Begun<'a>, CacheError> {
        let mut lease = self.lease(deadline)?;
        let was_idle = lease.pooled.is_some();
        if !was_idle {
            lease.connect(deadline)?;
        }
        Ok(Begun {
            sent: lease.send(request, deadline),
            lease,
            request,
            was_idle,
        })
    }

    /// Returns an idle connection, or the right to make one, or what another caller gives back.
    fn lease(&self, deadline: Instant) -> Result<Lease<'_>, CacheError> {
        let mut shelf = self.shelf();
        loop {
            let pooled = shelf.idle.pop();
            if pooled.is_some() || shelf.open < self.config.max_connections.max(1) {
                shelf.open += usize::from(pooled.is_none());
                return Ok(Lease { pool: self, pooled });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = "no free connection to redis";
                return Err(failure::timeout(self.config.op_timeout, what));
            }
            shelf.waiting += 1;
            let woken = self.returned.wait_timeout(shelf, left);
            shelf = woken.unwrap_or_else(PoisonError::into_inner).0;
            shelf.waiting -= 1;
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops lending the present connections, if `generation` is still the current one.
    fn retire(&self, generation: u64) {
        let mut shelf = self.shelf();
        if shelf.generation == generation {
            shelf.generation += 1;
            shelf.open -= shelf.idle.len();
            let dead = std::mem::take(&mut shelf.idle);
            drop(shelf);
            drop(dead);
        }
    }
}

impl Link for Pool {
    async fn exchange(&self, request: &Request) -> Result<Value, CacheError> {
        self.exchange_until(request, end_of(self.config.op_timeout))
    }

    fn close(&self) {
        let generation = self.shelf().generation;
        self.retire(generation);
    }

    fn blocking(&self) -> Option<&dyn Store> {
        None
    }
}

/// The right to one connection of the pool, given back when this is dropped.
struct Lease<'a> {
    pool: &'a Pool,
    pooled: Option<Box<Pooled>>,
}

impl Lease<'_> {
    fn connect(&mut self, deadline: Instant) -> Result<(), CacheError> {
        let config = &self.pool.config;
        let generation = self.pool.shelf().generation;
        let deadline = deadline.min(end_of(config.connect_timeout));
        let connected = mode::block_on(Pooled::connect(config, deadline, generation));
        self.pooled = Some(Box::new(connected?));
        Ok(())
    }

    /// Sends the request on the connection, which is taken out until its reply has been read: if
    /// anything goes wrong, including a panic, it is not lent again with a reply still to come.
    fn send(&mut self, request: &Request, deadline: Instant) -> RedisResult<Box<Pooled>> {
        let Some(mut pooled) = self.pooled.take() else {
            return Err(io::Error::from(io::ErrorKind::NotConnected).into());
        };
        match pooled.send(request, deadline) {
            Ok(()) => Ok(pooled),
            Err(error) => {
                self.take_back(pooled, &Err(error.clone()));
                Err(error)
            }
        }
    }

    fn receive(
        &mut self,
        mut pooled: Box<Pooled>,
        request: &Request,
        deadline: Instant,
    ) -> RedisResult<Value> {
        let outcome = pooled.receive(request, deadline);
        self.take_back(pooled, &outcome);
        outcome
    }

    fn take_back(&mut self, pooled: Box<Pooled>, outcome: &RedisResult<Value>) {
        if !failure::ends_connection(outcome) {
            self.pooled = Some(pooled);
        } else if outcome
            .as_ref()
            .map_or_else(failure::connection_was_dead, failure::is_by_replica)
        {
            // The idle ones were made to the same server.
            self.pool.retire(pooled.generation);
        }
    }
}

/// A request that was sent, its reply still to be read.
pub(super) struct Begun<'a> {
    sent: RedisResult<Box<Pooled>>,
    lease: Lease<'a>,
    request: &'a Request,
    was_idle: bool,
}

impl Begun<'_> {
    /// Reads the reply, until the deadline.
    pub(super) fn finish(self, deadline: Instant) -> Result<Value, CacheError> {
        let Self {
            sent,
            mut lease,
            request,
            was_idle,
        } = self;
        let mut outcome = sent.and_then(|pooled| lease.receive(pooled, request, deadline));
        let again = match &outcome {
            // The server was restarted, or closed an idle connection: once more, on a new one.
            Err(error) => request.repeatable && failure::connection_was_dead(error),
            // The master has become a replica, and has done nothing.
            Ok(reply) => failure::is_by_replica(reply) && lease.pool.config.address.may_move(),
        };
        if was_idle && again {
            lease.connect(deadline)?;
            let sent = lease.send(request, deadline);
            outcome = sent.and_then(|pooled| lease.receive(pooled, request, deadline));
        }
        outcome.map_err(failure::describe)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let usual = self.pool.config.op_timeout;
        let mut pooled = self.pooled.take();
        if pooled
            .as_mut()
            .is_some_and(|pooled| pooled.calm_down(usual).is_err())
        {
            pooled = None;
        }
        let mut shelf = self.pool.shelf();
        match pooled {
            Some(pooled) if pooled.generation == shelf.generation => shelf.idle.push(pooled),
            _ => shelf.open -= 1,
        }
        let is_awaited = shelf.waiting > 0;
        drop(shelf);
        if is_awaited {
            self.pool.returned.notify_one();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shelf = self.shelf();
        f.debug_struct("Pool")
            .field("config", &self.config)
            .field("open", &shelf.open)
            .field("idle", &shelf.idle.len())
            .finish_non_exhaustive()
    }
}
