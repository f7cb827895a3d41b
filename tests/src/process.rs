//! What every real server of the tests has in common: a process that does not outlive the tests, a
//! folder for its data, a free port.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    /// Kills the server if this process ends without dropping it: statics are never dropped.
    watchdog: Option<Child>,
}

impl Process {
    /// Starts the command, with nothing to read and nowhere to write. `folder` is removed if this
    /// process ends before it is dropped.
    ///
    /// # Panics
    ///
    /// If there is no such program, saying `install`, the command that brings it.
    #[must_use]
    pub fn spawn(command: &mut Command, folder: &Path, install: &str) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => Self {
                watchdog: watch(&child.id().to_string(), folder),
                name,
                child,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                panic!("{name} is not installed; run `{install}`")
            }
            Err(error) => panic!("{name} cannot be started: {error}"),
        }
    }

    /// Waits until `is_up` says true; false if the process ended before.
    ///
    /// # Panics
    ///
    /// If it takes longer than half a minute.
    pub fn wait_until(&mut self, mut is_up: impl FnMut() -> bool) -> bool {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            // Whoever answers on this port, it must be our child that lives.
            if self.has_ended() {
                return false;
            }
            if is_up() {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("{} does not come up within {START_LIMIT:?}", self.name);
    }

    /// Whether it is not running any more.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it at once (SIGKILL), so that its connections break.
    pub fn kill(&mut self) {
        // The watchdog first: it must not bite a later process of the same number.
        if let Some(mut watchdog) = self.watchdog.take() {
            let _ = watchdog.kill();
            let _ = watchdog.wait();
        }
        // An error means that it is dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Freezes it (SIGSTOP): connections are accepted, and nothing is answered.
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent.
    pub fn pause(&self) {
        self.signal("STOP");
        // The signal is on its way when `kill` returns, and a thread that runs may answer somebody before it
        // hears of it.
        let start = Instant::now();
        while !self.is_stopped() && start.elapsed() < START_LIMIT {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether all its threads stand still; true where nobody tells.
    fn is_stopped(&self) -> bool {
        let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", self.child.id())) else {
            return true;
        };
        let stat = |task: std::io::Result<fs::DirEntry>| {
            fs::read_to_string(task.ok()?.path().join("stat")).ok()
        };
        // `NUMBER (NAME) STATE …`, and the name may hold anything.
        let is_stopped = |stat: String| {
            let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
            state.is_none_or(|state| state.starts_with(['T', 'Z', 'X']))
        };
        tasks.filter_map(stat).all(is_stopped)
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, name: &str) {
        // By the command: std cannot send other signals than SIGKILL.
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{} could not be sent SIG{name}",
            self.name
        );
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A shell that waits for the end of this process, however it comes, and then kills `victim` (a process by
/// its number, or with a minus a group) and removes the folder. Who kills that before kills the shell first.
#[must_use]
pub fn watch(victim: &str, folder: &Path) -> Option<Child> {
    // Its input is a pipe that nobody writes to, and that closes when this process ends.
    Command::new("sh")
        .args(["-c", r#"read -r _; kill -9 "$1"; rm -rf "$2""#, "watchdog"])
        .arg(victim)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}

/// Runs `program` as the user `nobody` where we are root: some servers refuse to run as root. The
/// folder is given to that user.
#[must_use]
pub fn as_nobody(program: &str, folder: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let owner = Command::new("chown")
        .arg("-R")
        .arg("nobody:nogroup")
        .arg(folder)
        .status();
    assert!(
        owner.is_ok_and(|status| status.success()),
        "{folder:?} cannot be given to nobody"
    );
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(program);
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Whether there is such a program.
#[must_use]
pub fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// Whether `CACHE_TESTS_SKIP`, a list with commas, holds `name`.
#[must_use]
pub fn may_skip(name: &str) -> bool {
    let skip = std::env::var("CACHE_TESTS_SKIP").unwrap_or_default();
    skip.split(',').any(|skipped| skipped.trim() == name)
}

/// A port on 127.0.0.1 that was free a moment ago; another process may take it before the server
/// does.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .unwrap_or_else(|error| panic!("there is no free port on 127.0.0.1: {error}"))
        .port()
}

/// An empty folder that no other server has; dropping it removes it. Its path is short, as that of
/// a socket must be.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one, `name` in its name.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cache-{name}-{}-{number}", std::process::id());
        let folder: PathBuf = std::env::temp_dir().join(name);
        // Left behind by an earlier process of the same number that was killed.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)
            .unwrap_or_else(|error| panic!("the folder {folder:?} cannot be made: {error}"));
        Self(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
