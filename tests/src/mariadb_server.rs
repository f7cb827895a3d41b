//! A real MariaDB for tests: started on a free port, killed, frozen and restarted at will.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Folder, Process, as_nobody, free_port, is_installed, may_skip};

/// What to run where there is no `mariadbd`.
const INSTALL: &str =
    "apt-get install -y --no-install-recommends mariadb-server`, or set `CACHE_TESTS_SKIP=mariadb";

/// A server of its own on the loopback interface, its data in a folder of its own. Dropping it kills
/// the server and removes the folder.
///
/// ```no_run
/// use cache_tests::mariadb_server::MariadbServer;
///
/// let server = MariadbServer::start();
/// assert_eq!(server.query("SELECT 1"), "1");
/// println!("{}", server.url());
/// ```
#[derive(Debug)]
pub struct MariadbServer {
    // Before the folder: it is dropped first.
    process: Option<Process>,
    port: u16,
    folder: Folder,
}

impl MariadbServer {
    /// A server with the usual settings, and a database `cache` of the user `me`, whose password is
    /// `sesame`.
    ///
    /// # Panics
    ///
    /// If MariaDB is not installed, saying how to install it, or does not come up.
    #[must_use]
    pub fn start() -> Self {
        assert!(
            is_installed("mariadbd"),
            "mariadbd is not installed; run `{INSTALL}`"
        );
        // The port was free a moment ago; another process may take it before the server does.
        for _ in 0..5 {
            let mut server = Self {
                process: None,
                port: free_port(),
                folder: Folder::new("mariadb"),
            };
            server.make_tables();
            if server.launch() {
                let _ = server.query(
                    "CREATE DATABASE cache; \
                     CREATE USER me@'127.0.0.1' IDENTIFIED BY 'sesame'; \
                     GRANT ALL ON cache.* TO me@'127.0.0.1'",
                );
                return server;
            }
        }
        panic!("mariadbd does not come up");
    }

    /// A server; or `None` if there is no MariaDB and `CACHE_TESTS_SKIP`, a list with commas, holds
    /// `mariadb`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start), if it was not allowed to skip.
    #[must_use]
    pub fn start_or_skip() -> Option<Self> {
        if !is_installed("mariadbd") && may_skip("mariadb") {
            println!("skipped: mariadb");
            return None;
        }
        Some(Self::start())
    }

    /// The URL of its database, password included.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://me:sesame@127.0.0.1:{}/cache", self.port)
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

    /// Starts the server again on the same port with the same data, killing it first if it runs.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.launch(), "mariadbd does not come up again");
    }

    /// Freezes the server (SIGSTOP): connections are accepted, and nothing is answered.
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

    /// Runs SQL as the server's master, in no database, and gives the rows as text, a line each,
    /// columns separated by tabs.
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
        let output = Command::new("mariadb")
            .args(["--no-defaults", "-u", "root", "-N", "-B", "-S"])
            .arg(self.socket_path())
            .args(["-e", sql])
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }

    fn socket_path(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn data(&self) -> String {
        let data = self.folder.path().join("data");
        format!("--datadir={}", data.display())
    }

    /// A server that starts removes what it finds of others.
    fn tmpdir(&self) -> String {
        format!("--tmpdir={}", self.folder.path().display())
    }

    fn make_tables(&self) {
        let output = as_nobody("mariadb-install-db", self.folder.path())
            .args(["--no-defaults", &self.data(), "--skip-test-db"])
            .arg("--auth-root-authentication-method=normal")
            .arg(self.tmpdir())
            .output()
            .unwrap_or_else(|error| panic!("mariadb-install-db cannot be started: {error}"));
        assert!(
            output.status.success(),
            "mariadb-install-db failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Starts the process and waits until it answers; false if it ended before.
    fn launch(&mut self) -> bool {
        let mut command = as_nobody("mariadbd", self.folder.path());
        command
            .args(["--no-defaults", &self.data(), "--bind-address=127.0.0.1"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--socket={}", self.socket_path().display()))
            .args(["--skip-log-bin", "--max-connections=200"])
            .arg(self.tmpdir())
            // What is on disk need not outlive the machine, but it does outlive the server.
            .arg("--innodb-flush-log-at-trx-commit=2");
        let mut process = Process::spawn(&mut command, self.folder.path(), INSTALL);
        let is_up = process.wait_until(|| self.try_query("SELECT 1").is_ok());
        self.process = is_up.then_some(process);
        is_up
    }

    fn running(&self) -> &Process {
        self.process
            .as_ref()
            .unwrap_or_else(|| panic!("mariadbd is not running"))
    }
}
