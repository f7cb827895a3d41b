//! The report: rows, printed as tables for people, written as JSON for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

/// One lane of one race.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which part of the report.
    pub section: String,
    /// What was done.
    pub work: String,
    /// Who did it.
    pub lane: String,
    /// Whether it is this project.
    pub is_ours: bool,
    /// Whether it promises less than the others: no timeout, no bound.
    pub is_limit: bool,
    /// The median.
    pub figure: Figure,
    /// The 10th and the 90th percentile.
    pub spread: Option<(f64, f64)>,
    /// How many times ours it is.
    pub ratio: Option<f64>,
    /// Allocations by one piece of work.
    pub allocations: Option<f64>,
    /// What else is to be said.
    pub note: Option<String>,
}

impl Row {
    /// A rival's row with nothing but its figure.
    #[must_use]
    pub fn of(section: &str, work: &str, lane: impl Into<String>, figure: Figure) -> Self {
        Self {
            section: section.to_owned(),
            work: work.to_owned(),
            lane: lane.into(),
            is_ours: false,
            is_limit: false,
            figure,
            spread: None,
            ratio: None,
            allocations: None,
            note: None,
        }
    }
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The number.
    pub value: f64,
    /// `ns`, `B`, `%`, `s`, …
    pub unit: &'static str,
}

impl Figure {
    /// Nanoseconds.
    #[must_use]
    pub fn nanos(value: f64) -> Self {
        Self { value, unit: "ns" }
    }

    /// As people write it.
    #[must_use]
    pub fn text(self) -> String {
        match (self.unit, self.value) {
            (_, v) if v.is_nan() => "–".to_owned(),
            ("ns", v) if v >= 10_000_000.0 => format!("{:.0} ms", v / 1e6),
            ("ns", v) if v >= 1_000_000.0 => format!("{:.2} ms", v / 1e6),
            ("ns", v) if v >= 10_000.0 => format!("{:.1} µs", v / 1e3),
            ("ns", v) if v >= 100.0 => format!("{v:.0} ns"),
            ("%", v) => format!("{v:.1} %"),
            (unit, v) if v.fract() == 0.0 || v >= 1000.0 => format!("{v:.0} {unit}"),
            (unit, v) if v < 1.0 => format!("{v:.3} {unit}"),
            (unit, v) => format!("{v:.1} {unit}"),
        }
    }
}

/// The rows as Markdown: a table for each section and work.
#[must_use]
pub fn tables(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut section = "";
    let mut rest = rows;
    while let Some(first) = rest.first() {
        if section != first.section {
            section = &first.section;
            let _ = writeln!(text, "\n## {section}");
        }
        let same = |row: &&Row| row.work == first.work && row.section == first.section;
        let count = rest.iter().take_while(same).count();
        let (these, others) = rest.split_at(count);
        rest = others;
        let _ = writeln!(text, "\n### {}\n", first.work);
        // Where all lanes are ours, they are ratios to one of the stores.
        let base = match section {
            "stores" => crate::overview::BASE,
            _ => "ours",
        };
        let _ = writeln!(
            text,
            "| | median | 10 % to 90 % | × {base} | allocations |\n|---|---|---|---|---|"
        );
        for row in these {
            text.push_str(&line(row));
        }
    }
    text
}

fn line(row: &Row) -> String {
    let lane = match (row.is_ours, row.is_limit) {
        (true, _) => format!("**{}**", row.lane),
        (_, true) => format!("_{}_", row.lane),
        _ => row.lane.clone(),
    };
    let spread = row.spread.map_or(String::new(), |(low, high)| {
        let of = |value| {
            Figure {
                value,
                ..row.figure
            }
            .text()
        };
        format!("{} to {}", of(low), of(high))
    });
    let ratio = match row.ratio {
        Some(ratio) if ratio < 0.1 => format!("{ratio:.4}"),
        Some(ratio) if !ratio.is_nan() => format!("{ratio:.2}"),
        _ => String::new(),
    };
    let allocations = match row.allocations {
        Some(count) if count >= 0.005 => format!("{count:.2}"),
        Some(_) => "0".to_owned(),
        None => String::new(),
    };
    let note = row
        .note
        .as_deref()
        .map_or(String::new(), |note| format!("; {note}"));
    format!(
        "| {lane} | {}{note} | {spread} | {ratio} | {allocations} |\n",
        row.figure.text()
    )
}

/// Writes the rows as JSON: an object with the date in seconds since 1970 and the rows.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write_json(path: &Path, rows: &[Row], seconds: u64) -> std::io::Result<()> {
    let rows: Vec<Value> = rows.iter().map(as_json).collect();
    let report = json!({ "at": seconds, "rows": rows });
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, format!("{report:#}\n"))
}

fn as_json(row: &Row) -> Value {
    json!({
        "section": row.section,
        "work": row.work,
        "lane": row.lane,
        "ours": row.is_ours,
        "limit": row.is_limit,
        "value": row.figure.value,
        "unit": row.figure.unit,
        "p10": row.spread.map(|spread| spread.0),
        "p90": row.spread.map(|spread| spread.1),
        "ratio_to_ours": row.ratio,
        "allocations": row.allocations,
        "note": row.note,
    })
}
