//! The socket of a connection, in two halves: one to read, for its driver; one to write, for all.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(unix)]
use tokio::net::unix;
use tokio::net::{TcpStream, tcp};

use super::config::RedisAddress;
use super::failure;
#[cfg(feature = "redis-tls")]
use super::secured::{self, SecuredReader, SecuredWriter};
use super::tls::RedisTls;
use crate::error::CacheError;

/// What the server sends.
#[derive(Debug)]
pub(super) enum Reader {
    Tcp(tcp::OwnedReadHalf),
    #[cfg(unix)]
    Unix(unix::OwnedReadHalf),
    #[cfg(feature = "redis-tls")]
    Tls(SecuredReader),
}

/// What is sent to the server.
#[derive(Debug)]
pub(super) enum Writer {
    Tcp(tcp::OwnedWriteHalf),
    #[cfg(unix)]
    Unix(unix::OwnedWriteHalf),
    #[cfg(feature = "redis-tls")]
    Tls(SecuredWriter),
}

/// Connects; the limit is set by the caller that waits for it.
pub(super) async fn connect(
    address: &RedisAddress,
    tls: Option<&RedisTls>,
) -> Result<(Reader, Writer), CacheError> {
    match address {
        RedisAddress::Tcp { host, port } => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let stream = connect_tcp(host, *port).await.map_err(failure::broken)?;
            match tls {
                None => {
                    let (reader, writer) = stream.into_split();
                    Ok((Reader::Tcp(reader), Writer::Tcp(writer)))
                }
                #[cfg(feature = "redis-tls")]
                Some(tls) => {
                    let (reader, writer) = secured::connect(stream, host, tls).await?;
                    Ok((Reader::Tls(reader), Writer::Tls(writer)))
                }
                #[cfg(not(feature = "redis-tls"))]
                Some(tls) => tls.check().and(Err(failure::not_here("TLS"))),
            }
        }
        #[cfg(unix)]
        RedisAddress::Unix(path) => {
            let stream = UnixStream::connect(path).await.map_err(failure::broken)?;
            let (reader, writer) = stream.into_split();
            Ok((Reader::Unix(reader), Writer::Unix(writer)))
        }
        #[cfg(not(unix))]
        RedisAddress::Unix(_) => Err(failure::not_here("a Unix socket")),
        // They are resolved to an address before this is called.
        RedisAddress::Sentinels(_) => Err(failure::not_here("a group of sentinels")),
    }
}

async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = connect_any(host, port).await?;
    // Requests that belong together are written together, so nothing is gained by waiting until a
    // packet is full.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Tries all addresses of the host at once: one that swallows packets must not hold up the others.
async fn connect_any(host: &str, port: u16) -> io::Result<TcpStream> {
    let addresses = tokio::net::lookup_host((host, port)).await?;
    let mut attempts: Vec<_> = addresses
        .map(|address| Box::pin(TcpStream::connect(address)))
        .collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    poll_fn(|task| {
        let mut at = 0;
        while let Some(attempt) = attempts.get_mut(at) {
            match attempt.as_mut().poll(task) {
                Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                Poll::Ready(Err(error)) => {
                    last = error;
                    drop(attempts.swap_remove(at));
                }
                Poll::Pending => at += 1,
            }
        }
        if attempts.is_empty() {
            return Poll::Ready(Err(std::mem::replace(
                &mut last,
                io::ErrorKind::Other.into(),
            )));
        }
        Poll::Pending
    })
    .await
}

impl Reader {
    /// Reads once into `room`; returns how many bytes.
    pub(super) fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(room);
        let poll = match self {
            Reader::Tcp(half) => Pin::new(half).poll_read(task, &mut room),
            #[cfg(unix)]
            Reader::Unix(half) => Pin::new(half).poll_read(task, &mut room),
            #[cfg(feature = "redis-tls")]
            Reader::Tls(secured) => return secured.poll_read(task, room.initialize_unfilled()),
        };
        poll.map_ok(|()| room.filled().len())
    }
}

impl Writer {
    /// Writes what the socket accepts at once; an error of kind `WouldBlock` if that is nothing, in which case
    /// the same bytes must be written next.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Writer::Tcp(half) => half.try_write(bytes),
            #[cfg(unix)]
            Writer::Unix(half) => half.try_write(bytes),
            #[cfg(feature = "redis-tls")]
            Writer::Tls(secured) => secured.try_write(bytes),
        }
    }

    /// Returns why the connection is useless, if that is more than an error of its socket.
    pub(super) fn trouble(&self) -> Option<CacheError> {
        match self {
            Writer::Tcp(_) => None,
            #[cfg(unix)]
            Writer::Unix(_) => None,
            #[cfg(feature = "redis-tls")]
            Writer::Tls(secured) => secured.trouble(),
        }
    }

    /// Waits until the socket takes more. For one task at a time.
    pub(super) fn poll_ready(&self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Writer::Tcp(half) => half.as_ref().poll_write_ready(task),
            #[cfg(unix)]
            Writer::Unix(half) => half.as_ref().poll_write_ready(task),
            #[cfg(feature = "redis-tls")]
            Writer::Tls(secured) => secured.poll_ready(task),
        }
    }
}
