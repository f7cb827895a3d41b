//! `lock` with real processes: four of them, one cold key, one execution; and an owner that is killed.
//!
//! Each process is this program itself, told what to do by its environment.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{Cache, cache_result, caches};
use cache_tests::every_store::{AStore, EVERY_STORE, Started};
use cache_tests::process::Folder;

const PROCESSES: usize = 4;
const CALLERS: usize = 16;
/// What the function takes.
const COST: Duration = Duration::from_millis(300);
/// How long a lock outlives its owner.
const LIFE: Duration = Duration::from_secs(2);

/// The key whose first owner is killed.
const KILLED: u64 = 3;

const URL: &str = "LOCK_PROCESSES_URL";
const FOLDER: &str = "LOCK_PROCESSES_FOLDER";

#[cache_result(timeout = 60, key_prefix = "locked", lock)]
fn locked(id: u64) -> u64 {
    run(id)
}

#[cache_result(timeout = 60, key_prefix = "locked_shortly", lock = LIFE)]
fn locked_shortly(id: u64) -> u64 {
    run(id)
}

#[cache_result(timeout = 60, key_prefix = "unlocked")]
fn unlocked(id: u64) -> u64 {
    run(id)
}

/// Leaves a line for each run, and says who ran.
fn run(id: u64) -> u64 {
    let folder = env::var(FOLDER).unwrap();
    let runs = Path::new(&folder).join(format!("runs.{id}"));
    let mut runs = OpenOptions::new()
        .create(true)
        .append(true)
        .open(runs)
        .unwrap();
    let is_first = runs.metadata().unwrap().len() == 0;
    writeln!(runs, "{}", std::process::id()).unwrap();
    // Whoever is to be killed meanwhile does not end before that.
    let is_killed = id == KILLED && is_first;
    thread::sleep(if is_killed { 100 * COST } else { COST });
    u64::from(std::process::id())
}

/// What a process is told: the function, the number of the key.
const CALL: &str = "LOCK_PROCESSES_CALL";

#[test]
#[ignore = "it is run by the others, as a process of its own"]
fn in_another_process() {
    let url = env::var(URL).unwrap();
    let folder = env::var(FOLDER).unwrap();
    let cache = Cache::from_url(&url).unwrap();
    cache.blocking().ping().unwrap();
    caches().set("default", cache).unwrap();
    let call: fn(u64) -> u64 = match env::var(CALL).unwrap().as_str() {
        "locked" => locked,
        "locked_shortly" => locked_shortly,
        _ => unlocked,
    };
    let id = env::var("LOCK_PROCESSES_ID").unwrap().parse().unwrap();
    fs::write(
        Path::new(&folder).join(format!("ready.{}", std::process::id())),
        "",
    )
    .unwrap();
    while !Path::new(&folder).join("go").exists() {
        thread::sleep(Duration::from_millis(1));
    }
    let answers: Vec<u64> = thread::scope(|scope| {
        let callers = [(); CALLERS].map(|()| scope.spawn(move || call(id)));
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect()
    });
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    fs::write(
        Path::new(&folder).join(format!("answer.{}", std::process::id())),
        answers[0].to_string(),
    )
    .unwrap();
}

/// Processes that wait for a word.
struct Crowd {
    folder: Folder,
    processes: Vec<Child>,
}

impl Crowd {
    fn ready(server: &Started, call: &str, id: u64, prefix: &str) -> Self {
        let folder = Folder::new("lock");
        let url = server.with(&format!(
            "key_prefix={prefix}&op_timeout=10&connect_timeout=10"
        ));
        let processes = (0..PROCESSES).map(|_| {
            let mut command = Command::new(env::current_exe().unwrap());
            command
                .args(["--exact", "in_another_process", "--ignored", "--nocapture"])
                .env(URL, &url)
                .env(FOLDER, folder.path())
                .env(CALL, call)
                .env("LOCK_PROCESSES_ID", id.to_string())
                .stdout(Stdio::null());
            command.spawn().unwrap()
        });
        let processes = processes.collect();
        let crowd = Self { folder, processes };
        crowd.wait("ready.", PROCESSES);
        crowd
    }

    fn go(&self) {
        fs::write(self.folder.path().join("go"), "").unwrap();
    }

    fn count(&self, prefix: &str) -> usize {
        let files = fs::read_dir(self.folder.path()).unwrap();
        files
            .filter(|file| {
                let name = file.as_ref().unwrap().file_name();
                name.to_string_lossy().starts_with(prefix)
            })
            .count()
    }

    fn wait(&self, prefix: &str, count: usize) {
        let start = Instant::now();
        while self.count(prefix) < count {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{prefix}: not {count}"
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The processes that ran the function, one for each run.
    fn runs(&self, id: u64) -> Vec<u32> {
        let runs = fs::read_to_string(self.folder.path().join(format!("runs.{id}")));
        runs.unwrap_or_default()
            .lines()
            .map(|line| line.parse().unwrap())
            .collect()
    }

    fn end(mut self) {
        for process in &mut self.processes {
            assert!(process.wait().unwrap().success());
        }
    }
}

/// The stores that several processes can share, one of a kind.
fn shared() -> impl Iterator<Item = (&'static str, Started)> {
    let names = [
        "redis",
        "memcached",
        "sqlite",
        "postgres",
        "mariadb",
        "files",
    ];
    let is_one = move |store: &&AStore| names.contains(&store.name);
    let started = EVERY_STORE.iter().filter(is_one);
    started.filter_map(|store| Some((store.name, (store.start)()?)))
}

#[test]
fn four_processes_and_one_cold_key_are_one_execution() {
    for (name, server) in shared() {
        let crowd = Crowd::ready(&server, "locked", 1, "a");
        let start = Instant::now();
        crowd.go();
        crowd.wait("answer.", PROCESSES);
        println!(
            "{name}: {PROCESSES} x {CALLERS} callers had it after {:?}",
            start.elapsed()
        );
        assert_eq!(crowd.runs(1).len(), 1, "{name}");
        crowd.end();
    }
}

#[test]
fn without_it_each_process_runs_it_once() {
    let (_, server) = shared().next().unwrap();
    let crowd = Crowd::ready(&server, "unlocked", 2, "a");
    crowd.go();
    crowd.wait("answer.", PROCESSES);
    let mut runs = crowd.runs(2);
    assert!(runs.len() > 1, "it is the lock that makes it one");
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len(), crowd.runs(2).len(), "one in each process");
    crowd.end();
}

#[test]
fn an_owner_that_is_killed_is_followed_by_one_other() {
    let (_, server) = shared().next().unwrap();
    let mut crowd = Crowd::ready(&server, "locked_shortly", KILLED, "a");
    crowd.go();
    // The file is there a moment before its line is.
    crowd.wait("runs.", 1);
    let owner = loop {
        if let Some(owner) = crowd.runs(KILLED).first() {
            break *owner;
        }
        thread::yield_now();
    };
    let at = crowd
        .processes
        .iter()
        .position(|process| process.id() == owner);
    let mut owner = crowd.processes.remove(at.unwrap());
    owner.kill().unwrap();
    owner.wait().unwrap();
    let start = Instant::now();
    crowd.wait("answer.", PROCESSES - 1);
    println!(
        "the others had it {:?} after the owner was killed",
        start.elapsed()
    );
    assert_eq!(crowd.runs(KILLED).len(), 2);
    crowd.end();
}
