//! A primary, a replica and three sentinels that watch them: real processes, killed and restarted
//! at will.

use std::fs;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::certificates::{Authority, Certificate};
use crate::process::{Folder, Process, free_port};
use crate::redis_server::{INSTALL, encode, read_reply};

/// The name that the sentinels know the primary by.
pub const MASTER: &str = "mymaster";

/// The sentinels find the primary dead after so long.
pub const DOWN_AFTER: Duration = Duration::from_millis(500);

/// How long a failover may take on a busy machine.
const FAILOVER_LIMIT: Duration = Duration::from_secs(60);

/// Two servers, of which one is the primary, and three sentinels.
///
/// ```no_run
/// use cache_tests::redis_sentinel::Watched;
///
/// let mut watched = Watched::start();
/// let was = watched.master();
/// watched.kill_master();
/// let took = watched.wait_for_failover(was);
/// println!("{} after {took:?}", watched.url(0));
/// ```
#[derive(Debug)]
pub struct Watched {
    /// The servers, then the sentinels.
    nodes: Vec<Node>,
    password: Option<String>,
}

/// One sentinel that also speaks TLS, and names a server on this machine.
#[derive(Debug)]
pub struct SecuredSentinel {
    tls_port: u16,
    // Dropping it kills it.
    _node: Node,
}

impl SecuredSentinel {
    /// A sentinel that shows this certificate, and names the server at this port as the master.
    ///
    /// # Panics
    ///
    /// As [`Watched::start`].
    #[must_use]
    pub fn start(authority: &Authority, shown: &Certificate, master: u16) -> Self {
        let tls_port = free_port();
        let [ca, certificate, key] = [authority.certificate(), shown.certificate(), shown.key()]
            .map(|path| path.display().to_string());
        let node = Node::start(
            format!(
                "tls-port {tls_port}\ntls-ca-cert-file {ca}\ntls-cert-file {certificate}\n\
                 tls-key-file {key}\ntls-auth-clients no\ntls-replication yes\n\
                 sentinel monitor {MASTER} 127.0.0.1 {master} 1\n"
            ),
            true,
        );
        Self {
            tls_port,
            _node: node,
        }
    }

    /// The port on 127.0.0.1 where it speaks TLS.
    #[must_use]
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }
}

#[derive(Debug)]
struct Node {
    // Before the folder: it is dropped first.
    process: Option<Process>,
    folder: Folder,
    port: u16,
    is_sentinel: bool,
    /// Written to its configuration when it first starts; it rewrites that file itself.
    configuration: String,
    is_paused: bool,
}

impl Watched {
    /// All five of them, the sentinels knowing each other and the replica.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed, or one of them does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same, with a password that the sentinels ask for (`sentinel`) and another one that the
    /// servers ask for (`server`).
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_with_passwords() -> Self {
        Self::start_with(Some("server"))
    }

    fn start_with(password: Option<&str>) -> Self {
        let mut nodes = Vec::new();
        let secret = password.map_or(String::new(), |password| {
            format!("requirepass {password}\nmasterauth {password}\n")
        });
        let primary = Node::start(format!("save \"\"\nappendonly no\n{secret}"), false);
        let port = primary.port;
        nodes.push(primary);
        nodes.push(Node::start(
            format!("save \"\"\nappendonly no\n{secret}replicaof 127.0.0.1 {port}\nrepl-diskless-sync-delay 0\n"),
            false,
        ));
        let down_after = DOWN_AFTER.as_millis();
        let secret = password.map_or(String::new(), |password| {
            format!("sentinel auth-pass {MASTER} {password}\nrequirepass sentinel\nsentinel sentinel-pass sentinel\n")
        });
        for _ in 0..3 {
            nodes.push(Node::start(
                format!(
                    "sentinel monitor {MASTER} 127.0.0.1 {port} 2\n\
                     sentinel down-after-milliseconds {MASTER} {down_after}\n\
                     sentinel failover-timeout {MASTER} 3000\n{secret}"
                ),
                true,
            ));
        }
        let watched = Self {
            nodes,
            password: password.map(str::to_owned),
        };
        watched.wait_until("the sentinels know each other and the replica", || {
            watched.sentinels().all(|at| {
                let known = watched.ask(at, &["SENTINEL", "MASTER", MASTER]);
                let is = |field, value| has(&known, field, value);
                is("num-slaves", "1") && is("num-other-sentinels", "2") && is("flags", "master")
            })
        });
        watched.wait_until("the replica has its data", || {
            let told = watched.ask(1, &["INFO", "replication"]);
            told.contains("master_link_status:up")
        });
        watched
    }

    /// The URL of a database of the primary, by all sentinels.
    #[must_use]
    pub fn url(&self, db: u8) -> String {
        let nodes = self
            .sentinels()
            .map(|at| format!("127.0.0.1:{}", self.nodes[at].port));
        let nodes = nodes.collect::<Vec<_>>().join(",");
        match &self.password {
            Some(password) => format!(
                "redis+sentinel://:{password}@{nodes}/{MASTER}/{db}?sentinel_password=sentinel"
            ),
            None => format!("redis+sentinel://{nodes}/{MASTER}/{db}"),
        }
    }

    /// The ports of the sentinels.
    #[must_use]
    pub fn sentinel_ports(&self) -> Vec<u16> {
        self.sentinels().map(|at| self.nodes[at].port).collect()
    }

    /// The port of the server that all sentinels that live name, once they agree.
    ///
    /// # Panics
    ///
    /// If they do not come to agree.
    #[must_use]
    pub fn master(&self) -> u16 {
        self.wait_until("sentinels that agree", || self.agreed().is_some());
        self.agreed().unwrap_or_default()
    }

    /// Kills the primary that they name at once (SIGKILL); its port.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn kill_master(&mut self) -> u16 {
        let port = self.master();
        self.node(port).process = None;
        port
    }

    /// Freezes the server at this port (SIGSTOP).
    pub fn pause(&mut self, port: u16) {
        let node = self.node(port);
        if let Some(process) = &node.process {
            process.pause();
            node.is_paused = true;
        }
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&mut self, port: u16) {
        let node = self.node(port);
        if let Some(process) = &node.process {
            process.resume();
            node.is_paused = false;
        }
    }

    /// Kills the sentinel or server at this port.
    pub fn kill(&mut self, port: u16) {
        self.node(port).process = None;
    }

    /// Starts it again, as it was configured last: the sentinels make a former primary a replica.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&mut self, port: u16) {
        let node = self.node(port);
        node.process = None;
        assert!(
            node.launch(),
            "the server at port {port} does not come up again"
        );
    }

    /// Waits until the sentinels that live name another master than this one, and it is one; how
    /// long that took.
    ///
    /// # Panics
    ///
    /// If it takes too long.
    #[must_use]
    pub fn wait_for_failover(&self, was: u16) -> Duration {
        let start = Instant::now();
        self.wait_until("another master", || {
            let now = self.agreed().filter(|port| *port != was);
            now.is_some_and(|port| self.role(port) == "master")
        });
        start.elapsed()
    }

    /// Waits until the server at this port is a replica whose link to its primary stands.
    ///
    /// # Panics
    ///
    /// If it takes too long.
    pub fn wait_for_replica(&self, port: u16) {
        let at = self.at(port);
        self.wait_until("the former master is a replica", || {
            self.ask(at, &["INFO", "replication"])
                .contains("master_link_status:up")
        });
    }

    /// Runs one command at this port; the answer as text, empty if there is none.
    #[must_use]
    pub fn command(&self, port: u16, arguments: &[&str]) -> String {
        self.ask(self.at(port), arguments)
    }

    /// `master` or `slave`, as the server itself says; empty if it does not answer.
    #[must_use]
    pub fn role(&self, port: u16) -> String {
        let role = self.ask(self.at(port), &["ROLE"]);
        role.lines().next().unwrap_or_default().to_owned()
    }

    fn agreed(&self) -> Option<u16> {
        let alive = self
            .sentinels()
            .filter(|at| self.nodes[*at].process.is_some());
        let mut named = alive.map(|at| {
            let told = self.ask(at, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]);
            told.lines().nth(1).and_then(|port| port.parse().ok())
        });
        let first: Option<u16> = named.next()?;
        named.all(|port| port == first).then_some(first).flatten()
    }

    fn sentinels(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|at| self.nodes[*at].is_sentinel)
    }

    fn at(&self, port: u16) -> usize {
        let found = self.nodes.iter().position(|node| node.port == port);
        found.unwrap_or_else(|| panic!("no server is at port {port}"))
    }

    fn node(&mut self, port: u16) -> &mut Node {
        let at = self.at(port);
        &mut self.nodes[at]
    }

    fn ask(&self, at: usize, arguments: &[&str]) -> String {
        let node = &self.nodes[at];
        let password = self.password.as_deref();
        let password = password.map(|own| if node.is_sentinel { "sentinel" } else { own });
        ask(node.port, password, arguments).unwrap_or_default()
    }

    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(
                start.elapsed() < FAILOVER_LIMIT,
                "not within {FAILOVER_LIMIT:?}: {what}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether the list of names and values has this pair.
fn has(list: &str, field: &str, value: &str) -> bool {
    let mut lines = list.lines();
    lines.any(|line| line == field) && lines.next() == Some(value)
}

fn ask(port: u16, password: Option<&str>, arguments: &[&str]) -> io::Result<String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut stream = BufReader::new(stream);
    if let Some(password) = password {
        stream.get_mut().write_all(&encode(&["AUTH", password]))?;
        read_reply(&mut stream)?;
    }
    stream.get_mut().write_all(&encode(arguments))?;
    read_reply(&mut stream)
}

impl Node {
    fn start(configuration: String, is_sentinel: bool) -> Self {
        // The port was free a moment ago; another process may take it before the server does.
        for _ in 0..5 {
            let mut node = Self {
                process: None,
                folder: Folder::new("sentinel"),
                port: free_port(),
                is_sentinel,
                configuration: configuration.clone(),
                is_paused: false,
            };
            if node.launch() {
                return node;
            }
        }
        panic!("redis-server does not come up with {configuration:?}");
    }

    fn launch(&mut self) -> bool {
        let (folder, port) = (self.folder.path(), self.port);
        let file = folder.join("redis.conf");
        if !file.exists() {
            let dir = folder.display();
            let own = &self.configuration;
            fs::write(
                &file,
                format!("port {port}\nbind 127.0.0.1\ndir {dir}\n{own}"),
            )
            .unwrap_or_else(|error| panic!("{file:?} cannot be written: {error}"));
        }
        let mut command = Command::new("redis-server");
        command.arg(&file);
        if self.is_sentinel {
            command.arg("--sentinel");
        }
        let mut process = Process::spawn(&mut command, folder, INSTALL);
        let is_up = process.wait_until(|| {
            // One that asks for a password is up, too.
            ask(port, None, &["PING"])
                .is_ok_and(|answer| answer == "PONG" || answer.contains("NOAUTH"))
        });
        self.process = is_up.then_some(process);
        self.is_paused = false;
        is_up
    }
}
