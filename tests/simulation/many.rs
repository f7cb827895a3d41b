//! What `jitter` is for: many entries that were made at once.

use std::time::Duration;

use crate::clock::millis;
use crate::random;
use crate::timeout::Timeout;

/// How many functions of `cost` run at the same time at the most, where so many busy entries of one
/// timeout, made together, expire for the first time, the second, and so on.
pub(crate) fn at_once(
    entries: usize,
    timeout: Duration,
    cost: Duration,
    jitter: f64,
    times: usize,
) -> Vec<usize> {
    random::seed(2);
    let mut ends = vec![0; entries];
    let mut peaks = Vec::new();
    for _ in 0..times {
        for end in &mut ends {
            let life = Timeout::After(timeout).jittered(jitter);
            *end += millis(life.life().flatten().expect("it has one"));
        }
        ends.sort_unstable();
        let begun_within = |at: usize| {
            let until = ends[at] + millis(cost);
            ends[at..].partition_point(|end| *end < until)
        };
        peaks.extend((0..entries).map(begun_within).max());
        for end in &mut ends {
            *end += millis(cost);
        }
    }
    peaks
}
