//! The result: a table of behaviours by columns, and the failures.

use std::fmt::{self, Write};

use super::failure::Verdict;
use super::list::Behaviour;
use super::run::Job;

/// The result of a run: one cell for each behaviour and column.
///
/// In the table, `✓` means that it holds, `✗` that it does not, and `–` that the store says it cannot do it, or
/// that it was left out; an empty cell does not apply.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Report {
    columns: Vec<String>,
    rows: Vec<Row>,
    failures: Vec<String>,
    reasons: Vec<Reason>,
}

/// Why a behaviour has a `–`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reason {
    behaviour: &'static str,
    why: String,
}

#[derive(Debug, Clone)]
struct Row {
    behaviour: Behaviour,
    cells: Vec<Cell>,
}

/// In order of significance, for when several callers share a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Empty,
    Kept,
    Unable,
    Broken,
}

impl Cell {
    fn mark(self) -> &'static str {
        match self {
            Cell::Empty => " ",
            Cell::Kept => "✓",
            Cell::Unable => "–",
            Cell::Broken => "✗",
        }
    }
}

impl Report {
    pub(super) fn new(columns: impl Iterator<Item = String>) -> Self {
        Self {
            columns: columns.collect(),
            ..Self::default()
        }
    }

    pub(super) fn note(&mut self, job: &Job, verdict: &Verdict) {
        let cell = match verdict {
            Ok(()) => Cell::Kept,
            Err(failure) => match failure.unsupported() {
                Some(_) if !job.claims(failure) => {
                    self.reason(job.behaviour, failure.message());
                    Cell::Unable
                }
                _ => {
                    let who = job.who();
                    let failure = format!("{:?} ({who}): {failure}", job.behaviour);
                    self.failures.push(failure);
                    Cell::Broken
                }
            },
        };
        self.put(*job.behaviour, job.column, cell);
    }

    pub(super) fn leave_out(&mut self, behaviour: &Behaviour, column: usize, why: &str) {
        self.reason(behaviour, why);
        self.put(*behaviour, column, Cell::Unable);
    }

    fn reason(&mut self, behaviour: &Behaviour, why: &str) {
        let reason = Reason {
            behaviour: behaviour.name(),
            why: why.to_owned(),
        };
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn put(&mut self, behaviour: Behaviour, column: usize, cell: Cell) {
        let at = self.rows.iter().position(|row| row.behaviour == behaviour);
        let at = at.unwrap_or_else(|| {
            self.rows.push(Row {
                behaviour,
                cells: vec![Cell::Empty; self.columns.len()],
            });
            self.rows.len() - 1
        });
        if let Some(old) = self.rows[at].cells.get_mut(column) {
            *old = cell.max(*old);
        }
    }

    /// Merges all columns into one, called `name`.
    pub fn as_column(mut self, name: &str) -> Self {
        self.columns = vec![name.to_owned()];
        for row in &mut self.rows {
            let worst = row.cells.iter().copied().max();
            row.cells = vec![worst.unwrap_or(Cell::Empty)];
        }
        let whys = self.reasons.iter_mut().map(|reason| &mut reason.why);
        for text in self.failures.iter_mut().chain(whys) {
            *text = format!("{name}: {text}");
        }
        self
    }

    /// Returns a report with a column for a store that could not be tried at all.
    pub fn broken_column(name: &str, why: &str) -> Self {
        Self {
            columns: vec![name.to_owned()],
            failures: vec![format!("{name}: {why}")],
            ..Self::default()
        }
    }

    /// Returns this report with the columns of `other` beside its own.
    pub fn beside(mut self, other: Report) -> Self {
        let before = self.columns.len();
        self.columns.extend(other.columns);
        for row in &mut self.rows {
            row.cells.resize(self.columns.len(), Cell::Empty);
        }
        for row in other.rows {
            for (at, cell) in row.cells.into_iter().enumerate() {
                self.put(row.behaviour, before + at, cell);
            }
        }
        let order = super::list::behaviours();
        self.rows
            .sort_by_key(|row| order.iter().position(|known| *known == row.behaviour));
        self.failures.extend(other.failures);
        self.reasons.extend(other.reasons);
        self
    }

    /// Returns whether every behaviour holds, except those that the store says it cannot do.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// Panics if a behaviour does not hold.
    ///
    /// # Panics
    ///
    /// With all failures, one per line; also if nothing was run at all.
    pub fn assert_passed(&self) {
        assert!(
            self.has_passed(),
            "{} behaviours are not kept:\n{}",
            self.failures.len(),
            self.failures.join("\n")
        );
        let has_run = self.rows.iter().flat_map(|row| &row.cells);
        assert!(
            has_run.into_iter().any(|cell| *cell == Cell::Kept),
            "no behaviour was run"
        );
    }

    /// Returns the failures, as one text each: behaviour, caller, what was found, and where in the suite.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Returns the behaviours that show a `–`, by name, and why.
    #[must_use]
    pub fn reasons(&self) -> Vec<(&'static str, &str)> {
        let reasons = self.reasons.iter();
        reasons
            .map(|reason| (reason.behaviour, &*reason.why))
            .collect()
    }

    /// Returns the names of the behaviours that do not hold in at least one column.
    #[must_use]
    pub fn broken(&self) -> Vec<&'static str> {
        let is_broken = |row: &&Row| row.cells.contains(&Cell::Broken);
        let broken = self.rows.iter().filter(is_broken);
        broken.map(|row| row.behaviour.name()).collect()
    }

    /// Returns how many cells there are of each kind: `✓`, `–` and `✗`.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let cells = || self.rows.iter().flat_map(|row| &row.cells);
        let count = |kind| cells().filter(|cell| **cell == kind).count();
        (count(Cell::Kept), count(Cell::Unable), count(Cell::Broken))
    }

    /// Returns the table as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from("| behaviour |");
        for column in &self.columns {
            let _ = write!(text, " {} |", column.replace('<', "&lt;"));
        }
        text.push_str("\n| --- |");
        text.push_str(&" :-: |".repeat(self.columns.len()));
        for row in &self.rows {
            let _ = write!(text, "\n| {} |", title(&row.behaviour));
            for cell in &row.cells {
                let _ = write!(text, " {} |", cell.mark());
            }
        }
        text.push('\n');
        text
    }
}

/// `basics: what is set is got`
fn title(behaviour: &Behaviour) -> String {
    let name = behaviour.name().replace('_', " ");
    format!("{}: {name}", behaviour.theme())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = self.rows.iter().map(|row| title(&row.behaviour));
        let widest = titles.map(|title| title.chars().count()).max();
        let widest = widest.unwrap_or_default();
        write!(f, "{:widest$}", "")?;
        for column in &self.columns {
            write!(f, "  {column}")?;
        }
        for row in &self.rows {
            write!(f, "\n{:widest$}", title(&row.behaviour))?;
            for (column, cell) in self.columns.iter().zip(&row.cells) {
                write!(
                    f,
                    "  {:^width$}",
                    cell.mark(),
                    width = column.chars().count()
                )?;
            }
        }
        let (kept, unable, broken) = self.counts();
        write!(
            f,
            "\n\n{kept} kept, {unable} not to be done, {broken} not kept"
        )?;
        // Each reason once, with everything that it applies to.
        for (at, Reason { why, .. }) in self.reasons.iter().enumerate() {
            if self.reasons[..at].iter().all(|earlier| earlier.why != *why) {
                let alike = self.reasons.iter().filter(|reason| reason.why == *why);
                let alike: Vec<&str> = alike.map(|reason| reason.behaviour).collect();
                write!(f, "\n– {why}: {}", alike.join(", "))?;
            }
        }
        for failure in &self.failures {
            write!(f, "\n✗ {failure}")?;
        }
        Ok(())
    }
}
