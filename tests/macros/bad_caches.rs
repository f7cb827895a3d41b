//! A bad `CACHE_URL` or an unknown alias never breaks a call.

use std::process::Command;

use cache_runtime::{ErrorKind, cache_result, caches};

use crate::support::*;
use crate::tracing_log::errors_of;

#[cache_result(cache = "cache_tests.unknown")]
fn unknown(id: u64) -> u64 {
    RUNS.run() * 10 + id
}

#[cache_result(cache = "cache_tests.unknown")]
async fn unknown_async(id: u64) -> u64 {
    RUNS.run() * 10 + id
}

static RUNS: Runs = Runs::new();

#[test]
fn with_an_unknown_alias_a_function_runs_uncached() {
    let errors = errors_of(|| {
        assert_eq!([unknown(1), unknown(1), unknown(2)], [11, 21, 32]);
        futures_executor::block_on(async {
            assert_eq!([unknown_async(1).await, unknown_async(1).await], [41, 51]);
        });
    });
    assert_eq!(errors.len(), 2, "one line for each function: {errors:?}");
    assert!(errors[0].contains("cache_tests.unknown"), "{errors:?}");
    assert!(
        errors[0].contains("CACHE_URL_CACHE_TESTS_UNKNOWN"),
        "what to do: {errors:?}"
    );
    assert!(errors[0].contains("bad_caches.rs"), "{errors:?}");
    assert_eq!(
        (unknown::stats().errors, unknown_async::stats().errors),
        (3, 2)
    );
    assert_eq!(unknown::stats().hits, 0);

    let kind = ErrorKind::UnknownCache;
    assert_eq!(
        caches().get("cache_tests.unknown").unwrap_err().kind(),
        kind
    );
    assert_eq!(unknown::entry(1).get().unwrap_err().kind(), kind);
    assert_eq!(unknown::clear().unwrap_err().kind(), kind);
    assert_eq!(unknown::entry(1).key(), "");
    assert_eq!(unknown::refresh(1), 61);
    assert_eq!(unknown::uncached(1), 71);
}

#[cache_result]
fn by_default(id: u64) -> u64 {
    RUNS.run() * 10 + id
}

/// The environment is one for all tests of a process, so each URL has a process of its own.
#[test]
fn with_a_bad_url_in_the_environment_a_function_runs_uncached() {
    const CHILD: &str = "CACHE_TESTS_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return in_the_child();
    }
    for url in [
        "redsi://localhost",
        "memory://?max_entrys=5",
        "redis://h/x",
        "no url",
    ] {
        let name = "bad_caches::with_a_bad_url_in_the_environment_a_function_runs_uncached";
        let child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact"])
            .envs([("CACHE_URL", url), (CHILD, "1")])
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && output.contains("1 passed"),
            "{url}: {output}"
        );
    }
}

fn in_the_child() {
    let errors = errors_of(|| {
        assert_eq!([by_default(1), by_default(1), by_default(2)], [11, 21, 32]);
    });
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("CACHE_URL"), "{errors:?}");
    assert_eq!(by_default::stats().errors, 3);
    let error = caches().get("default").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().starts_with("CACHE_URL: "), "{error}");

    // The program can still say what is right.
    caches()
        .set("default", cache_runtime::Cache::isolated())
        .unwrap();
    assert_eq!([by_default(1), by_default(1)], [41, 41]);
}
