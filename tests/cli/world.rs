//! Running the program, and what it said.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Slow machines are not the subject.
pub(crate) const LIMITS: &str = "op_timeout=20&connect_timeout=20";

/// The program, without what the environment of the tests may say.
pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cachectl"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CACHE_URL") {
            program.env_remove(name);
        }
    }
    program.stdin(Stdio::null());
    program
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Its output, where it ended with this code.
    pub(crate) fn expect(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:#?}");
        &self.out
    }

    /// Its output as JSON, where it ended with this code.
    pub(crate) fn json(&self, code: i32) -> Value {
        let out = self.expect(code);
        serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Both of its outputs hold all of these.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) {
        let all = format!("{}{}", self.out, self.err);
        for part in parts {
            assert!(all.contains(part), "no {part:?} in {self:#?}");
        }
    }
}

/// One run, with arguments separated by spaces.
pub(crate) fn run(arguments: &str) -> Ran {
    run_all(&arguments.split_whitespace().collect::<Vec<_>>())
}

pub(crate) fn run_all(arguments: &[&str]) -> Ran {
    Ran::of(&program().args(arguments).output().unwrap())
}

/// A run on the cache of this URL.
pub(crate) fn on(url: &str, arguments: &str) -> Ran {
    let arguments: Vec<_> = arguments.split_whitespace().collect();
    on_all(url, &arguments)
}

pub(crate) fn on_all(url: &str, arguments: &[&str]) -> Ran {
    let mut program = program();
    program.env("CACHE_URL", url).args(arguments);
    Ran::of(&program.output().unwrap())
}
