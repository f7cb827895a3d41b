//! `cargo bench -p cache-benches`: the whole table. `-- hits churn` runs these sections alone.

mod build;
mod callers;
mod churn;
mod hits;
mod memory;
mod misses;
mod python;
mod redis;
mod scale;
mod stampede;
mod stores;
mod tags;
mod zipf;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cache_benches::allocations::Counting;
use cache_benches::report::{self, Row};
use cache_benches::{goals, overview};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A section of the table, by the word that chooses it.
type Section = (&'static str, fn() -> Vec<Row>);

const SECTIONS: &[Section] = &[
    ("hits", hits::all),
    ("misses", misses::all),
    ("churn", churn::all),
    ("memory", memory::all),
    ("scale", scale::all),
    ("stampede", stampede::all),
    ("redis", redis::all),
    ("stores", stores::all),
    ("tags", tags::all),
    ("python", python::all),
    ("build", build::all),
];

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    if let Some(unknown) = chosen
        .iter()
        .find(|word| SECTIONS.iter().all(|(name, _)| name != word))
    {
        let known: Vec<_> = SECTIONS.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "no section is called {unknown:?}: there are {}",
            known.join(", ")
        );
        std::process::exit(2);
    }
    let mut rows = Vec::new();
    for (name, run) in SECTIONS {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            rows.extend(run());
        }
    }
    let text = [
        report::tables(&rows),
        overview::table(&rows),
        goals::table(&rows),
    ]
    .concat();
    println!("{text}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/benches");
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let json = folder.join("table.json");
    let written = report::write_json(&json, &rows, seconds)
        .and_then(|()| std::fs::write(folder.join("table.md"), &text));
    match written {
        Ok(()) => println!("also as table.md and {}", json.display()),
        Err(error) => eprintln!("cannot write {}: {error}", json.display()),
    }
}
