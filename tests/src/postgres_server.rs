//! A real PostgreSQL for tests: started on a free port, killed, frozen and restarted at will.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::process::{Folder, Process, as_nobody, free_port, may_skip};

/// What to run where there is no `postgres`.
const INSTALL: &str =
    "apt-get install -y --no-install-recommends postgresql`, or set `CACHE_TESTS_SKIP=postgres";

/// A server of its own on the loopback interface, its data in a folder of its own. Dropping it kills
/// the server and removes the folder.
///
/// ```no_run
/// use cache_tests::postgres_server::PostgresServer;
///
/// let server = PostgresServer::start();
/// assert_eq!(server.query("SELECT 1"), "1");
/// println!("{}", server.url());
/// ```
#[derive(Debug)]
pub struct PostgresServer {
    // Before the folder: it is dropped first.
    process: Option<Process>,
    port: u16,
    folder: Folder,
    programs: PathBuf,
}

impl PostgresServer {
    /// A server with the usual settings, and a database `postgres` that its user `postgres` may
    /// enter without a password.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed, saying how to install it, or does not come up.
    #[must_use]
    pub fn start() -> Self {
        let programs =
            programs().unwrap_or_else(|| panic!("postgres is not installed; run `{INSTALL}`"));
        // The port was free a moment ago; another process may take it before the server does.
        for _ in 0..5 {
            let mut server = Self {
                process: None,
                port: free_port(),
                folder: Folder::new("postgres"),
                programs: programs.clone(),
            };
            server.make_database();
            if server.launch() {
                return server;
            }
        }
        panic!("postgres does not come up");
    }

    /// A server; or `None` if there is no PostgreSQL and `CACHE_TESTS_SKIP`, a list with commas,
    /// holds `postgres`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start), if it was not allowed to skip.
    #[must_use]
    pub fn start_or_skip() -> Option<Self> {
        if programs().is_none() && may_skip("postgres") {
            println!("skipped: postgres");
            return None;
        }
        Some(Self::start())
    }

    /// The URL of its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The port on 127.0.0.1; it stays the same over a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server and its processes at once (SIGKILL), so that its connections break.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // It makes no new ones while it is looked at.
        send("STOP", &process.id().to_string());
        let children = children(process.id());
        process.kill();
        for child in children {
            send("KILL", &child);
        }
    }

    /// Starts the server again on the same port with the same data, killing it first if it runs.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        // It refuses to while one of the old processes is not quite dead.
        for _ in 0..100 {
            if self.launch() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("postgres does not come up again");
    }

    /// Freezes the server and those of its processes that serve connections (SIGSTOP): connections
    /// are accepted, and nothing is answered.
    ///
    /// # Panics
    ///
    /// If it is not running.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets a frozen server go on (SIGCONT).
    ///
    /// # Panics
    ///
    /// If it is not running.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Runs SQL on a connection of its own and gives the rows as text, a line each, columns
    /// separated by `|`.
    ///
    /// # Panics
    ///
    /// If the server does not take it.
    #[must_use]
    pub fn query(&self, sql: &str) -> String {
        match self.try_query(sql) {
            Ok(rows) => rows,
            Err(error) => panic!("{sql} failed: {error}"),
        }
    }

    fn try_query(&self, sql: &str) -> Result<String, String> {
        let output = Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", "postgres", "-d", "postgres"])
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .env("PGCONNECT_TIMEOUT", "5")
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn make_database(&self) {
        let output = as_nobody(&self.program("initdb"), self.folder.path())
            .arg("-D")
            .arg(self.data())
            .args(["-U", "postgres", "-A", "trust", "--no-sync"])
            .args(["-E", "UTF8", "--locale=C"])
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| panic!("initdb cannot be started: {error}"));
        assert!(
            output.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Starts the process and waits until it answers; false if it ended before.
    fn launch(&mut self) -> bool {
        let mut command = as_nobody(&self.program("postgres"), self.folder.path());
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-k"])
            .arg(self.folder.path())
            // What is on disk need not outlive the machine.
            .args(["-c", "fsync=off", "-c", "max_connections=200"])
            .current_dir(self.folder.path());
        let mut process = Process::spawn(&mut command, self.folder.path(), INSTALL);
        let is_up = process.wait_until(|| self.try_query("SELECT 1").is_ok());
        self.process = is_up.then_some(process);
        is_up
    }

    fn program(&self, name: &str) -> String {
        self.programs.join(name).to_string_lossy().into_owned()
    }

    fn signal(&self, name: &str) {
        let process = self
            .process
            .as_ref()
            .unwrap_or_else(|| panic!("postgres is not running"));
        let children = children(process.id());
        // All by one command, which takes no time between them: a server that goes on piece by piece is
        // another fault than one that was frozen.
        let mut kill = Command::new("kill");
        kill.args(["-s", name])
            .args(&children)
            .arg(process.id().to_string());
        let _ = kill.stderr(Stdio::null()).status();
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where the programs are, of the newest version: Debian has them beside the path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| folder.join("postgres").exists() && folder.join("psql").exists())
        .collect();
    folders.sort_by_key(|folder| version(folder));
    folders.pop()
}

fn version(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name);
    name.and_then(|name| name.to_str()?.parse().ok())
        .unwrap_or_default()
}

/// Sends a signal to a process, which may have ended just now.
fn send(signal: &str, id: &str) {
    let mut kill = Command::new("kill");
    let _ = kill.args(["-s", signal, id]).stderr(Stdio::null()).status();
}

/// The processes that this one has started.
fn children(id: u32) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    let children = children.unwrap_or_default();
    children.split_whitespace().map(str::to_owned).collect()
}
