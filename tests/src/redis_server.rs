//! A real `redis-server` for tests: started on a free port, killed, frozen and restarted at will.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::certificates::{Authority, Certificate};
use crate::every_store::keys;
use crate::process::{Folder, Process, free_port, is_installed, may_skip};

/// What to run where there is no `redis-server`.
pub(crate) const INSTALL: &str = "apt-get install -y redis-server`, or set `CACHE_TESTS_SKIP=redis";

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
    // Before the folder: it is dropped first.
    process: Option<Process>,
    port: u16,
    folder: Folder,
    arguments: Vec<String>,
    password: Option<String>,
    tls_port: Option<u16>,
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
        Self::start_on(arguments, false)
    }

    /// A server that also speaks TLS, on a port of its own ([`tls_port`](Self::tls_port)), and
    /// shows this certificate. It wants one of clients, of the same authority, if `mutual`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_tls(authority: &Authority, shown: &Certificate, mutual: bool) -> Self {
        let path = |path: PathBuf| path.display().to_string();
        Self::start_on(
            &[
                "--tls-cert-file",
                &path(shown.certificate()),
                "--tls-key-file",
                &path(shown.key()),
                "--tls-ca-cert-file",
                &path(authority.certificate()),
                "--tls-auth-clients",
                if mutual { "yes" } else { "no" },
            ],
            true,
        )
    }

    fn start_on(arguments: &[&str], tls: bool) -> Self {
        // The port was free a moment ago; another process may take it before the server does.
        let started = (0..5).find_map(|_| Self::try_start_on(arguments, tls));
        started.unwrap_or_else(|| panic!("redis-server does not come up with {arguments:?}"))
    }

    /// The same; or `None` if it ends at once, as where another process has a port it wants.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed, saying how to install it, or hangs.
    #[must_use]
    pub fn try_start_with(arguments: &[&str]) -> Option<Self> {
        Self::try_start_on(arguments, false)
    }

    fn try_start_on(arguments: &[&str], tls: bool) -> Option<Self> {
        let password = arguments
            .windows(2)
            .find(|pair| pair[0] == "--requirepass")
            .map(|pair| pair[1].to_owned());
        let mut server = Self {
            process: None,
            port: free_port(),
            folder: Folder::new("redis"),
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            password,
            tls_port: tls.then(free_port),
        };
        server.launch().then_some(server)
    }

    /// A server; or `None` if there is no `redis-server` and `CACHE_TESTS_SKIP`, a list with
    /// commas, holds `redis`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start), if it was not allowed to skip.
    #[must_use]
    pub fn start_or_skip() -> Option<Self> {
        if !is_installed("redis-server") && may_skip("redis") {
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

    /// The port on 127.0.0.1 where it speaks TLS.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[must_use]
    pub fn tls_port(&self) -> u16 {
        self.tls_port
            .unwrap_or_else(|| panic!("this redis-server speaks no TLS"))
    }

    /// The path of the Unix socket.
    #[must_use]
    pub fn socket_path(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Whether it was started and not killed since.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Kills the server at once (SIGKILL), so that its connections break.
    pub fn kill(&mut self) {
        self.process = None;
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
        self.running().pause();
    }

    /// Lets a frozen server go on (SIGCONT).
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent.
    pub fn resume(&self) {
        self.running().resume();
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

    /// How many keys all its databases hold; those that have expired, too, until they are deleted.
    ///
    /// # Panics
    ///
    /// If the server cannot be reached.
    #[must_use]
    pub fn entries(&self) -> u64 {
        keys(&self.command(&["INFO", "keyspace"]))
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
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            .arg("--unixsocket")
            .arg(self.socket_path())
            .args(&self.arguments);
        if let Some(port) = self.tls_port {
            command.args(["--tls-port", &port.to_string()]);
        }
        let mut process = Process::spawn(&mut command, self.folder.path(), INSTALL);
        let is_up = process.wait_until(|| {
            self.try_command(&["PING"])
                .is_ok_and(|answer| answer == "PONG")
        });
        self.process = is_up.then_some(process);
        is_up
    }

    fn running(&self) -> &Process {
        self.process
            .as_ref()
            .unwrap_or_else(|| panic!("redis-server is not running"))
    }
}

pub(crate) fn encode(arguments: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        bytes.extend_from_slice(format!("${}\r\n{argument}\r\n", argument.len()).as_bytes());
    }
    bytes
}

pub(crate) fn read_reply(stream: &mut impl BufRead) -> io::Result<String> {
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
