//! How much larger the program gets.

use cache_benches::report::Row;

use super::project::Project;
use super::tally::Tally;

pub(super) fn all(projects: &[Project]) -> Vec<Row> {
    let mut tally = Tally::new(
        "a stripped release program grows, one cached function",
        "KiB",
    );
    let mut empty = None;
    // The empty program is the first of them.
    for project in projects.iter().filter(|project| project.subject.sized) {
        let size = project.run(&["build", "--release"]);
        match size.and_then(|_| project.program_size()) {
            Ok(size) => {
                let size = size as f64 / 1024.0;
                match empty {
                    Some(empty) => tally.add(project, vec![size - empty], None),
                    None => empty = Some(size),
                }
            }
            Err(error) => eprintln!("\n{}: {error}", project.subject.lane),
        }
    }
    tally.rows()
}
