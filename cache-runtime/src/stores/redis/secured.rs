//! The two halves of a socket with TLS over it.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, tcp};

use super::failure;
use super::session::{Incoming, Session};
use super::tls::RedisTls;
use super::trust;
use crate::error::CacheError;

/// What the server sends.
pub(super) struct SecuredReader {
    half: tcp::OwnedReadHalf,
    incoming: Incoming,
    shared: Arc<Shared>,
}

/// What is sent to the server.
pub(super) struct SecuredWriter {
    half: tcp::OwnedWriteHalf,
    shared: Arc<Shared>,
}

/// Locked by whoever reads or writes, for as long as that takes the processor.
struct Shared {
    session: Mutex<Session>,
    host: String,
}

/// Performs the handshake; its limit is set by the caller that waits for it.
pub(super) async fn connect(
    mut stream: TcpStream,
    host: &str,
    tls: &RedisTls,
) -> Result<(SecuredReader, SecuredWriter), CacheError> {
    let session = Session::new(&tls.client()?, trust::server_name(host)?);
    let mut session = session.map_err(failure::broken)?;
    let mut incoming = Incoming::default();
    let shaken = poll_fn(|task| {
        let mut socket = Polled {
            stream: &mut stream,
            task,
        };
        pending(session.handshake(&mut incoming, &mut socket))
    })
    .await;
    if let Err(error) = shaken {
        let trouble = session.trouble().map(|why| trust::explain(why, host));
        return Err(trouble.unwrap_or_else(|| failure::broken(error)));
    }
    let shared = Arc::new(Shared {
        session: Mutex::new(session),
        host: host.to_owned(),
    });
    let (reader, writer) = stream.into_split();
    let reader = SecuredReader {
        half: reader,
        incoming,
        shared: Arc::clone(&shared),
    };
    let writer = SecuredWriter {
        half: writer,
        shared,
    };
    Ok((reader, writer))
}

impl Shared {
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecuredReader {
    /// Reads once into `room`; returns how many bytes.
    pub(super) fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self {
            half,
            incoming,
            shared,
        } = self;
        let read = |room: &mut [u8]| poll_read(Pin::new(&mut *half), task, room);
        pending(shared.session().read(incoming, room, read))
    }
}

impl SecuredWriter {
    /// Writes what the socket accepts at once; an error of kind `WouldBlock` if that is nothing, in which case
    /// the same bytes must be written next.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.shared.session().write(&mut Tried(&self.half), bytes)
    }

    pub(super) fn poll_ready(&self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.half.as_ref().poll_write_ready(task)
    }

    pub(super) fn trouble(&self) -> Option<CacheError> {
        let session = self.shared.session();
        session
            .trouble()
            .map(|why| trust::explain(why, &self.shared.host))
    }
}

/// Translates `WouldBlock`, with which a session says "not yet".
fn pending<T>(outcome: io::Result<T>) -> Poll<io::Result<T>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        outcome => Poll::Ready(outcome),
    }
}

fn blocked<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

fn poll_read(
    socket: Pin<&mut impl AsyncRead>,
    task: &mut Context<'_>,
    room: &mut [u8],
) -> io::Result<usize> {
    let mut room = ReadBuf::new(room);
    blocked(socket.poll_read(task, &mut room)).map(|()| room.filled().len())
}

/// The whole socket, held by the one task that performs the handshake.
struct Polled<'a, 'b, 'c> {
    stream: &'a mut TcpStream,
    task: &'b mut Context<'c>,
}

impl Read for Polled<'_, '_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        poll_read(Pin::new(self.stream), self.task, room)
    }
}

impl Write for Polled<'_, '_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        blocked(Pin::new(&mut *self.stream).poll_write(self.task, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The half used by any caller that happens to write.
struct Tried<'a>(&'a tcp::OwnedWriteHalf);

impl Write for Tried<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for SecuredReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecuredReader").finish_non_exhaustive()
    }
}

impl fmt::Debug for SecuredWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecuredWriter").finish_non_exhaustive()
    }
}
