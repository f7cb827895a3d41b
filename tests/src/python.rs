//! Python beside the tests: an environment with the packages that they and the benches need, made
//! once for each list of packages, and a script in it that is asked line by line.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use crate::process::may_skip;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/requirements.txt");
const ENVIRONMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/python-env");

/// What to run where there is no Python.
const INSTALL: &str = "`apt-get install -y python3-venv`, or set `CACHE_TESTS_SKIP=python`";

/// A running script. Dropping it closes its input, at which the script ends.
#[derive(Debug)]
pub struct Script {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Script {
    /// Starts the script at `path` with these arguments.
    ///
    /// # Errors
    ///
    /// In words, if there is no environment and none can be made.
    pub fn start(path: &Path, arguments: &[&str]) -> Result<Self, String> {
        let mut process = Command::new(interpreter()?)
            .arg(path)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("python does not start: {error}"))?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (input, output) = pipes.ok_or("python has no pipes")?;
        Ok(Self {
            process,
            input: Some(input),
            output: BufReader::new(output),
        })
    }

    /// Says one line and waits for the answer, one line.
    ///
    /// # Panics
    ///
    /// If the script has ended; why, it has said on the standard error.
    pub fn ask(&mut self, line: &str) -> String {
        let said = self.input.as_mut().map(|input| writeln!(input, "{line}"));
        let mut answer = String::new();
        let heard = self.output.read_line(&mut answer);
        assert!(
            matches!((&said, &heard), (Some(Ok(())), Ok(1..))),
            "python ended when it was told {line}"
        );
        answer
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// Whether tests without Python are allowed: `CACHE_TESTS_SKIP` holds `python`, and there is no
/// environment yet.
#[must_use]
pub fn is_skipped() -> bool {
    may_skip("python") && !is_made(Path::new(ENVIRONMENT))
}

/// The interpreter that has the packages of `interop/requirements.txt`, made on first use.
///
/// # Errors
///
/// In words, with the command that may help, if it cannot be made.
pub fn interpreter() -> Result<PathBuf, String> {
    static INTERPRETER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    INTERPRETER
        .get_or_init(|| make(Path::new(ENVIRONMENT)))
        .clone()
}

fn make(environment: &Path) -> Result<PathBuf, String> {
    if !is_made(environment) {
        // Made beside and then moved, so that nobody meets half of one; what runs from a virtual
        // environment by its `bin/python` may be moved.
        let new = environment.with_extension(std::process::id().to_string());
        let made = fill(&new).and_then(|()| put(&new, environment));
        let _ = fs::remove_dir_all(&new);
        made?;
    }
    Ok(environment.join("bin/python"))
}

fn is_made(environment: &Path) -> bool {
    let wanted = fs::read(REQUIREMENTS).ok();
    wanted.is_some() && fs::read(environment.join("requirements.txt")).ok() == wanted
}

fn fill(new: &Path) -> Result<(), String> {
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(new))?;
    run(Command::new(new.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(REQUIREMENTS))?;
    let listed = fs::copy(REQUIREMENTS, new.join("requirements.txt"));
    listed.map(drop).map_err(|error| error.to_string())
}

fn put(new: &Path, environment: &Path) -> Result<(), String> {
    let old = environment.with_extension(format!("{}.old", std::process::id()));
    let moved = fs::rename(environment, &old);
    let result = fs::rename(new, environment);
    if moved.is_ok() {
        let _ = fs::remove_dir_all(&old);
    }
    match result {
        // Another process was quicker.
        Err(_) if is_made(environment) => Ok(()),
        result => result.map_err(|error| format!("{environment:?} cannot be made: {error}")),
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}; run {INSTALL}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Err(format!(
        "{command:?}: {}\n{said}\nrun {INSTALL}",
        output.status
    ))
}
