//! The stores at a glance: a line for each, its costs as ratios to those of one of them.

use crate::report::Row;

/// The store that the others are held against.
pub const BASE: &str = "redis";

/// What a column tells, and the work it is the ratio of.
const COLUMNS: [(&str, &str); 5] = [
    ("hit, 1 async caller", "get (hit) of 1 B, 1 async caller"),
    (
        "hit, 64 async callers",
        "get (hit) of 1 B, 64 async callers",
    ),
    (
        "hit, 1 blocking caller",
        "get (hit) of 1 B, 1 blocking caller",
    ),
    ("set, 1 async caller", "set of 1 B, 1 async caller"),
    ("set, 64 async callers", "set of 1 B, 64 async callers"),
];

/// The stores that these rows speak of, as a table in Markdown; nothing if there are none.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().filter(|row| row.section == "stores").collect();
    let mut names: Vec<&str> = Vec::new();
    for row in &rows {
        if !names.contains(&row.lane.as_str()) {
            names.push(&row.lane);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let heads = COLUMNS.map(|(head, _)| head).join(" | ");
    let rule = "---|".repeat(COLUMNS.len() + 1);
    let mut text = format!("\n## Stores, × {BASE}\n\n| | {heads} |\n|{rule}\n");
    for name in names {
        let cells = COLUMNS.map(|(_, work)| {
            let row = rows.iter().find(|row| row.lane == name && row.work == work);
            row.map_or("–".to_owned(), |row| cell(row))
        });
        text.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    }
    text
}

/// The ratio; of the store that it is to, what 1 means.
fn cell(row: &Row) -> String {
    let figure = row.figure.text();
    match row.ratio {
        _ if row.lane == BASE => format!("1 ({figure})"),
        Some(ratio) if ratio.is_nan() => "–".to_owned(),
        Some(ratio) if ratio < 0.1 => format!("{ratio:.4}"),
        Some(ratio) if ratio < 10.0 => format!("{ratio:.2}"),
        Some(ratio) => format!("{ratio:.0}"),
        None => figure,
    }
}
