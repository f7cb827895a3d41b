//! What it costs to be there, before anything is called: crates, build time, bytes, code.

mod binary;
mod clean;
mod command;
mod expansion;
mod functions;
mod project;
mod subjects;
mod tally;

use std::time::Instant;

use cache_benches::report::Row;

use project::Project;
use subjects::Subject;

/// All of them. The parts after the clean builds use what those have built.
pub(crate) fn all() -> Vec<Row> {
    let projects: Vec<Project> = subjects::ALL.iter().filter_map(prepared).collect();
    let mut rows = part("clean builds", || clean::all(&projects));
    rows.extend(part("binary sizes", || binary::all(&projects)));
    rows.extend(part("expansions", || expansion::all(&projects)));
    rows.extend(part("annotated functions", || functions::all(&projects)));
    rows
}

/// Without the network a rival may be missing: the table then does without it.
fn prepared(subject: &'static Subject) -> Option<Project> {
    Project::prepare(subject)
        .inspect_err(|error| eprintln!("build: without {}: {error}", subject.lane))
        .ok()
}

fn part(name: &str, measure: impl FnOnce() -> Vec<Row>) -> Vec<Row> {
    eprint!("build / {name}");
    let start = Instant::now();
    let rows = measure();
    eprintln!(": {:.0} s", start.elapsed().as_secs_f64());
    rows
}
