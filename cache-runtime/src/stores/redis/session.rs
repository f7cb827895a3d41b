//! One TLS session over any socket: what is encrypted and not yet sent, what has arrived and is not yet
//! decrypted.
//!
//! It uses `rustls` directly, not an async stream around it: callers of a [`Wire`](super::wire::Wire)
//! write to the socket themselves, while its driver reads. So a session does not own its socket; it
//! is lent the half it needs. A socket that would have to wait returns `WouldBlock`.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::trust;

/// The room for what came: several records, so that a large value needs few system calls.
const ROOM: usize = 32 << 10;

/// What both halves of a connection share.
pub(super) struct Session {
    connection: ClientConnection,
    /// How much of what is being written is encrypted, but not all sent yet.
    taken: usize,
    /// What either side has rejected about it.
    trouble: Option<rustls::Error>,
}

/// What has arrived from the socket and was not processed yet; it belongs to the reader.
#[derive(Debug)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Default for Incoming {
    fn default() -> Self {
        Self {
            bytes: vec![0; ROOM],
            start: 0,
            end: 0,
        }
    }
}

impl Incoming {
    /// Reads once into the room, which is empty.
    fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        (self.start, self.end) = (0, 0);
        self.end = read(&mut self.bytes)?;
        Ok(self.end)
    }
}

impl Session {
    pub(super) fn new(config: &Arc<ClientConfig>, server: ServerName<'static>) -> io::Result<Self> {
        let connection = ClientConnection::new(Arc::clone(config), server);
        Ok(Self {
            connection: connection.map_err(io::Error::other)?,
            taken: 0,
            trouble: None,
        })
    }

    /// Continues the handshake; `Ok` when it is over.
    pub(super) fn handshake(
        &mut self,
        incoming: &mut Incoming,
        socket: &mut (impl Read + Write),
    ) -> io::Result<()> {
        while self.connection.is_handshaking() {
            self.flush(socket)?;
            if !self.connection.is_handshaking() {
                break;
            }
            if incoming.start == incoming.end && incoming.fill(|room| socket.read(room))? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Err(error) = self.decrypt(incoming) {
                // So that the server knows why.
                let _ = self.flush(socket);
                return Err(error);
            }
        }
        self.flush(socket)
    }

    /// Encrypts and sends; returns how many of `bytes`. As long as the socket does not accept all of these it
    /// returns `WouldBlock`, and the same bytes must be passed again.
    pub(super) fn write(&mut self, socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        if self.taken == 0 {
            self.taken = self.connection.writer().write(bytes)?;
        }
        self.flush(socket)?;
        Ok(std::mem::take(&mut self.taken))
    }

    /// Sends what is encrypted.
    fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(socket) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Decrypts into `room`; returns how many bytes, zero at the end. `read` brings more from the socket.
    pub(super) fn read(
        &mut self,
        incoming: &mut Incoming,
        room: &mut [u8],
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The server closed the socket without notice, as when it is killed.
                outcome => return outcome,
            }
            if incoming.start == incoming.end && incoming.fill(&mut read)? == 0 {
                return Ok(0);
            }
            self.decrypt(incoming)?;
        }
    }

    /// Returns what went wrong with the session itself.
    pub(super) fn trouble(&self) -> Option<&rustls::Error> {
        self.trouble.as_ref()
    }

    fn decrypt(&mut self, incoming: &mut Incoming) -> io::Result<()> {
        let mut rest = &incoming.bytes[incoming.start..incoming.end];
        self.connection.read_tls(&mut rest)?;
        incoming.start = incoming.end - rest.len();
        match self.connection.process_new_packets() {
            Ok(_) => Ok(()),
            Err(error) => {
                self.trouble = Some(error.clone());
                Err(trust::failed(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind, Write};
    use std::sync::Arc;

    use rustls::crypto::ring;
    use rustls::{ClientConfig, RootCertStore};

    use super::Session;
    use crate::stores::redis::trust;

    /// Takes as much as it has room for.
    #[derive(Default)]
    struct Narrow {
        room: usize,
        sent: Vec<u8>,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room -= taken;
            self.sent.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_counts_as_written_before_all_of_it_is_sent() {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let name = trust::server_name("localhost").unwrap();
        let mut session = Session::new(&Arc::new(config), name).unwrap();
        let mut socket = Narrow::default();
        // What stands in the way of these bytes is the beginning of the handshake.
        let mut rounds = 0;
        let written = loop {
            match session.write(&mut socket, b"bytes") {
                Ok(written) => break written,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            assert!(session.connection.wants_write(), "round {rounds}");
            socket.room = 10;
            rounds += 1;
        };
        assert_eq!(written, 5);
        assert!(!session.connection.wants_write());
        assert!(rounds > 10, "{rounds} rounds, {} bytes", socket.sent.len());
        assert_eq!(session.taken, 0);
    }
}
