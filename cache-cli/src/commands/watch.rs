//! `watch`: what the server counts, as the difference from one look to the next.

use std::time::Instant;

use cache_runtime::Facts;
use serde_json::json;
use tokio::time::MissedTickBehavior;

use crate::args::Watch;
use crate::exit::{Exit, Failure, Outcome};
use crate::opened::Opened;
use crate::output::{Output, row_of};
use crate::text::{share, size};

const HEAD: [&str; 7] = [
    "hits/s",
    "misses/s",
    "ratio",
    "evicted/s",
    "entries",
    "takes",
    "connections",
];
const WIDTHS: [usize; 7] = [9, 9, 7, 9, 10, 10, 11];
/// How often the head is repeated, so that it does not scroll away.
const PAGE: u64 = 20;

pub(crate) async fn run(opened: &Opened, out: Output, args: &Watch) -> Outcome {
    let mut before = opened.cache.facts().await?;
    if before.hits.is_none() {
        let message = format!("{} counts no hits and misses", opened.store);
        let advice = "`cachectl stats` says what it knows; what a program's hits are, that program says: \
                      `cache_runtime::report()`, or the panel of cache-web";
        return Err(Failure::new(Exit::Unsupported, message).advising(advice));
    }
    let mut ticks = tokio::time::interval(args.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut looked = Instant::now();
    for line in 0..args.count.unwrap_or(u64::MAX) {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = tokio::signal::ctrl_c() => break,
        }
        let now = opened.cache.facts().await?;
        let seconds = looked.elapsed().as_secs_f64();
        looked = Instant::now();
        let change = Change::between(&before, &now);
        if out.is_json {
            out.json_line(&json!({
                "seconds": seconds,
                "hits": change.hits,
                "misses": change.misses,
                "evictions": change.evictions,
                "entries": now.entries,
                "bytes": now.bytes,
                "connections": now.connections,
            }))?;
        } else {
            if line % PAGE == 0 {
                out.line(&right(&HEAD.map(str::to_owned)))?;
            }
            out.line(&right(&change.row(seconds, &now)))?;
        }
        before = now;
    }
    Ok(Exit::Ok)
}

/// What happened from one look to the next.
struct Change {
    hits: u64,
    misses: u64,
    evictions: u64,
}

impl Change {
    /// Subtracts the counts; a server that was restarted in between has counted from zero.
    fn between(before: &Facts, now: &Facts) -> Self {
        let since = |before: Option<u64>, now: Option<u64>| {
            let (before, now) = (before.unwrap_or_default(), now.unwrap_or_default());
            now.checked_sub(before).unwrap_or(now)
        };
        Self {
            hits: since(before.hits, now.hits),
            misses: since(before.misses, now.misses),
            evictions: since(before.evictions, now.evictions),
        }
    }

    fn row(&self, seconds: f64, now: &Facts) -> [String; 7] {
        let rate = |count: u64| format!("{:.0}", count as f64 / seconds);
        let number = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
        [
            rate(self.hits),
            rate(self.misses),
            share(self.hits, self.hits + self.misses),
            rate(self.evictions),
            number(now.entries),
            now.bytes.map_or_else(String::new, size),
            number(now.connections),
        ]
    }
}

/// All columns are numbers.
fn right(cells: &[String; 7]) -> String {
    let first = format!("{:>width$}", cells[0], width = WIDTHS[0]);
    let mut cells = cells.clone();
    cells[0] = first;
    row_of(&cells, &WIDTHS)
}

#[cfg(test)]
mod tests {
    use cache_runtime::Facts;

    use super::Change;

    fn facts(hits: u64, misses: u64) -> Facts {
        let mut facts = Facts::default();
        (facts.hits, facts.misses) = (Some(hits), Some(misses));
        facts
    }

    #[test]
    fn a_restart_counts_from_zero() {
        let change = Change::between(&facts(100, 10), &facts(130, 15));
        assert_eq!((change.hits, change.misses), (30, 5));
        assert_eq!(change.row(2.0, &facts(0, 0))[..3], ["15", "2", "85.7%"]);
        let change = Change::between(&facts(100, 10), &facts(7, 12));
        assert_eq!((change.hits, change.misses), (7, 2));
    }
}
