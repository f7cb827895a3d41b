//! The report of a `warm`.

use std::fmt;

/// The most failures that are reported one by one.
const MOST: usize = 100;

/// The result of warming: how many entries were made, how many were there, and what failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warmed {
    /// Items for which the function ran, and its result was kept.
    pub warmed: usize,
    /// Items that had a fresh entry, or whose entry another caller was making.
    pub there: usize,
    /// Items for which the function ran, and its result was not kept: a `None`, one that `when` refused, one that
    /// is too large; or the store could not be reached.
    pub not_kept: usize,
    /// Items for which the function returned an error or panicked, or that cannot be cached.
    pub failed: usize,
    /// The first hundred of those that failed.
    pub failures: Vec<Unwarmed>,
}

/// An item of a `warm` that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwarmed {
    /// Its position among the items, from 0.
    pub index: usize,
    /// Its key, as a store has it; empty if it has none.
    pub key: String,
    /// The text of the error.
    pub error: String,
}

impl Warmed {
    /// Returns how many items there were.
    #[must_use]
    pub fn total(&self) -> usize {
        self.warmed + self.there + self.not_kept + self.failed
    }

    pub(super) fn fail(&mut self, index: usize, key: String, error: String) {
        self.failed += 1;
        if self.failures.len() < MOST {
            self.failures.push(Unwarmed { index, key, error });
        }
    }
}

/// One line of numbers, then one for each failure.
impl fmt::Display for Warmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries: {} warmed, {} already there, {} not kept, {} failed",
            self.total(),
            self.warmed,
            self.there,
            self.not_kept,
            self.failed
        )?;
        for Unwarmed { index, key, error } in &self.failures {
            write!(f, "\n  item {index} ({key}): {error}")?;
        }
        match self.failed - self.failures.len() {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
