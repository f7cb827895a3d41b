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
use crate::error::CacheError;
use crate::store::Store;

/// Connections that are lent to one caller at a time.
pub(super) struct Pool {
    client: redis::Client,
    config: RedisConfig,
    shelf: Mutex<Shelf>,
    returned: Condvar,
}

/// The connections that nobody uses, and how many there are in all.
#[derive(Default)]
struct Shelf {
    /// The last one returned is the first one lent: it is the least likely to have been closed.
    // Boxed: each is a few hundred bytes, and goes from hand to hand.
    #[expect(
        clippy::vec_box,
        reason = "they are moved in and out, and never walked over"
    )]
    idle: Vec<Box<Pooled>>,
    /// Idle, lent, and being made.
    open: usize,
    /// Callers who wait for one. Waking nobody is a system call, too.
    waiting: usize,
    /// Goes up when the server is found dead: connections made before are not lent again.
    generation: u64,
}

impl Pool {
    pub(super) fn new(config: RedisConfig) -> Result<Self, CacheError> {
        Ok(Self {
            client: config.client()?,
            config,
            shelf: Mutex::default(),
            returned: Condvar::new(),
        })
    }

    fn exchange_now(&self, request: &Request) -> Result<Value, CacheError> {
        let deadline = Instant::now() + self.config.op_timeout;
        let mut lease = self.lease(deadline)?;
        if lease.pooled.is_some() {
            match lease.ask(request, deadline) {
                // The server was restarted, or closed an idle connection: once more, on a new one.
                Err(error) if request.repeatable && failure::connection_was_dead(&error) => {}
                outcome => return outcome.map_err(failure::describe),
            }
        }
        lease.connect(deadline)?;
        lease.ask(request, deadline).map_err(failure::describe)
    }

    /// An idle connection, or the right to make one, or what another caller gives back.
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

    /// Connections made up to now are not lent again, as far as `generation` is still the last.
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
        self.exchange_now(request)
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
        let Pool { client, config, .. } = self.pool;
        let generation = self.pool.shelf().generation;
        let deadline = deadline.min(Instant::now() + config.connect_timeout);
        self.pooled = Some(Box::new(Pooled::connect(
            client, config, deadline, generation,
        )?));
        Ok(())
    }

    fn ask(&mut self, request: &Request, deadline: Instant) -> RedisResult<Value> {
        // Taken out: if anything goes wrong, a panic included, it is not lent again with a reply
        // still to come.
        let Some(mut pooled) = self.pooled.take() else {
            return Err(io::Error::from(io::ErrorKind::NotConnected).into());
        };
        let outcome = pooled.ask(request, deadline);
        if !failure::ends_connection(&outcome) {
            self.pooled = Some(pooled);
        } else if outcome.as_ref().is_err_and(failure::connection_was_dead) {
            // The idle ones were made to the same server.
            self.pool.retire(pooled.generation);
        }
        outcome
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
