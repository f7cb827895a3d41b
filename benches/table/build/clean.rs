//! The first build: how many crates, and how long.

use std::collections::BTreeSet;

use cache_benches::report::Row;

use super::command::Ran;
use super::project::Project;
use super::subjects::Store;
use super::tally::Tally;

pub(super) fn all(projects: &[Project]) -> Vec<Row> {
    let stores = [(Store::InProcess, "in process"), (Store::Redis, "Redis")];
    let tables = stores.into_iter().flat_map(|(store, name)| {
        let mut crates = Tally::new(format!("crates that are compiled, {name}"), "crates");
        let mut seconds = Tally::new(
            format!("`cargo build` from clean, dev profile, CPU time, {name}"),
            "s",
        );
        for project in projects.iter().filter(|p| p.subject.store == store) {
            match dependencies(project) {
                Ok(count) => crates.add(project, vec![count as f64], None),
                Err(error) => eprintln!("\n{}: {error}", project.subject.lane),
            }
            if !project.subject.built {
                continue;
            }
            match build(project) {
                Ok(ran) => {
                    let wall = format!("{:.1} s by the clock", ran.wall);
                    seconds.add(project, vec![ran.cpu], Some(wall));
                }
                Err(error) => eprintln!("\n{}: {error}", project.subject.lane),
            }
        }
        [crates.rows(), seconds.rows()]
    });
    tables.flatten().collect()
}

fn build(project: &Project) -> Result<Ran, String> {
    project.clean()?;
    let ran = project.run(&["build"])?;
    // The others are built upon; a gigabyte of these is in nobody's way.
    if project.subject.attribute.is_none() {
        project.clean()?;
    }
    Ok(ran)
}

/// How many packages are compiled, besides the crate itself: macros, build scripts and what they
/// need are among them.
fn dependencies(project: &Project) -> Result<usize, String> {
    let tree = project.run(&["tree", "--edges=normal,build", "--prefix=none"])?;
    let packages: BTreeSet<&str> = tree
        .stdout
        .lines()
        // So it marks a package that it has shown before.
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    Ok(packages.len().saturating_sub(1))
}
