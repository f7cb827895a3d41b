//! What each further annotated function adds to a compilation.

use cache_benches::report::Row;

use super::project::{FUNCTIONS_FILE, Project};
use super::subjects::Attribute;
use super::tally::Tally;

const ROUNDS: usize = 3;

/// One table.
struct Measure {
    work: &'static str,
    command: &'static str,
    functions: usize,
    /// What generic code is compiled for one type of value, other functions of that type share.
    result: fn(usize) -> String,
}

const MEASURES: [Measure; 3] = [
    Measure {
        work: "`cargo check`, CPU time for each of 100 annotated functions",
        command: "check",
        functions: 100,
        result: |_| "[u8; 7]".to_owned(),
    },
    Measure {
        work: "`cargo build`, dev profile, CPU time for each of 100 annotated functions of one type",
        command: "build",
        functions: 100,
        result: |_| "[u8; 7]".to_owned(),
    },
    Measure {
        work: "`cargo build`, dev profile, CPU time for each of 25 annotated functions with 25 types",
        command: "build",
        functions: 25,
        result: |n| format!("[u8; {n}]"),
    },
];

/// One attribute: CPU milliseconds for each function, by measure and round.
struct Lane<'a> {
    project: &'a Project,
    attribute: Attribute,
    line: &'static str,
    millis: [Vec<f64>; MEASURES.len()],
}

pub(super) fn all(projects: &[Project]) -> Vec<Row> {
    let mut lanes: Vec<Lane<'_>> = projects.iter().filter_map(Lane::new).collect();
    let count = lanes.len();
    for round in 0..ROUNDS {
        for turn in 0..count {
            let lane = &mut lanes[(round + turn) % count];
            if let Err(error) = lane.round() {
                eprintln!("\n{}: {error}", lane.project.subject.lane);
            }
        }
    }
    let tables = MEASURES.iter().enumerate().map(|(at, measure)| {
        let mut tally = Tally::new(measure.work, "ms");
        for lane in lanes.iter().filter(|lane| lane.millis[at].len() == ROUNDS) {
            tally.add(lane.project, lane.millis[at].clone(), None);
        }
        tally.rows()
    });
    tables.flatten().collect()
}

impl<'a> Lane<'a> {
    /// If it has an attribute for such functions; what they depend on is built here.
    fn new(project: &'a Project) -> Option<Self> {
        let attribute = project.subject.attribute?;
        let lane = Self {
            project,
            attribute,
            line: attribute.plain?,
            millis: Default::default(),
        };
        for measure in &MEASURES {
            lane.compile(measure, "")
                .inspect_err(|error| eprintln!("\n{}: {error}", project.subject.lane))
                .ok()?;
        }
        Some(lane)
    }

    /// The attribute's time is the difference to the same file without it.
    fn round(&mut self) -> Result<(), String> {
        for (at, measure) in MEASURES.iter().enumerate() {
            let plain = self.compile(measure, "")?;
            let annotated = self.compile(measure, self.line)?;
            let each = (annotated - plain) * 1000.0 / measure.functions as f64;
            self.millis[at].push(each);
        }
        Ok(())
    }

    /// Seconds of CPU.
    fn compile(&self, measure: &Measure, line: &str) -> Result<f64, String> {
        // Without the attribute its import is not used.
        let mut text = format!("#![allow(unused_imports)]\n\n{}\n", self.attribute.import);
        // Of the plainest kind, for all of them can do those: owned arguments, not async.
        for n in 1..=measure.functions {
            let result = (measure.result)(n);
            text += &format!(
                "\n{line}\npub fn f{n}(user_id: u64, status: Option<String>) \
                 -> Result<Vec<{result}>, String> {{\n    \
                 status.map_or(Ok(Vec::new()), |s| Err(format!(\"{{user_id}} {{s}}\")))\n}}\n"
            );
        }
        self.project.write(FUNCTIONS_FILE, &text)?;
        let arguments = [measure.command, "--example=functions"];
        self.project.run(&arguments).map(|ran| ran.cpu)
    }
}
