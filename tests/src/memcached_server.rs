//! A real `memcached` for tests: started on a free port, killed, frozen and restarted at will.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::process::{Folder, Process, as_nobody, free_port, is_installed, may_skip};

/// What to run where there is no `memcached`.
const INSTALL: &str = "apt-get install -y memcached`, or set `CACHE_TESTS_SKIP=memcached";

/// A server of its own on the loopback interface. Dropping it kills it.
///
/// ```no_run
/// use cache_tests::memcached_server::MemcachedServer;
///
/// let server = MemcachedServer::start();
/// assert_eq!(server.command("mn"), "MN");
/// println!("memcached://{}", server.address());
/// ```
#[derive(Debug)]
pub struct MemcachedServer {
    // Before the folder: it is dropped first.
    process: Option<Process>,
    port: u16,
    folder: Folder,
    arguments: Vec<String>,
}

impl MemcachedServer {
    /// A server with 64 MiB of memory.
    ///
    /// # Panics
    ///
    /// If `memcached` is not installed, saying how to install it, or does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with more arguments, as `["-m", "1024"]`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        // By `setpriv`, a missing program would only be a server that does not come up.
        assert!(
            is_installed("memcached"),
            "memcached is not installed; run `{INSTALL}`"
        );
        // The port was free a moment ago; another process may take it before the server does.
        for _ in 0..5 {
            let mut server = Self {
                process: None,
                port: free_port(),
                folder: Folder::new("memcached"),
                arguments: arguments
                    .iter()
                    .map(|&argument| argument.to_owned())
                    .collect(),
            };
            if server.launch() {
                return server;
            }
        }
        panic!("memcached does not come up with {arguments:?}");
    }

    /// A server; or `None` if there is no `memcached` and `CACHE_TESTS_SKIP`, a list with commas,
    /// holds `memcached`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start), if it was not allowed to skip.
    #[must_use]
    pub fn start_or_skip() -> Option<Self> {
        Self::start_with_or_skip(&[])
    }

    /// The same with more arguments.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start), if it was not allowed to skip.
    #[must_use]
    pub fn start_with_or_skip(arguments: &[&str]) -> Option<Self> {
        if !is_installed("memcached") && may_skip("memcached") {
            println!("skipped: memcached");
            return None;
        }
        Some(Self::start_with(arguments))
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1; it stays the same over a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
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
        assert!(self.launch(), "memcached does not come up again");
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

    /// Forgets everything.
    ///
    /// # Panics
    ///
    /// If the server does not do it.
    pub fn flush(&self) {
        assert_eq!(self.command("flush_all"), "OK");
    }

    /// Sends a command on a connection of its own (`mg key v`, `ms key 1\r\nx`), and gives the
    /// answer as text without its last line end: all lines of `stats`, otherwise the first line
    /// and a value's data.
    ///
    /// # Panics
    ///
    /// If the server cannot be reached.
    #[must_use]
    pub fn command(&self, command: &str) -> String {
        self.try_command(command)
            .unwrap_or_else(|error| panic!("{command:?} to memcached failed: {error}"))
    }

    /// A number of `stats`, as `curr_connections`.
    ///
    /// # Panics
    ///
    /// If there is none of this name.
    #[must_use]
    pub fn stat(&self, name: &str) -> u64 {
        let stats = self.command("stats");
        let line = stats
            .lines()
            .find_map(|line| line.strip_prefix(&format!("STAT {name} ")));
        line.and_then(|number| number.trim().parse().ok())
            .unwrap_or_else(|| panic!("memcached has no {name}: {stats}"))
    }

    fn try_command(&self, command: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        // The second command marks the end of the first one's answer.
        stream.write_all(format!("{command}\r\nmn\r\n").as_bytes())?;
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while !answer.ends_with(b"MN\r\n") {
            match stream.read(&mut piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                bytes => answer.extend_from_slice(&piece[..bytes]),
            }
        }
        answer.truncate(answer.len() - b"MN\r\n".len());
        let text = String::from_utf8_lossy(&answer);
        let text = text.trim_end_matches("\r\n");
        Ok(if text.is_empty() { "MN" } else { text }.to_owned())
    }

    /// Starts the process and waits until it answers; false if it ended before.
    fn launch(&mut self) -> bool {
        let mut command = as_nobody("memcached", self.folder.path());
        command
            .args(["-p", &self.port.to_string(), "-l", "127.0.0.1"])
            .args(["-U", "0", "-m", "64"])
            .args(&self.arguments);
        let mut process = Process::spawn(&mut command, self.folder.path(), INSTALL);
        let is_up = process.wait_until(|| {
            self.try_command("version")
                .is_ok_and(|answer| answer.starts_with("VERSION"))
        });
        self.process = is_up.then_some(process);
        is_up
    }

    fn running(&self) -> &Process {
        self.process
            .as_ref()
            .unwrap_or_else(|| panic!("memcached is not running"))
    }
}
