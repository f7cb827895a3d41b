//! Connections of callers that await: a pool for each server and tokio runtime.
//!
//! An exchange has its connection to itself. A caller that gives up in the middle drops it, so
//! that no other caller gets a reply that was not meant for it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::backend::{Link, MemcachedStore};
use super::blocked::Pool as BlockingPool;
use super::config::{MemcachedAddress, MemcachedConfig};
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
use crate::stores::runtimes::Runtimes;

/// The pools of each runtime, and the pool of blocking callers.
#[derive(Debug)]
pub struct Connections {
    servers: Arc<Servers>,
    runtimes: Arc<Runtimes<Pools>>,
    blocking: MemcachedStore<BlockingPool>,
}

impl Connections {
    pub(super) fn new(config: MemcachedConfig) -> Self {
        let servers = Arc::new(Servers::new(config));
        let of_pools = Arc::clone(&servers);
        Self {
            runtimes: Runtimes::new(move || Pools::new(Arc::clone(&of_pools))),
            blocking: MemcachedStore::over(BlockingPool::new(Arc::clone(&servers))),
            servers,
        }
    }
}

impl Exchange for Connections {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    async fn exchange(
        &self,
        server: usize,
        request: &Request,
        limits: Limits,
    ) -> Result<Vec<Reply>, Broken> {
        if let Ok(runtime) = Handle::try_current()
            && let Some(pools) = self.runtimes.here(&runtime)
        {
            return pools.exchange(server, request, limits).await;
        }
        // Boxed, to keep the future of the usual case small.
        let request = request.clone();
        let answer = Box::pin(self.runtimes.run_on_io_thread(move |pools| async move {
            Ok(pools.exchange(server, &request, limits).await)
        }));
        answer.await.unwrap_or_else(|error| {
            let error = io::Error::other(error);
            Err(Broken {
                blames_server: false,
                ..Broken::before(error)
            })
        })
    }
}

impl Link for Connections {
    async fn walk(&self, walk: Walk) -> Result<Vec<String>, CacheError> {
        self.runtimes
            .run(|pools| async move { listing::walk(&*pools, &walk).await })
            .await
    }

    async fn facts(&self) -> Result<Facts, CacheError> {
        self.runtimes
            .run(|pools| async move { facts::facts(&*pools).await })
            .await
    }

    fn close(&self) {
        for pools in self.runtimes.all() {
            for pool in &pools.pools {
                pool.shelf.retire(pool.shelf.generation());
            }
        }
        self.blocking.link().close();
    }

    fn blocking(&self) -> Option<&dyn Store> {
        Some(&self.blocking)
    }
}

/// What serves one runtime: a pool for each server.
#[derive(Debug)]
pub(super) struct Pools {
    servers: Arc<Servers>,
    pools: Vec<Pool>,
}

#[derive(Debug)]
struct Pool {
    shelf: Shelf<Connection>,
    permits: Semaphore,
}

/// A connection that nobody else uses.
pub(super) struct Connection {
    stream: TcpStream,
    replies: Replies,
    generation: u64,
}

impl Pools {
    fn new(servers: Arc<Servers>) -> Self {
        let pool = |_| Pool {
            shelf: Shelf::default(),
            permits: Semaphore::new(
                servers
                    .config
                    .max_connections
                    .clamp(1, Semaphore::MAX_PERMITS),
            ),
        };
        Self {
            pools: (0..servers.ring.len()).map(pool).collect(),
            servers,
        }
    }
}

impl Exchange for Pools {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    async fn exchange(
        &self,
        server: usize,
        request: &Request,
        limits: Limits,
    ) -> Result<Vec<Reply>, Broken> {
        let pool = &self.pools[server];
        let _permit = match pool.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => {
                let left = limits.next().map_err(|_| Broken::crowded())?;
                match timeout(left, pool.permits.acquire()).await {
                    Ok(Ok(permit)) => permit,
                    _ => return Err(Broken::crowded()),
                }
            }
        };
        if request.is_once_only {
            // Lets the runtime check for news of the connections: it may have slept.
            yield_now().await;
        }
        lent::exchange(self, server, request, limits).await
    }
}

impl Lender for Pools {
    type Connection = Connection;

    fn shelf(&self, server: usize) -> &Shelf<Connection> {
        &self.pools[server].shelf
    }

    async fn connect(&self, server: usize, limits: Limits) -> io::Result<Connection> {
        let generation = self.pools[server].shelf.generation();
        let config = &self.servers.config;
        let limit = limits.next()?.min(config.connect_timeout);
        let stream = within(limit, connect(self.servers.ring.address(server), limit)).await?;
        Ok(Connection {
            stream,
            replies: Replies::default(),
            generation,
        })
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl Lent for Connection {
    fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns whether nothing has come since it was last used, such as its end. Makes a system call only if there
    /// is news.
    fn is_fit_for(&self, _: &Request) -> bool {
        let read = self.stream.try_read(&mut [0]);
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    async fn write(&mut self, bytes: &[u8], limits: Limits) -> io::Result<usize> {
        loop {
            match self.stream.try_write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => return Ok(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    within(limits.next()?, self.stream.writable()).await?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn read(&mut self, limits: Limits) -> io::Result<()> {
        let Self {
            stream, replies, ..
        } = self;
        let limit = limits.next()?;
        // Not `try_read`: this one knows when nothing can be there, and then makes no system call.
        let read = poll_fn(|task| {
            let mut room = ReadBuf::new(replies.inbox.room());
            let poll = Pin::new(&mut *stream).poll_read(task, &mut room);
            poll.map_ok(|()| room.filled().len())
        });
        match within(limit, read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => {
                self.replies.inbox.came(bytes);
                Ok(())
            }
        }
    }

    fn replies(&mut self) -> &mut Replies {
        &mut self.replies
    }
}

async fn within<T>(limit: Duration, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(limit, future).await {
        Ok(outcome) => outcome,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Tries the addresses of the host one after the other; each has its share of the time, so that one that
/// swallows packets leaves some to the others.
async fn connect(server: &MemcachedAddress, limit: Duration) -> io::Result<TcpStream> {
    let addresses: Vec<_> = lookup_host((server.host.as_str(), server.port))
        .await?
        .collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    for address in addresses {
        match within(share, TcpStream::connect(address)).await {
            Ok(stream) => {
                // A request is written in one piece: waiting to fill a packet only costs time.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
