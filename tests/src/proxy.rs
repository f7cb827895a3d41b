//! A stretch of network between a client and a server on this machine, which can be cut, closed,
//! slowed down, stopped and garbled at will.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What happens to what goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Nothing.
    Sound,
    /// Connections are refused, and those there are break.
    Refused,
    /// Each answer comes so much later.
    Delayed(Duration),
    /// Connections are accepted, and what is said in either direction is lost; at the end so are the
    /// connections on which something was.
    Stalled,
    /// The same, but nothing is lost: it arrives at the end, however long its senders have gone.
    Held,
    /// The server's answers are something else, or only their first half.
    Garbage,
}

/// A port on 127.0.0.1 behind which another one is. Dropping it breaks all connections.
///
/// ```no_run
/// use cache_tests::proxy::{Proxy, Wire};
/// use cache_tests::redis_server::RedisServer;
///
/// let server = RedisServer::start();
/// let proxy = Proxy::to(server.port());
/// let url = format!("redis://127.0.0.1:{}/0", proxy.port());
/// proxy.set(Wire::Stalled);
/// # let _ = url;
/// ```
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    port: u16,
}

#[derive(Debug)]
struct Shared {
    server: u16,
    state: Mutex<State>,
    changed: Condvar,
    is_over: AtomicBool,
}

#[derive(Debug)]
struct State {
    wire: Wire,
    listener: Option<TcpListener>,
    /// Both ends of each connection.
    streams: Vec<(TcpStream, TcpStream)>,
    /// So many answers were garbled.
    garbled: usize,
}

impl Proxy {
    /// To this port of 127.0.0.1, where there may be nobody yet.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    #[must_use]
    pub fn to(server: u16) -> Self {
        let listener = listen(0);
        let address = listener.local_addr();
        let port = address
            .unwrap_or_else(|error| panic!("the proxy has no port: {error}"))
            .port();
        let shared = Arc::new(Shared {
            server,
            state: Mutex::new(State {
                wire: Wire::Sound,
                listener: None,
                streams: Vec::new(),
                garbled: 0,
            }),
            changed: Condvar::new(),
            is_over: AtomicBool::new(false),
        });
        let proxy = Self { shared, port };
        proxy.open(listener);
        proxy
    }

    /// Where clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on, for connections there are and new ones.
    ///
    /// # Panics
    ///
    /// If the port cannot be had again after connections to it were refused.
    pub fn set(&self, wire: Wire) {
        let mut state = self.shared.state();
        let before = std::mem::replace(&mut state.wire, wire);
        let is_refused = wire == Wire::Refused;
        if is_refused && let Some(listener) = state.listener.take() {
            drop(state);
            self.close(&listener);
        } else {
            drop(state);
        }
        self.shared.changed.notify_all();
        if before == Wire::Refused && !is_refused {
            self.open(listen(self.port));
        }
    }

    /// Breaks the connections there are; new ones are accepted.
    pub fn cut(&self) {
        let streams = std::mem::take(&mut self.shared.state().streams);
        for (client, server) in streams {
            // An error means that it is closed already.
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
        self.shared.changed.notify_all();
    }

    fn open(&self, listener: TcpListener) {
        let accepting = listener.try_clone();
        let accepting = accepting.unwrap_or_else(|error| panic!("the proxy's port: {error}"));
        self.shared.state().listener = Some(listener);
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || {
            while let Ok((client, _)) = accepting.accept() {
                // Accepted after all: the socket that wakes this thread, or one that came too late.
                if shared.is_over.load(Ordering::SeqCst) || shared.state().wire == Wire::Refused {
                    return;
                }
                let shared = Arc::clone(&shared);
                // Not here: the server may not answer.
                thread::spawn(move || shared.connect(client));
            }
        });
    }

    /// No new connections, and none of the old ones.
    fn close(&self, listener: &TcpListener) {
        // The accepting thread has a copy of the socket, and is woken by a last connection.
        if let Ok(address) = listener.local_addr() {
            drop(TcpStream::connect(address));
        }
        self.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        let listener = self.shared.state().listener.take();
        if let Some(listener) = listener {
            self.close(&listener);
        }
        self.cut();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server)) else {
            // Dropped: the client finds its connection closed.
            return;
        };
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let halves = || Some((client.try_clone().ok()?, server.try_clone().ok()?));
        let (Some(up), Some(down), Some(kept)) = (halves(), halves(), halves()) else {
            return;
        };
        {
            let mut state = self.state();
            state.streams.push(kept);
            // Those that are closed are let go of at some time.
            if state.streams.len() > 500 {
                state
                    .streams
                    .retain(|(client, _)| client.peer_addr().is_ok());
            }
        }
        let shared = Arc::clone(self);
        thread::spawn(move || shared.pass(up.0, up.1, false));
        let shared = Arc::clone(self);
        thread::spawn(move || shared.pass(down.1, down.0, true));
    }

    /// Carries what comes from one side to the other, until one of them is closed.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream, is_answer: bool) {
        let mut piece = [0; 64 << 10];
        while let Ok(bytes @ 1..) = from.read(&mut piece) {
            let came = Instant::now();
            let is_sent = match self.wait() {
                None => break,
                Some(Wire::Stalled) => break,
                Some(Wire::Delayed(delay)) if is_answer => {
                    thread::sleep(delay.saturating_sub(came.elapsed()));
                    to.write_all(&piece[..bytes]).is_ok()
                }
                Some(Wire::Garbage) if is_answer => self.garble(&mut to, &piece[..bytes]),
                Some(_) => to.write_all(&piece[..bytes]).is_ok(),
            };
            if !is_sent {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    /// What to do now that something came; waits while nothing passes. What was lost is `Stalled`.
    fn wait(&self) -> Option<Wire> {
        let mut is_lost = false;
        let mut state = self.state();
        loop {
            if self.is_over.load(Ordering::SeqCst) {
                return None;
            }
            match state.wire {
                Wire::Stalled => is_lost = true,
                Wire::Held => {}
                wire => return Some(if is_lost { Wire::Stalled } else { wire }),
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends something else than the answer; whether the connection goes on.
    fn garble(&self, client: &mut TcpStream, answer: &[u8]) -> bool {
        let turn = {
            let mut state = self.state();
            state.garbled += 1;
            state.garbled
        };
        match turn % 5 {
            0 => client.write_all(b"\x00\xff\x13nonsense\r\n\r\n").is_ok(),
            1 => {
                let text = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
                client.write_all(text).is_ok()
            }
            // As long as the answer, and nothing of it.
            2 => client.write_all(&vec![b'7'; answer.len()]).is_ok(),
            // A length beyond all reason, as Redis, Memcached, PostgreSQL and MySQL would say it.
            3 => {
                let text = b"$999999999999999999\r\nVA 4294967295\r\nD\x7f\xff\xff\xff\xff\xff\xff";
                client.write_all(text).is_ok()
            }
            _ => {
                let _ = client.write_all(&answer[..answer.len() / 2]);
                false
            }
        }
    }
}

/// A port that was ours a moment ago may be taken for a moment.
fn listen(port: u16) -> TcpListener {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let start = Instant::now();
    loop {
        match TcpListener::bind(address) {
            Ok(listener) => return listener,
            Err(error) if start.elapsed() > Duration::from_secs(5) => {
                panic!("the proxy cannot listen on {address}: {error}")
            }
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}
