//! Connections of callers that block: a pool for each server, without tokio, so that any thread
//! may wait in it.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::backend::Link;
use super::facts;
use super::failure::Broken;
use super::lent::{self, Lender, Lent};
use super::listing::{self, Walk};
use super::replies::{Replies, Reply};
use super::requests::Request;
use super::route::{Exchange, Servers};
use super::shelf::Shelf;
use super::talk::Limits;
use crate::error::CacheError;
use crate::store::Store;
use crate::store::facts::Facts;
use crate::stores::limited;

/// The limits of a socket are set again only if they are wrong by more than this, which saves the system
/// call.
const TOLERANCE: Duration = Duration::from_millis(10);

/// Connections that are lent to one caller at a time.
#[derive(Debug)]
pub(super) struct Pool {
    servers: Arc<Servers>,
    lanes: Vec<Lane>,
}

/// The connections to one server.
#[derive(Debug, Default)]
struct Lane {
    shelf: Shelf<Connection>,
    users: Mutex<Users>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct Users {
    now: usize,
    /// Waking nobody is a system call, too.
    waiting: usize,
}

/// The right to use one connection.
struct Permit<'a>(&'a Lane);

pub(super) struct Connection {
    stream: TcpStream,
    replies: Replies,
    generation: u64,
    read_limit: Duration,
    write_limit: Duration,
}

impl Pool {
    pub(super) fn new(servers: Arc<Servers>) -> Self {
        Self {
            lanes: (0..servers.ring.len()).map(|_| Lane::default()).collect(),
            servers,
        }
    }
}

impl Exchange for Pool {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    async fn exchange(
        &self,
        server: usize,
        request: &Request,
        limits: Limits,
    ) -> Result<Vec<Reply>, Broken> {
        let most = self.servers.config.max_connections.max(1);
        let _permit = self.lanes[server].enter(most, limits)?;
        lent::exchange(self, server, request, limits).await
    }
}

impl Link for Pool {
    async fn walk(&self, walk: Walk) -> Result<Vec<String>, CacheError> {
        listing::walk(self, &walk).await
    }

    async fn facts(&self) -> Result<Facts, CacheError> {
        facts::facts(self).await
    }

    fn close(&self) {
        for lane in &self.lanes {
            lane.shelf.retire(lane.shelf.generation());
        }
    }

    fn blocking(&self) -> Option<&dyn Store> {
        None
    }
}

impl Lender for Pool {
    type Connection = Connection;

    fn shelf(&self, server: usize) -> &Shelf<Connection> {
        &self.lanes[server].shelf
    }

    async fn connect(&self, server: usize, limits: Limits) -> io::Result<Connection> {
        let generation = self.lanes[server].shelf.generation();
        let address = self.servers.ring.address(server);
        let limit = limits.next()?.min(self.servers.config.connect_timeout);
        let addresses = limited::resolve(&address.host, address.port, limit)?;
        let limit = limits.next()?.min(self.servers.config.connect_timeout);
        // Each has its share of the time: one that swallows packets leaves some to the others.
        let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1))) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Connection {
                        stream,
                        replies: Replies::default(),
                        generation,
                        read_limit: Duration::ZERO,
                        write_limit: Duration::ZERO,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}

impl Lane {
    fn enter(&self, most: usize, limits: Limits) -> Result<Permit<'_>, Broken> {
        let mut users = self.users();
        while users.now >= most {
            let left = limits.next().map_err(|_| Broken::crowded())?;
            users.waiting += 1;
            let woken = self.left.wait_timeout(users, left);
            let timed_out;
            (users, timed_out) = woken.unwrap_or_else(PoisonError::into_inner);
            users.waiting -= 1;
            if timed_out.timed_out() && users.now >= most {
                return Err(Broken::crowded());
            }
        }
        users.now += 1;
        Ok(Permit(self))
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut users = self.0.users();
        users.now -= 1;
        let is_awaited = users.waiting > 0;
        drop(users);
        if is_awaited {
            self.0.left.notify_one();
        }
    }
}

impl Lent for Connection {
    fn generation(&self) -> u64 {
        self.generation
    }

    /// Three system calls, for those requests alone that may not be sent twice.
    fn is_fit_for(&self, request: &Request) -> bool {
        !request.is_once_only || self.is_quiet()
    }

    async fn write(&mut self, bytes: &[u8], limits: Limits) -> io::Result<usize> {
        loop {
            let limit = limits.next()?;
            if is_wrong(self.write_limit, limit) {
                self.stream.set_write_timeout(Some(limit))?;
                self.write_limit = limit;
            }
            match self.stream.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => return Ok(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(limit_is_over(error)),
            }
        }
    }

    async fn read(&mut self, limits: Limits) -> io::Result<()> {
        loop {
            let limit = limits.next()?;
            if is_wrong(self.read_limit, limit) {
                self.stream.set_read_timeout(Some(limit))?;
                self.read_limit = limit;
            }
            match self.stream.read(self.replies.inbox.room()) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(bytes) => {
                    self.replies.inbox.came(bytes);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(limit_is_over(error)),
            }
        }
    }

    fn replies(&mut self) -> &mut Replies {
        &mut self.replies
    }
}

impl Connection {
    /// Nothing came since it was used last, as the end of it would.
    fn is_quiet(&self) -> bool {
        if self.stream.set_nonblocking(true).is_err() {
            return false;
        }
        let peek = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).is_ok()
            && peek.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

fn is_wrong(limit: Duration, wanted: Duration) -> bool {
    limit.is_zero() || limit.abs_diff(wanted) > TOLERANCE
}

/// Translates the error of a socket whose limit is over, which says that it would block.
fn limit_is_over(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
