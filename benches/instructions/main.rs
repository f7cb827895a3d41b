//! How many instructions the ways through the cache take: the figure that does not shake.
//!
//! `cargo run --release -p cache-benches --bin instructions` counts them with valgrind and compares
//! them with `budget.json` beside this file: more than a tenth above it fails. `-- record` writes a new
//! budget. The same program, told `run NAME TIMES`, is what valgrind looks at.

mod count;
mod paths;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// By how much a way may grow.
const TOLERANCE: f64 = 1.10;

type Counts = BTreeMap<String, f64>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run", name, times] => run(name, times),
        ["record"] => match counts().and_then(|counts| record(&counts)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        },
        [] => match counts().and_then(|counts| Ok((counts, budget()?))) {
            Ok((counts, budget)) => compare(&counts, &budget),
            Err(error) => failed(&error),
        },
        _ => failed("say nothing, `record`, or `run NAME TIMES`"),
    }
}

fn run(name: &str, times: &str) -> ExitCode {
    let way = paths::ALL.iter().find(|(known, _)| *known == name);
    match (way, times.parse()) {
        (Some((_, way)), Ok(times)) => {
            way(times);
            ExitCode::SUCCESS
        }
        _ => failed("no such way, or not a number"),
    }
}

fn counts() -> Result<Counts, String> {
    let counted = paths::ALL.iter().map(|(name, _)| {
        let count = count::per_call(name)?;
        Ok((String::from(*name), count))
    });
    counted.collect()
}

fn compare(counts: &Counts, budget: &Counts) -> ExitCode {
    let mut is_over = false;
    println!("{:<24} {:>8} {:>8}", "instructions a call", "now", "budget");
    for (name, count) in counts {
        let (limit, verdict) = match budget.get(name) {
            None => (f64::NAN, "no budget: run with `record`"),
            Some(limit) if *count > limit * TOLERANCE => (*limit, "more than a tenth above"),
            Some(limit) if *count < limit / TOLERANCE => (*limit, "below: record it"),
            Some(limit) => (*limit, ""),
        };
        is_over |= verdict.starts_with("more") || verdict.starts_with("no");
        println!("{name:<24} {count:>8.0} {limit:>8.0} {verdict}");
    }
    if is_over {
        return failed("the way of a call has grown; see above");
    }
    ExitCode::SUCCESS
}

fn file() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/instructions/budget.json"
    ))
}

fn budget() -> Result<Counts, String> {
    let text = std::fs::read_to_string(file()).map_err(|error| format!("no budget: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("the budget is not readable: {error}"))
}

fn record(counts: &Counts) -> Result<(), String> {
    let rounded: BTreeMap<_, _> = counts
        .iter()
        .map(|(name, count)| (name, count.round()))
        .collect();
    for (name, count) in &rounded {
        println!("{name:<24} {count:>8.0}");
    }
    let text = serde_json::to_string_pretty(&rounded).map_err(|error| error.to_string())?;
    std::fs::write(file(), text + "\n").map_err(|error| error.to_string())
}

fn failed(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}
