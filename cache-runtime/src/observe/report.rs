//! All functions and all caches as a table, for a terminal or a log.

use std::cmp::Reverse;
use std::fmt;
use std::time::Duration;

use super::caches::CacheReport;
use super::functions::{FunctionReport, functions};
use crate::cache::registry::caches;
use crate::error::{CacheError, ErrorKind};
use crate::site::overrides::overrides;
use crate::timeout::Timeout;

/// Reports all that is known at run time; displayed, it is a table.
///
/// ```
/// use cache_runtime::{cache_result, report};
///
/// #[cache_result(timeout = 60, key_prefix = "squares")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// square(3);
/// square(3);
/// let table = report().to_string();
/// assert!(table.contains("square"));
/// println!("{table}");
/// ```
#[must_use]
pub fn report() -> Report {
    let mut functions = functions();
    functions.sort_by_cached_key(|function| Reverse(function.time_saved()));
    let mut caches = caches().reports();
    caches.retain(|cache| {
        // Somebody has asked whether there is one, as a fragment does before it uses the default.
        let is_unknown = |error: &CacheError| error.kind() == ErrorKind::UnknownCache;
        let is_meant = functions
            .iter()
            .any(|function| function.cache == Some(&*cache.alias));
        is_meant || !cache.error.as_ref().is_some_and(is_unknown)
    });
    Report {
        functions,
        caches,
        unmatched: overrides().unmatched(),
    }
}

/// All functions and caches at one moment; see [`report`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The functions; those that saved the most time come first.
    pub functions: Vec<FunctionReport>,
    /// The caches, by alias.
    pub caches: Vec<CacheReport>,
    /// The names in settings at run time that match no function called so far.
    pub unmatched: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "function",
            "cache",
            "prefix",
            "timeout",
            "hits",
            "ratio",
            "in store",
            "misses",
            "stale",
            "joined",
            "errors",
            "undecodable",
            "too large",
            "collisions",
            "runs",
            "mean",
            "longest",
            "saved",
            "at",
        ];
        let rows = self.functions.iter().map(|function| {
            let stats = &function.stats;
            [
                function.path.clone(),
                function.cache.unwrap_or("–").to_owned(),
                function.key_prefix.clone(),
                in_force(function),
                stats.hits.to_string(),
                percent(stats.hit_ratio()),
                count(stats.hits.saturating_sub(stats.local_hits)),
                stats.misses.to_string(),
                count(stats.stale),
                count(stats.joined),
                count(stats.errors),
                count(stats.undecodable),
                count(stats.too_large),
                count(stats.collisions),
                function.executions.count.to_string(),
                time(function.executions.mean()),
                time(function.executions.longest),
                time(function.time_saved()),
                format!("{}:{}", function.file, function.line),
            ]
        });
        table(f, head, rows)?;
        writeln!(f)?;
        let head = [
            "cache", "store", "url", "prefix", "entries", "bytes", "hits", "ratio", "misses",
            "errors", "evicted", "asked", "mean", "longest", "state",
        ];
        let rows = self.caches.iter().map(|cache| {
            let local = cache.local.unwrap_or_default();
            let state = match (&cache.error, cache.breaker) {
                (Some(error), _) => error.to_string(),
                (None, Some(breaker)) => breaker.as_str().to_owned(),
                (None, None) => String::new(),
            };
            let asked = cache.breaker.map(|_| cache.operations).unwrap_or_default();
            let of_store = |time: String| if asked.count > 0 { time } else { String::new() };
            [
                cache.alias.clone(),
                cache.store.to_owned(),
                cache.url.clone().unwrap_or_default(),
                cache.key_prefix.clone(),
                local.entries.to_string(),
                local.bytes.to_string(),
                cache.stats.hits.to_string(),
                percent(cache.stats.hit_ratio()),
                cache.stats.misses.to_string(),
                count(cache.stats.errors),
                count(cache.stats.evictions),
                count(asked.count),
                of_store(time(asked.mean())),
                of_store(time(asked.longest)),
                state,
            ]
        });
        table(f, head, rows)?;
        if !self.unmatched.is_empty() {
            let names = self.unmatched.join(", ");
            writeln!(f, "\nsettings of no function that has been called: {names}")?;
        }
        Ok(())
    }
}

/// Makes columns as wide as their contents, leaving out empty ones.
fn table<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> fmt::Result {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned))
        .chain(rows)
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let is_empty = |column: usize| rows.iter().skip(1).all(|row| row[column].is_empty());
    let widths: [usize; N] = std::array::from_fn(width);
    let is_shown: [bool; N] = std::array::from_fn(|column| rows.len() == 1 || !is_empty(column));
    for row in &rows {
        let cells = row.iter().zip(widths).zip(is_shown);
        let line: Vec<String> = cells
            .filter(|(_, is_shown)| *is_shown)
            .map(|(cell, _)| cell)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(f, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

/// Shows a count that is mostly zero and then not worth showing.
fn count(count: u64) -> String {
    if count == 0 {
        String::new()
    } else {
        count.to_string()
    }
}

/// Shows the timeout in force, and if an operator has changed it, what the code says.
fn in_force(function: &FunctionReport) -> String {
    let own = timeout(function.timeout);
    let overridden = function.overridden;
    match (overridden.is_off, overridden.timeout) {
        (Some(true), _) => "off".to_owned(),
        (_, Some(other)) => format!("{}, not {own}", timeout(other)),
        _ => own,
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn timeout(timeout: Timeout) -> String {
    match timeout {
        Timeout::Default => "default".to_owned(),
        Timeout::Never => "never".to_owned(),
        Timeout::Expired => "0s".to_owned(),
        Timeout::After(time) => format!("{time:?}"),
    }
}

fn time(time: Duration) -> String {
    format!("{time:.1?}")
}
