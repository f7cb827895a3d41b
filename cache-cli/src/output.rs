//! What is written to standard output: lines and tables for people, JSON for programs.

use std::io::{self, Write};

use serde_json::Value;

use crate::visible::{visible, visible_json};

/// Standard output, and whom it is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) is_json: bool,
}

impl Output {
    /// Writes one line, for people.
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        self.raw(&visible(text), '\n')
    }

    /// Writes a value, which is JSON, for people.
    pub(crate) fn value(self, json: &str) -> io::Result<()> {
        self.raw(&visible_json(json), '\n')
    }

    /// Writes the text as it is, and what ends it: for programs.
    pub(crate) fn raw(self, text: &str, end: char) -> io::Result<()> {
        let mut out = io::stdout().lock();
        write!(out, "{text}{end}")?;
        out.flush()
    }

    /// Writes JSON that people can read as well.
    pub(crate) fn json(self, value: &Value) -> io::Result<()> {
        self.raw(&format!("{value:#}"), '\n')
    }

    /// Writes JSON on one line: one of many.
    pub(crate) fn json_line(self, value: &Value) -> io::Result<()> {
        self.raw(&value.to_string(), '\n')
    }

    /// Writes names and values, leaving out names without a value.
    pub(crate) fn facts(self, rows: &[(&str, Option<String>)]) -> io::Result<()> {
        let width = rows.iter().map(|(name, _)| name.len()).max();
        let width = width.unwrap_or_default();
        for (name, value) in rows {
            if let Some(value) = value {
                self.line(&format!("{name:width$}  {value}"))?;
            }
        }
        Ok(())
    }

    /// Writes columns as wide as their contents, with numbers aligned to the right.
    pub(crate) fn table<const N: usize>(
        self,
        head: [&str; N],
        rows: &[[String; N]],
    ) -> io::Result<()> {
        // As wide as they are displayed.
        let rows: Vec<[String; N]> = rows
            .iter()
            .map(|row| row.each_ref().map(|cell| visible(cell).into_owned()))
            .collect();
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([head[column].len()]).max().unwrap_or_default()
        };
        let widths: [usize; N] = std::array::from_fn(width);
        self.line(&row_of(&head.map(str::to_owned), &widths))?;
        rows.iter()
            .try_for_each(|row| self.line(&row_of(row, &widths)))
    }
}

/// Writes one line of a table whose first column is text and whose others are numbers.
pub(crate) fn row_of<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let cells = cells.iter().zip(widths).enumerate();
    let cells = cells.map(|(at, (cell, width))| match at {
        0 => format!("{cell:width$}"),
        _ => format!("{cell:>width$}"),
    });
    let line: Vec<String> = cells.collect();
    line.join("  ").trim_end().to_owned()
}

/// Writes a remark beside the answer, for people.
pub(crate) fn note(text: &str) {
    // A note must not make a command fail.
    let _ = writeln!(io::stderr(), "{}", visible(text));
}

#[cfg(test)]
mod tests {
    use super::row_of;

    #[test]
    fn text_stands_left_and_numbers_right() {
        let cells = ["a".to_owned(), "7".to_owned()];
        assert_eq!(row_of(&cells, &[3, 4]), "a       7");
    }
}
