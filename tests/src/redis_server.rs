//! A real `redis-server` for tests: started on a free port, killed, frozen and restarted at will.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What to run where there is no `redis-server`.
const INSTALL: &str = "apt-get install -y redis-server";

/// How long a server may take to answer its first `PING`.
const START_LIMIT: Duration = Duration::from_secs(10);

/// A server of its own, on the loopback interface and on a Unix socket, with nothing kept on disk.
/// Dropping it kills the server and removes its folder.
///
/// ```no_run
/// use cache_tests::redis_server::RedisServer;
///
/// let server = RedisServer::start();
/// assert_eq!(server.command(&["PING"]), "PONG");
/// println!("{}", server.url(0));
/// ```
#[derive(Debug)]
pub struct RedisServer {
    child: Option<Child>,
    /// Kills the server if this process ends without dropping it: statics are never dropped.
    watchdog: Option<Child>,
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    password: Option<String>,
}

impl RedisServer {
    /// A server with the usual settings.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed, saying how to install it, or does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with more arguments, as `["--requirepass", "secret"]`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        let password = arguments
            .windows(2)
            .find(|pair| pair[0] == "--requirepass")
            .map(|pair| pair[1].to_owned());
        // The port was free a moment ago; another process may take it before the server does.
        for _ in 0..5 {
            let mut server = Self {
                child: None,
                watchdog: None,
                port: free_port(),
                folder: new_folder(),
                arguments: arguments
                    .iter()
                    .map(|&argument| argument.to_owned())
                    .collect(),
                password: password.clone(),
            };
            if server.launch() {
                return server;
            }
        }
        panic!("redis-server does not come up with {arguments:?}");
    }

    /// A server; or `None` if there is no `redis-server` and `CACHE_TESTS_SKIP`, a list with
    /// commas, holds `redis`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start), if it was not allowed to skip.
    #[must_use]
    pub fn start_or_skip() -> Option<Self> {
        let skip = std::env::var("CACHE_TESTS_SKIP").unwrap_or_default();
        if !is_installed() && skip.split(',').any(|name| name.trim() == "redis") {
            println!("skipped: redis");
            return None;
        }
        Some(Self::start())
    }

    /// The URL of a database of this server, password included.
    #[must_use]
    pub fn url(&self, db: u8) -> String {
        let port = self.port;
        match &self.password {
            Some(password) => format!("redis://:{password}@127.0.0.1:{port}/{db}"),
            None => format!("redis://127.0.0.1:{port}/{db}"),
        }
    }

    /// The port on 127.0.0.1; it stays the same over a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of the Unix socket.
    #[must_use]
    pub fn socket_path(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Kills the server at once (SIGKILL), so that its connections break.
    pub fn kill(&mut self) {
        // The watchdog first: it must not bite a later process of the same number.
        for mut child in [self.watchdog.take(), self.child.take()]
            .into_iter()
            .flatten()
        {
            // An error means that it is dead already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts the server again on the same port, killing it first if it runs. It comes up empty.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.launch(), "redis-server does not come up again");
    }

    /// Freezes the server (SIGSTOP): it accepts connections, and answers nothing.
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets a frozen server go on (SIGCONT).
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Runs one command on a connection of its own and gives the answer as text: strings as they
    /// are, numbers in decimal, nothing as `(nil)`, errors as `(error) …`, lists one item a line.
    ///
    /// # Panics
    ///
    /// If the server cannot be reached.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> String {
        self.try_command(arguments)
            .unwrap_or_else(|error| panic!("{arguments:?} to redis-server failed: {error}"))
    }

    fn try_command(&self, arguments: &[&str]) -> io::Result<String> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        let mut stream = BufReader::new(stream);
        if let Some(password) = &self.password {
            stream.get_mut().write_all(&encode(&["AUTH", password]))?;
            read_reply(&mut stream)?;
        }
        stream.get_mut().write_all(&encode(arguments))?;
        read_reply(&mut stream)
    }

    /// Starts the process and waits until it answers; false if it ended before.
    fn launch(&mut self) -> bool {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(&self.folder)
            .arg("--unixsocket")
            .arg(self.socket_path())
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                self.watchdog = watch(&child, &self.folder);
                self.child = Some(child);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => panic!(
                "redis-server is not installed; run `{INSTALL}`, or set CACHE_TESTS_SKIP=redis"
            ),
            Err(error) => panic!("redis-server cannot be started: {error}"),
        }
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            // Whoever answers on this port, it must be our child that lives.
            let ended = self
                .child
                .as_mut()
                .is_none_or(|child| child.try_wait().is_ok_and(|status| status.is_some()));
            if ended {
                return false;
            }
            if self
                .try_command(&["PING"])
                .is_ok_and(|answer| answer == "PONG")
            {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    fn signal(&self, name: &str) {
        let Some(child) = &self.child else {
            panic!("redis-server is not running");
        };
        // By the command: std cannot send other signals than SIGKILL.
        let status = Command::new("kill")
            .args(["-s", name, &child.id().to_string()])
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "redis-server could not be sent SIG{name}"
        );
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A shell that waits for the end of this process, however it comes, and then kills the server.
fn watch(server: &Child, folder: &Path) -> Option<Child> {
    // Its input is a pipe that nobody writes to, and that closes when this process ends.
    Command::new("sh")
        .args(["-c", r#"read -r _; kill -9 "$1"; rm -rf "$2""#, "watchdog"])
        .arg(server.id().to_string())
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}

fn is_installed() -> bool {
    Command::new("redis-server")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .unwrap_or_else(|error| panic!("there is no free port on 127.0.0.1: {error}"))
        .port()
}

/// A folder that no other server has; its path is short, as that of a socket must be.
fn new_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("cache-redis-{}-{number}", std::process::id());
    let folder: PathBuf = std::env::temp_dir().join(name);
    // Left behind by an earlier process of the same number that was killed.
    let _ = fs::remove_dir_all(&folder);
    create(&folder);
    folder
}

fn create(folder: &Path) {
    fs::create_dir_all(folder)
        .unwrap_or_else(|error| panic!("the folder {folder:?} cannot be made: {error}"));
}

fn encode(arguments: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        bytes.extend_from_slice(format!("${}\r\n{argument}\r\n", argument.len()).as_bytes());
    }
    bytes
}

fn read_reply(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).unwrap_or(("", line));
    let length = || {
        rest.parse::<i64>()
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    };
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "-" => Ok(format!("(error) {rest}")),
        "$" => match usize::try_from(length()?) {
            Ok(length) => {
                let mut text = vec![0; length + 2];
                stream.read_exact(&mut text)?;
                text.truncate(length);
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            Err(_) => Ok("(nil)".to_owned()),
        },
        "*" => {
            let items = (0..length()?).map(|_| read_reply(stream));
            items
                .collect::<io::Result<Vec<_>>>()
                .map(|items| items.join("\n"))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
