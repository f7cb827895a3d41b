//! Which caller gets which connection. A caller that leaves takes its connection with it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout_at};

use super::config::SqlConfig;
use super::connect::Place;
use super::connection::Connection;
use super::failure::{self, Failure};
use super::operations::Operation;
use super::texts::Texts;
use crate::clock::end_of;
use crate::error::CacheError;

/// A connection that was not used for this long is replaced: something on the way may have
/// dropped it without notice.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// Connections that are lent to one caller at a time. Clones are the same pool.
///
/// The pool of the client would ping the server whenever a connection comes
/// back, for as long as it takes: a server that hangs would keep every connection.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    place: Place,
    connect_timeout: Duration,
    op_timeout: Duration,
    /// How many connections there may be.
    seats: Arc<Semaphore>,
    /// SQLite has one writer at a time. A caller that waits here is woken in turn; one that waits in SQLite
    /// polls.
    pen: Option<Arc<Semaphore>>,
    shelf: Mutex<Shelf>,
}

/// The connections that are not in use.
#[derive(Default)]
struct Shelf {
    /// The last one returned is the first one lent: it is the least likely to have been closed.
    idle: Vec<(Connection, Instant)>,
    /// Increases when the server is found dead: earlier connections are not lent again.
    generation: u64,
}

impl Pool {
    pub(super) fn new(config: &SqlConfig) -> Self {
        let place = Place::new(config);
        let seats = if place.is_memory() {
            1
        } else {
            config.max_connections.clamp(1, Semaphore::MAX_PERMITS)
        };
        Self(Arc::new(Inner {
            pen: place.is_file().then(|| Arc::new(Semaphore::new(1))),
            place,
            connect_timeout: config.connect_timeout,
            op_timeout: config.op_timeout,
            seats: Arc::new(Semaphore::new(seats)),
            shelf: Mutex::default(),
        }))
    }

    /// Returns the pool of a tokio runtime: this one, if connections do not belong to a runtime.
    pub(super) fn for_runtime(&self, config: &SqlConfig) -> Self {
        if self.0.place.is_file() {
            self.clone()
        } else {
            Self::new(config)
        }
    }

    /// Returns whether the database lives in its only connection, which is never given up.
    pub(super) fn is_memory(&self) -> bool {
        self.0.place.is_memory()
    }

    /// Returns the right to a connection: an idle one, or one that is still to be made.
    pub(super) async fn lease(&self, writes: bool, deadline: Instant) -> Result<Lease, CacheError> {
        let wait = |semaphore: &Arc<Semaphore>| {
            timeout_at(deadline.into(), Arc::clone(semaphore).acquire_owned())
        };
        let late = || failure::timeout(self.0.op_timeout, "no free connection to the database");
        let pen = match &self.0.pen {
            Some(pen) if writes => Some(wait(pen).await.map_err(|_| late())?),
            _ => None,
        };
        let seat = wait(&self.0.seats).await.map_err(|_| late())?;
        let mut shelf = self.0.shelf();
        let mut connection = None;
        while let Some((idle, since)) = shelf.idle.pop() {
            if self.is_memory() || since.elapsed() < IDLE {
                connection = Some(idle);
                break;
            }
        }
        let generation = shelf.generation;
        drop(shelf);
        Ok(Lease {
            pool: self.clone(),
            connection,
            generation,
            _seat: seat.ok(),
            _pen: pen.and_then(Result::ok),
        })
    }

    /// Stops lending the present connections.
    pub(super) async fn close(&self) {
        if self.is_memory() {
            return;
        }
        let generation = self.0.shelf().generation;
        for (connection, _) in self.retire(generation) {
            // Properly, but not at any price.
            let farewell = connection.close();
            let _ = tokio::time::timeout(self.0.connect_timeout, farewell).await;
        }
    }

    /// Takes the idle connections out, if `generation` is still the current one.
    fn retire(&self, generation: u64) -> Vec<(Connection, Instant)> {
        let mut shelf = self.0.shelf();
        if shelf.generation != generation {
            return Vec::new();
        }
        shelf.generation += 1;
        std::mem::take(&mut shelf.idle)
    }
}

impl Inner {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one connection, given back when this is dropped.
pub(super) struct Lease {
    pool: Pool,
    connection: Option<Connection>,
    generation: u64,
    _seat: Option<OwnedSemaphorePermit>,
    _pen: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Returns whether it has been used before, so that it may turn out to be dead.
    pub(super) fn is_used(&self) -> bool {
        self.connection.is_some()
    }

    /// Runs the operation over the connection, which is made now if there is none.
    pub(super) async fn ask<O: Operation>(
        &mut self,
        operation: &O,
        texts: &Texts,
        deadline: Instant,
    ) -> Result<O::Answer, Failure> {
        // Taken out: if anything goes wrong, including a caller that leaves, it is not lent again
        // with an answer still to come.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.generation = self.pool.0.shelf().generation;
                self.connect(deadline).await?
            }
        };
        let limit = self.pool.0.op_timeout;
        let late = || Failure::Ours(failure::timeout(limit, "no answer from the database"));
        let asked = operation.ask(&mut connection, texts);
        let outcome = if self.pool.is_memory() {
            // It is never abandoned half way, for then the data would be gone.
            asked.await
        } else {
            timeout_at(deadline.into(), asked)
                .await
                .map_err(|_| late())?
        };
        match &outcome {
            Err(failure) if failure.ends_connection() && !self.pool.is_memory() => {
                if failure.connection_was_dead() {
                    // The idle ones were made to the same server.
                    drop(self.pool.retire(self.generation));
                }
            }
            _ => self.connection = Some(connection),
        }
        outcome
    }

    async fn connect(&self, deadline: Instant) -> Result<Connection, Failure> {
        let Inner {
            place,
            connect_timeout,
            ..
        } = &*self.pool.0;
        let deadline = deadline.min(end_of(*connect_timeout));
        loop {
            match timeout_at(deadline.into(), place.connect()).await {
                // A file that is just becoming a database is locked in a way that cannot be waited
                // for.
                Ok(Err(failure)) if place.is_file() && failure.is_too_slow() => {
                    sleep(Duration::from_millis(5)).await;
                }
                Ok(outcome) => return outcome,
                Err(_) => {
                    let what = "no connection to the database";
                    return Err(Failure::Ours(failure::timeout(*connect_timeout, what)));
                }
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let mut shelf = self.pool.0.shelf();
        if shelf.generation == self.generation {
            shelf.idle.push((connection, Instant::now()));
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("free", &self.0.seats.available_permits())
            .field("idle", &self.0.shelf().idle.len())
            .finish_non_exhaustive()
    }
}
