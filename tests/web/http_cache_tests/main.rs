//! The public suite for HTTP caches (npm package `http-cache-tests`), as it is, against the example
//! `reverse_proxy`. Every result is compared with `expected.tsv`, where each one that fails has its
//! reason, and the sums with those that the package ships of other caches.
//!
//! The package is looked for in `HTTP_CACHE_TESTS`, else where `tests/run.sh` puts it.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod expected;
mod suite;

use cache_tests::built_examples::EXAMPLES;
use expected::{Case, Kind};

/// The proxies whose results the package ships.
const OTHERS: [&str; 5] = ["apache", "nginx", "squid", "trafficserver", "varnish"];

/// How many of each kind pass: required, optimal, and those that only look.
fn sums(cases: &[Case], passes: impl Fn(&Case) -> bool) -> [usize; 3] {
    [Kind::Required, Kind::Optimal, Kind::Check].map(|kind| {
        cases
            .iter()
            .filter(|case| case.kind == kind && passes(case))
            .count()
    })
}

#[test]
fn the_public_suite_for_http_caches() {
    let Some(package) = suite::package() else {
        return;
    };
    let cases = expected::cases();
    let results = suite::run(&package);
    let passes = |case: &Case| results[&case.id] == true;

    let ours = sums(&cases, passes);
    let all = sums(&cases, |_| true);
    println!("required, optimal, and those that only look; of {all:?}");
    println!("{:<14} {ours:?}", "this layer");
    for name in OTHERS {
        let path = package.join("results").join(format!("{name}.json"));
        let theirs = suite::results(&std::fs::read_to_string(path).unwrap());
        let theirs = sums(&cases, |case| {
            theirs.get(&case.id).is_some_and(|result| result == true)
        });
        println!("{name:<14} {theirs:?}");
        assert!(
            ours[0] > theirs[0] && ours[1] > theirs[1],
            "{name} passes more"
        );
    }

    assert_eq!(results.len(), cases.len(), "another edition of the suite");
    let changed: Vec<String> = cases
        .iter()
        .filter(|case| passes(case) != case.passes)
        .map(|case| format!("{}: {}", case.id, results[&case.id]))
        .collect();
    assert!(
        changed.is_empty(),
        "not as expected:\n{}",
        changed.join("\n")
    );
}

#[test]
fn what_fails_has_a_reason() {
    for case in expected::cases() {
        let needs_one = !case.passes && case.kind != Kind::Check;
        assert_eq!(case.reason.is_some(), needs_one, "{}", case.id);
    }
}

#[test]
fn the_example_shows_what_is_cached() {
    let output = std::process::Command::new(&EXAMPLES["reverse_proxy"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let said = [
        "/kept     200 page 1  reverse-proxy; fwd=uri-miss; stored",
        "/kept     200 page 1  reverse-proxy; hit; ttl=60",
        "/kept     304         reverse-proxy; hit; ttl=60",
        "/private  200 page 2  reverse-proxy; fwd=uri-miss; detail=private",
        "/private  200 page 3  reverse-proxy; fwd=uri-miss; detail=private",
    ];
    // Some seconds may pass.
    let same = |(line, said): (&&str, &&str)| {
        (50..=60).any(|ttl| line.replace(&format!("ttl={ttl}"), "ttl=60") == **said)
    };
    assert!(
        lines.len() == said.len() && lines.iter().zip(&said).all(same),
        "{text}"
    );
}
