//! The socket of a caller that blocks: each step of it ends when the caller's time does.

use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::config::RedisAddress;
use super::failure;
#[cfg(feature = "redis-tls")]
use super::session::{Incoming, Session};
use super::tls::RedisTls;
#[cfg(feature = "redis-tls")]
use super::trust;
use crate::error::CacheError;
use crate::stores::limited;

/// A request up to this size always fits into the socket's empty buffer: writing does not wait.
const SMALL: usize = 8 << 10;

/// Limits are set again only if they are too long by more than this, which saves the system call.
const TOLERANCE: Duration = Duration::from_millis(10);

/// Zero would mean "no limit".
const SHORTEST: Duration = Duration::from_millis(1);

/// A connected socket, with TLS over it or not.
pub(super) struct Stream {
    limited: Limited,
    #[cfg(feature = "redis-tls")]
    tls: Option<Box<Tls>>,
}

#[cfg(feature = "redis-tls")]
struct Tls {
    session: Session,
    incoming: Incoming,
    host: String,
}

/// A socket, and how long it waits.
struct Limited {
    socket: Socket,
    /// The limit of one write; zero if that was not set yet.
    write_limit: Duration,
    /// The limit of one read.
    read_limit: Duration,
    /// When the current operation must be over.
    deadline: Instant,
}

enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    pub(super) fn connect(
        address: &RedisAddress,
        tls: Option<&RedisTls>,
        deadline: Instant,
    ) -> Result<Self, CacheError> {
        match address {
            RedisAddress::Tcp { host, port } => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                let socket = connect_tcp(host, *port, deadline).map_err(failure::broken)?;
                let plain = Self::plain(Socket::Tcp(socket), deadline);
                match tls {
                    None => Ok(plain),
                    #[cfg(feature = "redis-tls")]
                    Some(tls) => plain.secured(host, tls),
                    #[cfg(not(feature = "redis-tls"))]
                    Some(tls) => tls.check().and(Err(failure::not_here("TLS"))),
                }
            }
            #[cfg(unix)]
            RedisAddress::Unix(path) => {
                let path = path.clone();
                // A server that accepts nobody leaves its callers waiting.
                let connected = left(deadline)
                    .and_then(|left| limited::within(left, move || UnixStream::connect(path)));
                let socket = connected.map_err(failure::broken)?;
                Ok(Self::plain(Socket::Unix(socket), deadline))
            }
            #[cfg(not(unix))]
            RedisAddress::Unix(_) => Err(failure::not_here("a Unix socket")),
            // They are resolved to an address before this is called.
            RedisAddress::Sentinels(_) => Err(failure::not_here("a group of sentinels")),
        }
    }

    fn plain(socket: Socket, deadline: Instant) -> Self {
        Self {
            limited: Limited {
                socket,
                write_limit: Duration::ZERO,
                read_limit: Duration::ZERO,
                deadline,
            },
            #[cfg(feature = "redis-tls")]
            tls: None,
        }
    }

    #[cfg(feature = "redis-tls")]
    fn secured(mut self, host: &str, tls: &RedisTls) -> Result<Self, CacheError> {
        let session = Session::new(&tls.client()?, trust::server_name(host)?);
        let mut tls = Tls {
            session: session.map_err(failure::broken)?,
            incoming: Incoming::default(),
            host: host.to_owned(),
        };
        let shaken = tls.session.handshake(&mut tls.incoming, &mut self.limited);
        self.tls = Some(Box::new(tls));
        match shaken {
            Ok(()) => Ok(self),
            Err(error) => Err(self.trouble().unwrap_or_else(|| failure::broken(error))),
        }
    }

    /// Writes all of it.
    pub(super) fn write(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.limited.deadline = deadline;
        #[cfg(feature = "redis-tls")]
        if let Some(tls) = &mut self.tls {
            let mut rest = bytes;
            while !rest.is_empty() {
                let taken = tls.session.write(&mut self.limited, rest)?;
                rest = &rest[taken..];
            }
            return Ok(());
        }
        if bytes.len() <= SMALL {
            return self.limited.socket.write_all(bytes);
        }
        self.limited.write_all(bytes)
    }

    /// Reads once into `room`; returns zero bytes at the end.
    pub(super) fn read(&mut self, room: &mut [u8], deadline: Instant) -> io::Result<usize> {
        self.limited.deadline = deadline;
        #[cfg(feature = "redis-tls")]
        if let Some(tls) = &mut self.tls {
            let read = |room: &mut [u8]| self.limited.read(room);
            return tls.session.read(&mut tls.incoming, room, read);
        }
        self.limited.read(room)
    }

    /// Gives the socket its usual limits back.
    pub(super) fn calm_down(&mut self, usual: Duration) -> io::Result<()> {
        self.limited.calm_down(usual)
    }

    /// Returns why the connection is useless, if that is more than an error of its socket.
    pub(super) fn trouble(&self) -> Option<CacheError> {
        #[cfg(feature = "redis-tls")]
        if let Some(tls) = &self.tls {
            let why = tls.session.trouble();
            return why.map(|why| trust::explain(why, &tls.host));
        }
        None
    }
}

/// Tries the addresses of the host one after the other; each gets its share of the time.
fn connect_tcp(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let addresses = limited::resolve(host, port, left(deadline)?)?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for (at, address) in addresses.iter().enumerate() {
        let share = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, (left(deadline)? / share).max(SHORTEST)) {
            Ok(socket) => {
                // A request is one small write: waiting to fill a packet only costs time.
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Limited {
    fn calm_down(&mut self, usual: Duration) -> io::Result<()> {
        if self.write_limit != usual {
            self.limit_writes(usual)?;
        }
        if self.read_limit != usual {
            self.limit_reads(usual)?;
        }
        Ok(())
    }

    fn limit_writes(&mut self, limit: Duration) -> io::Result<()> {
        self.write_limit = limit;
        match &self.socket {
            Socket::Tcp(socket) => socket.set_write_timeout(Some(limit)),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.set_write_timeout(Some(limit)),
        }
    }

    fn limit_reads(&mut self, limit: Duration) -> io::Result<()> {
        self.read_limit = limit;
        match &self.socket {
            Socket::Tcp(socket) => socket.set_read_timeout(Some(limit)),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.set_read_timeout(Some(limit)),
        }
    }
}

/// Translates the result of a socket that waited its whole limit, which is `WouldBlock` on Unix.
fn in_time<T>(outcome: io::Result<T>) -> io::Result<T> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(io::ErrorKind::TimedOut.into())
        }
        outcome => outcome,
    }
}

impl Read for Limited {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = left(self.deadline)?;
        if is_too_long(self.read_limit, left) {
            self.limit_reads(left)?;
        }
        loop {
            match in_time(self.socket.read(room)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = left(self.deadline)?;
        if is_too_long(self.write_limit, left) {
            self.limit_writes(left)?;
        }
        in_time(self.socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(room),
            #[cfg(unix)]
            Self::Unix(socket) => socket.read(room),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            #[cfg(unix)]
            Self::Unix(socket) => socket.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_too_long(limit: Duration, wanted: Duration) -> bool {
    limit.is_zero() || wanted + TOLERANCE < limit
}

/// Returns what is left until the deadline, or the error that nothing is.
fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left.max(SHORTEST)),
    }
}
