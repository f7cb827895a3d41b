//! From what was measured of each subject to the rows of a table.

use cache_benches::race::{median, percentile};
use cache_benches::report::{Figure, Row};

use super::project::Project;
use super::subjects::Kind;

/// One table: what was measured of each project, once or in several rounds.
pub(super) struct Tally<'a> {
    work: String,
    unit: &'static str,
    lanes: Vec<(&'a Project, Vec<f64>, Option<String>)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(work: impl Into<String>, unit: &'static str) -> Self {
        Self {
            work: work.into(),
            unit,
            lanes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, project: &'a Project, values: Vec<f64>, note: Option<String>) {
        self.lanes.push((project, values, note));
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let mut lanes = self.lanes.iter();
        let ours = lanes.find(|lane| lane.0.subject.kind == Kind::Ours);
        let row = |(project, values, note): &(&Project, Vec<f64>, Option<String>)| Row {
            section: "cost of being there".to_owned(),
            work: self.work.clone(),
            lane: project.subject.lane.to_owned(),
            is_ours: project.subject.kind == Kind::Ours,
            is_limit: project.subject.kind == Kind::Limit,
            figure: Figure {
                value: median(values.clone()),
                unit: self.unit,
            },
            spread: (values.len() > 1).then(|| (percentile(values, 0.1), percentile(values, 0.9))),
            ratio: ours.map(|(_, ours, _)| {
                let pairs = values.iter().zip(ours);
                median(pairs.map(|(theirs, ours)| theirs / ours).collect())
            }),
            allocations: None,
            note: note.clone(),
        };
        self.lanes.iter().map(row).collect()
    }
}
