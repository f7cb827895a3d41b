//! The counters for the recorder of the `metrics` facade, under names in the style of OpenTelemetry.
//!
//! The library keeps its own counters and passes them to the recorder on request, so that
//! a hit costs nothing. Only the durations of executions and store operations are passed on at once, off the
//! hit path, since a histogram cannot be made from a sum.

mod names;
mod publisher;

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use metrics::{Label, counter, gauge, histogram};

use super::caches::CacheReport;
use super::functions::FunctionReport;
use super::report::{Report, report};
use super::stats::Stats;
use crate::guarded::breaker::BreakerState;
use crate::site::Site;
pub use publisher::{Publisher, publish_metrics_every};

/// Passes everything counted so far to the recorder of the `metrics` crate: call it in a handler for
/// `/metrics`, before it renders.
///
/// `docs/monitoring.md` has a table of all names. The recorder is the one that is installed, or the local one
/// of this thread.
///
/// ```
/// use cache_runtime::{cache_result, publish_metrics};
///
/// #[cache_result(timeout = 60, key_prefix = "squares")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// square(3);
/// square(3);
/// publish_metrics();
/// ```
pub fn publish_metrics() {
    names::describe();
    let Report {
        functions, caches, ..
    } = report();
    by_name(functions).iter().for_each(of_function);
    caches.iter().for_each(of_cache);
}

/// Merges functions of one path into one series: those in two blocks of one function, or of a crate that is
/// linked twice.
fn by_name(functions: Vec<FunctionReport>) -> Vec<FunctionReport> {
    let mut named: Vec<FunctionReport> = Vec::with_capacity(functions.len());
    let mut places = HashMap::new();
    for function in functions {
        let place = *places
            .entry((function.path.clone(), function.cache))
            .or_insert(named.len());
        match named.get_mut(place) {
            None => named.push(function),
            Some(first) => {
                first.stats.add(&function.stats);
                first.executions.add(&function.executions);
                first.overridden.is_off = first.overridden.is_off.max(function.overridden.is_off);
            }
        }
    }
    named
}

/// Returns the labels of a function; one whose attribute gives a cache instead of an alias has only its path.
fn labels_of(path: impl Into<Cow<'static, str>>, alias: Option<&'static str>) -> Vec<Label> {
    let mut labels = vec![label("cache.function", path)];
    labels.extend(alias.map(|alias| label("cache.name", alias)));
    labels
}

fn of_function(function: &FunctionReport) {
    let own = || labels_of(function.path.clone(), function.cache);
    of_stats(
        &function.stats,
        [
            names::FUNCTION_REQUESTS,
            names::FUNCTION_ERRORS,
            names::FUNCTION_WRITES,
        ],
        own,
    );
    counter!(names::FUNCTION_EXECUTIONS, own()).absolute(function.executions.count);
    gauge!(names::FUNCTION_TIME_SAVED, own()).set(function.time_saved().as_secs_f64());
    let is_off = function.overridden.is_off == Some(true);
    gauge!(names::FUNCTION_OFF, own()).set(f64::from(u8::from(is_off)));
}

fn of_cache(cache: &CacheReport) {
    let own = || {
        let mut labels = vec![label("cache.name", cache.alias.clone())];
        // A cache that could not be opened has none.
        if !cache.store.is_empty() {
            labels.push(label("cache.store", cache.store));
        }
        labels
    };
    let mut stats = cache.stats;
    stats.add(&cache.before.stats);
    of_stats(&stats, [names::REQUESTS, names::ERRORS, names::WRITES], own);
    gauge!(names::UP, own()).set(f64::from(u8::from(is_up(cache))));
    if let Some(local) = cache.local {
        counter!(names::EVICTIONS, own()).absolute(stats.evictions);
        gauge!(names::ENTRIES, own()).set(local.entries as f64);
        gauge!(names::ENTRIES_LIMIT, own()).set(local.max_entries as f64);
        gauge!(names::SIZE, own()).set(local.bytes as f64);
        if let Some(limit) = local.max_bytes {
            gauge!(names::SIZE_LIMIT, own()).set(limit as f64);
        }
    }
    if cache.breaker.is_some() {
        counter!(names::STORE_OPERATIONS, own())
            .absolute(cache.operations.count.wrapping_add(cache.before.operations));
    }
}

/// Returns whether it could be opened and its store is in use.
fn is_up(cache: &CacheReport) -> bool {
    let is_left_alone = matches!(
        cache.breaker,
        Some(BreakerState::Open | BreakerState::Probing)
    );
    cache.error.is_none() && !is_left_alone
}

fn of_stats(
    stats: &Stats,
    [requests, errors, writes]: [&'static str; 3],
    own: impl Fn() -> Vec<Label>,
) {
    let count = |name: &'static str, key: &'static str, value: &'static str, total: u64| {
        let mut labels = own();
        labels.push(Label::from_static_parts(key, value));
        counter!(name, labels).absolute(total);
    };
    for (outcome, total) in [
        ("hit", stats.local_hits),
        ("store_hit", stats.hits - stats.local_hits.min(stats.hits)),
        ("miss", stats.misses),
        ("stale", stats.stale),
        ("joined", stats.joined),
    ] {
        count(requests, "cache.outcome", outcome, total);
    }
    for (kind, total) in [
        ("store", stats.errors),
        ("undecodable", stats.undecodable),
        ("too_large", stats.too_large),
        ("collision", stats.collisions),
    ] {
        count(errors, "error.type", kind, total);
    }
    for (operation, total) in [("set", stats.sets), ("delete", stats.deletes)] {
        count(writes, "cache.operation", operation, total);
    }
}

/// Records how long an execution of `site` took; it stands for `count` executions.
pub(crate) fn execution(site: &'static Site, count: u8, time: Duration) {
    let labels = labels_of(site.full_path(), site.cache_name());
    histogram!(names::FUNCTION_DURATION, labels).record_many(time, usize::from(count));
}

/// Records how long an operation of a store took; it stands for `count` operations.
pub(crate) fn operation(
    store: &'static str,
    operation: &'static str,
    is_failure: bool,
    (count, time): (u8, Duration),
) {
    let mut labels = vec![
        label("cache.store", store),
        label("cache.operation", operation),
    ];
    if is_failure {
        labels.push(label("error.type", "store"));
    }
    histogram!(names::STORE_DURATION, labels).record_many(time, usize::from(count));
}

fn label(key: &'static str, value: impl Into<Cow<'static, str>>) -> Label {
    Label::new(key, value.into())
}
