//! The question before what cannot be undone, asked on a real terminal.

use std::io::Write;
use std::process::{Command, Stdio};

use cache_runtime::Cache;
use cache_tests::redis_server::RedisServer;

use crate::world::{LIMITS, Ran, on};

/// The command on a terminal of its own (`script`, of util-linux), on which this is typed.
fn typed(url: &str, command: &str, answer: &str) -> Ran {
    let program = env!("CARGO_BIN_EXE_cachectl");
    let mut terminal = Command::new("script")
        .args([
            "-q",
            "-e",
            "-c",
            &format!("'{program}' {command}"),
            "/dev/null",
        ])
        .env("CACHE_URL", url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script is installed: apt-get install -y bsdutils");
    let mut keyboard = terminal.stdin.take().unwrap();
    // Nobody sits there: what is typed waits until it is read.
    writeln!(keyboard, "{answer}").unwrap();
    let output = terminal.wait_with_output().unwrap();
    drop(keyboard);
    Ran::of(&output)
}

#[test]
fn only_a_yes_is_a_yes() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    let cache = Cache::from_url(&url).unwrap().blocking();
    cache.set("entry", &1, 600).unwrap();
    for answer in ["n", "", "nonsense"] {
        let ran = typed(&url, "clear", answer);
        ran.expect(7);
        ran.says(&[
            "forget 1 entry (key prefix `app`, version 1)",
            "[y/N]",
            "nothing was changed",
        ]);
        typed(&url, "delete-tag user:7", answer).expect(7);
    }
    assert_eq!(cache.get::<i32>("entry").unwrap(), Some(1));
    typed(&url, "delete-tag user:7", "yes").expect(0);
    typed(&url, "clear", "y").expect(0);
    assert_eq!(cache.get::<i32>("entry").unwrap(), None);
}

/// Who cannot be asked has not said yes, and nobody is told that it was done.
#[test]
fn a_question_that_cannot_be_written_is_no_yes() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    let cache = Cache::from_url(&url).unwrap().blocking();
    cache.set("entry", &1, 600).unwrap();
    typed(&url, "clear 2>/dev/full", "y").expect(7);
    assert_eq!(cache.get::<i32>("entry").unwrap(), Some(1));
}

#[test]
fn where_nobody_is_nothing_is_done() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=app&{LIMITS}", server.url(0));
    let cache = Cache::from_url(&url).unwrap().blocking();
    cache.set("entry", &1, 600).unwrap();
    for command in ["clear", "delete-tag user:7"] {
        let ran = on(&url, command);
        ran.expect(7);
        ran.says(&["--yes"]);
    }
    assert_eq!(cache.get::<i32>("entry").unwrap(), Some(1));
}

/// The URL on the question is without its password.
#[test]
fn no_password_is_shown() {
    let server = RedisServer::start_with(&["--requirepass", "hunter2"]);
    let url = format!(
        "redis://:hunter2@127.0.0.1:{}/0?key_prefix=app&{LIMITS}",
        server.port()
    );
    for command in [
        "stats",
        "stats --json",
        "check",
        "check --json",
        "clear",
        "bench --ops 1",
        "keys",
        "get x",
    ] {
        let ran = on(&url, command);
        let all = format!("{}{}", ran.out, ran.err);
        assert!(!all.contains("hunter2"), "{command}: {all}");
    }
    on(&url, "stats").says(&["redis://***@127.0.0.1"]);
}
