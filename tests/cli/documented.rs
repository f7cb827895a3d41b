//! The sessions of `docs/cli.md`: each command is run, and says what the page says.
//!
//! Numbers, and units behind them, may differ. `CLI_DOCS_UPDATE=1` writes into the page what was said.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use cache_runtime::{Cache, cache_result};
use cache_tests::memcached_server::MemcachedServer;
use cache_tests::process::Folder;
use cache_tests::redis_server::RedisServer;
use serde_json::{Value, json};

use crate::help::COMMANDS;
use crate::world::LIMITS;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");

/// The service that the page speaks of.
#[cache_result(
    timeout = 600, stale = "1h", key_prefix = "user_tasks", tags("user:{user_id}"), skip(cache),
    cache = cache.awaiting()
)]
fn get_user_tasks(
    cache: &cache_runtime::BlockingCache,
    user_id: u64,
    status: Option<&str>,
) -> Vec<Value> {
    let _ = (cache, status);
    vec![json!({ "id": user_id * 100, "title": "write the page" })]
}

/// One command, and what it says.
struct Step<'p> {
    command: &'p str,
    said: String,
}

/// The page in order: text, and commands with what they say.
enum Part<'p> {
    Text(&'p str),
    Step(Step<'p>),
}

fn parts(page: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut is_session = false;
    for line in page.lines() {
        match (is_session, line.strip_prefix("$ "), parts.last_mut()) {
            (_, _, _) if line.starts_with("```") => {
                is_session = line == "```console";
                parts.push(Part::Text(line));
            }
            (true, Some(command), _) => parts.push(Part::Step(Step {
                command,
                said: String::new(),
            })),
            (true, None, Some(Part::Step(step))) => {
                step.said.push_str(line);
                step.said.push('\n');
            }
            _ => parts.push(Part::Text(line)),
        }
    }
    parts
}

/// Where the page's servers and files are in this run.
struct World {
    names: Vec<(&'static str, String)>,
    environment: Vec<(String, String)>,
    last: i32,
}

impl World {
    fn here(&self, text: &str) -> String {
        let names = self.names.iter();
        names.fold(text.to_owned(), |text, (there, here)| {
            text.replace(there, here)
        })
    }

    fn there(&self, text: &str) -> String {
        let names = self.names.iter();
        names.fold(text.to_owned(), |text, (there, here)| {
            text.replace(here, there)
        })
    }

    fn run(&mut self, command: &str) -> String {
        if let Some((name, value)) = command
            .strip_prefix("export ")
            .and_then(|c| c.split_once('='))
        {
            let value = self.here(value.trim_matches('\''));
            self.environment.push((name.to_owned(), value));
            return String::new();
        }
        if command == "echo $?" {
            return format!("{}\n", self.last);
        }
        let program = Path::new(env!("CARGO_BIN_EXE_cachectl"));
        let folders = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args([
                "--norc",
                "-c",
                &format!("{{ {}\n}} 2>&1", self.here(command)),
            ])
            .env(
                "PATH",
                format!("{}:{folders}", program.parent().unwrap().display()),
            )
            .env_remove("CACHE_URL")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        self.last = output.status.code().unwrap();
        self.there(&String::from_utf8(output.stdout).unwrap())
    }
}

/// Numbers and their units are nobody's promise.
fn normal(said: &str) -> String {
    const UNITS: [&str; 9] = ["µs", "ms", "s", "byte", "bytes", "KiB", "MiB", "GiB", "of"];
    let mut lines = String::new();
    for line in said.trim_end().lines() {
        let mut words: Vec<String> = Vec::new();
        for word in line.split_whitespace() {
            // A number of 64 bits that is new in each run.
            let random = word.split_once("cachectl-bench-");
            let word = random.map_or(word, |(before, _)| before);
            let mut plain = String::new();
            for letter in word.chars() {
                match letter {
                    '0'..='9' | '.' if plain.ends_with('#') => {}
                    '0'..='9' => plain.push('#'),
                    letter => plain.push(letter),
                }
            }
            let is_unit = words.last().is_some_and(|last| last.ends_with('#'))
                && UNITS.contains(&plain.trim_end_matches([',', ')']));
            if !is_unit {
                words.push(plain);
            }
        }
        let _ = writeln!(lines, "{}", words.join(" "));
    }
    lines
}

#[test]
fn the_page_says_what_is_said() {
    let redis = RedisServer::start();
    let Some(memcached) = MemcachedServer::start_or_skip() else {
        return;
    };
    let folder = Folder::new("cli-docs");
    let mut world = World {
        // The longer ones first. Where the page has no quotes, there is no room for an `&`.
        names: vec![
            (
                "key_prefix=task_api",
                format!("key_prefix=task_api&{LIMITS}"),
            ),
            (
                "127.0.0.1:11211",
                format!("{}?op_timeout=20", memcached.address()),
            ),
            ("127.0.0.1:6379", format!("127.0.0.1:{}", redis.port())),
            (
                "/var/cache/app.db",
                format!("{}/app.db?op_timeout=20", folder.path().display()),
            ),
            (
                "/var/cache/app",
                format!("{}/app?op_timeout=20", folder.path().display()),
            ),
        ],
        environment: Vec::new(),
        last: 0,
    };
    let url = format!("{}?key_prefix=task_api&{LIMITS}", redis.url(1));
    let cache = Cache::from_url(&url).unwrap().blocking();
    get_user_tasks(&cache, 7, None);
    get_user_tasks(&cache, 8, None);
    cache.set("greeting", "hello", 3600).unwrap();

    let page = std::fs::read_to_string(PAGE).unwrap();
    let is_update = std::env::var_os("CLI_DOCS_UPDATE").is_some();
    let mut written = String::new();
    let mut commands = 0;
    let mut wrong = String::new();
    for part in parts(&page) {
        match part {
            Part::Text(line) => {
                let _ = writeln!(written, "{line}");
            }
            Part::Step(step) => {
                commands += 1;
                let said = world.run(step.command);
                let _ = write!(written, "$ {}\n{said}", step.command);
                if normal(&said) != normal(&step.said) {
                    let _ = writeln!(
                        wrong,
                        "$ {}\n{said}--- the page:\n{}",
                        step.command, step.said
                    );
                }
            }
        }
    }
    if is_update {
        std::fs::write(PAGE, written).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        commands > 20,
        "only {commands} commands were found in the page"
    );
    for command in COMMANDS {
        assert!(
            page.contains(&format!("$ cachectl {command}")),
            "the page has no session of {command}"
        );
    }
}
