//! The rows of the table, as text while they come and as Markdown at the end.

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What one kind of caller saw of one outage.
pub(crate) struct Row {
    pub(crate) store: &'static str,
    pub(crate) fault: &'static str,
    pub(crate) callers: &'static str,
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) wrong: u64,
    pub(crate) late: usize,
    pub(crate) acknowledged: u64,
    pub(crate) errors: u64,
    pub(crate) slowest: Duration,
    pub(crate) back: Option<Duration>,
    pub(crate) stood_still: Duration,
    /// Why it has failed.
    pub(crate) complaints: Vec<String>,
}

/// Above the rows that are printed.
pub(crate) const HEAD: &str = "store     fault     callers      calls failures wrong late changes errors \
                               slowest    back  machine";

/// All rows.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// Stores that could not be tried.
    broken: Vec<String>,
}

/// Prints the row, and keeps it.
pub(crate) fn add(report: &Mutex<Report>, row: Row) {
    println!("{}", row.line());
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    report.rows.push(row);
}

/// A store that could not be tried to the end.
pub(crate) fn add_broken(report: &Mutex<Report>, store: &str, why: &str) {
    let text = format!("{store}: {why}");
    println!("{text}");
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    report.broken.push(text);
}

impl Row {
    fn line(&self) -> String {
        let Self {
            store,
            fault,
            callers,
            calls,
            failures,
            wrong,
            late,
            acknowledged,
            errors,
            ..
        } = self;
        let (slowest, back) = (millis(self.slowest), self.back_text());
        let machine = millis(self.stood_still);
        let verdict = if self.complaints.is_empty() {
            ""
        } else {
            "  FAILED"
        };
        format!(
            "{store:9} {fault:9} {callers:10} {calls:7} {failures:8} {wrong:5} {late:4} {acknowledged:7} \
             {errors:6} {slowest:>7} {back:>7} {machine:>8}{verdict}"
        )
    }

    fn back_text(&self) -> String {
        self.back.map_or_else(|| "never".to_owned(), millis)
    }
}

impl Report {
    /// How many rows are as they must be, and how many are not.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let is_fine = |row: &&Row| row.complaints.is_empty();
        let passed = self.rows.iter().filter(is_fine).count();
        (passed, self.rows.len() - passed + self.broken.len())
    }

    pub(crate) fn print_complaints(&self) {
        for row in &self.rows {
            for complaint in &row.complaints {
                println!("{}, {}, {}: {complaint}", row.store, row.fault, row.callers);
            }
        }
        for broken in &self.broken {
            println!("{broken}");
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = "\
| store | fault | callers | calls | failures | wrong | late | changes acknowledged | errors counted | slowest call | hits back after |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"
        .to_owned();
        let mut rows: Vec<_> = self.rows.iter().collect();
        // Stable: in the order in which they came.
        rows.sort_by_key(|row| crate::grounds::place(row.store));
        for row in rows {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                row.store,
                row.fault,
                row.callers,
                row.calls,
                row.failures,
                row.wrong,
                row.late,
                row.acknowledged,
                row.errors,
                millis(row.slowest),
                row.back_text(),
            );
        }
        text
    }
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
