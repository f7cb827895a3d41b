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

/// What the server sends.
#[derive(Debug)]
pub(super) enum Reader {
    Tcp(tcp::OwnedReadHalf),
    #[cfg(unix)]
    Unix(unix::OwnedReadHalf),
}

/// What is sent to the server.
#[derive(Debug)]
pub(super) enum Writer {
    Tcp(tcp::OwnedWriteHalf),
    #[cfg(unix)]
    Unix(unix::OwnedWriteHalf),
}

/// Connects; the limit is set by whoever waits for it.
pub(super) async fn connect(address: &RedisAddress) -> io::Result<(Reader, Writer)> {
    match address {
        RedisAddress::Tcp { host, port } => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let stream = connect_tcp(host, *port).await?;
            // Requests that belong together are written together, so nothing is won by waiting
            // until a packet is full.
            stream.set_nodelay(true)?;
            let (reader, writer) = stream.into_split();
            Ok((Reader::Tcp(reader), Writer::Tcp(writer)))
        }
        #[cfg(unix)]
        RedisAddress::Unix(path) => {
            let (reader, writer) = UnixStream::connect(path).await?.into_split();
            Ok((Reader::Unix(reader), Writer::Unix(writer)))
        }
        #[cfg(not(unix))]
        RedisAddress::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Tries all addresses of the host at once: one that swallows packets must not hold up the others.
async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
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
    /// Reads once into `room`; how many bytes.
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
        };
        poll.map_ok(|()| room.filled().len())
    }
}

impl Writer {
    /// Writes what the socket takes at once; an error of kind `WouldBlock` if that is nothing.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Writer::Tcp(half) => half.try_write(bytes),
            #[cfg(unix)]
            Writer::Unix(half) => half.try_write(bytes),
        }
    }

    /// Waits until the socket takes more. For one task at a time.
    pub(super) fn poll_ready(&self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Writer::Tcp(half) => half.as_ref().poll_write_ready(task),
            #[cfg(unix)]
            Writer::Unix(half) => half.as_ref().poll_write_ready(task),
        }
    }
}
