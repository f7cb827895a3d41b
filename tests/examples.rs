//! The examples, run as a reader would run them.

use std::process::Command;

use cache_tests::redis_server::RedisServer;

fn quickstart(url: Option<&str>) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args([
            "run",
            "--quiet",
            "-p",
            "cache-examples",
            "--example",
            "quickstart",
        ])
        .env_remove("CACHE_URL");
    if let Some(url) = url {
        cargo.env("CACHE_URL", url);
    }
    let output = cargo.output().expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    text
}

fn assert_tells_its_story(text: &str) {
    assert!(text.contains("200000 tasks of 1000 users"), "{text}");
    assert!(text.contains("speed-up"), "{text}");
    assert!(
        text.contains("after the update the next read says"),
        "{text}"
    );
    assert!(text.contains("4 misses"), "{text}");
    assert!(text.contains("0 errors"), "{text}");
}

#[test]
fn quickstart_runs_in_process() {
    let text = quickstart(None);
    assert_tells_its_story(&text);
    assert!(text.contains("  :1:user_statistics:"), "{text}");
}

#[test]
fn quickstart_runs_on_redis_with_no_line_changed() {
    let server = RedisServer::start();
    let text = quickstart(Some(&format!("{}?key_prefix=task_api", server.url(0))));
    assert_tells_its_story(&text);
    // The keys that it prints are those that the server has.
    let key = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("task_api:1:task:"))
        .expect("the key is printed");
    let name = format!("task_api:1:task:{key}");
    let type_of = server.command(&["TYPE", &name]);
    assert_eq!(type_of, "string");
}

#[test]
fn quickstart_runs_with_a_redis_that_is_not_there() {
    let text = quickstart(Some("redis://127.0.0.1:1/0"));
    assert!(text.contains("does not answer"), "{text}");
    assert!(
        text.contains("after the update the next read says"),
        "{text}"
    );
}
