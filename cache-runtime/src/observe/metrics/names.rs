//! The names of the metrics, what they count and in which unit. Exporters write them as their systems do:
//! `cache_function_requests` in Prometheus.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

pub(super) const FUNCTION_REQUESTS: &str = "cache.function.requests";
pub(super) const FUNCTION_ERRORS: &str = "cache.function.errors";
pub(super) const FUNCTION_WRITES: &str = "cache.function.writes";
pub(super) const FUNCTION_EXECUTIONS: &str = "cache.function.executions";
pub(super) const FUNCTION_DURATION: &str = "cache.function.duration";
pub(super) const FUNCTION_TIME_SAVED: &str = "cache.function.time_saved";
pub(super) const FUNCTION_OFF: &str = "cache.function.switched_off";

pub(super) const REQUESTS: &str = "cache.requests";
pub(super) const ERRORS: &str = "cache.errors";
pub(super) const WRITES: &str = "cache.writes";
pub(super) const UP: &str = "cache.up";
pub(super) const ENTRIES: &str = "cache.entries";
pub(super) const ENTRIES_LIMIT: &str = "cache.entries.limit";
pub(super) const SIZE: &str = "cache.size";
pub(super) const SIZE_LIMIT: &str = "cache.size.limit";
pub(super) const EVICTIONS: &str = "cache.evictions";
pub(super) const STORE_OPERATIONS: &str = "cache.store.operations";
pub(super) const STORE_DURATION: &str = "cache.store.duration";

pub(super) fn describe() {
    let count = Unit::Count;
    for (name, text) in [
        (
            FUNCTION_REQUESTS,
            "Calls of a cached function, by what came of them",
        ),
        (FUNCTION_ERRORS, "What went wrong for a function, by kind"),
        (FUNCTION_WRITES, "Entries of a function set and deleted"),
        (FUNCTION_EXECUTIONS, "How often the function's body ran"),
        (
            REQUESTS,
            "Reads in a cache, of functions and of text keys, by what came of them",
        ),
        (ERRORS, "What went wrong in a cache, by kind"),
        (WRITES, "Entries set and deleted in a cache"),
        (
            EVICTIONS,
            "Entries dropped in process to stay within the bounds",
        ),
        (STORE_OPERATIONS, "Operations that the store was asked for"),
    ] {
        describe_counter!(name, count, text);
    }
    for (name, unit, text) in [
        (
            FUNCTION_TIME_SAVED,
            Unit::Seconds,
            "What the hits would have taken",
        ),
        (
            FUNCTION_OFF,
            count,
            "1 where the function is switched off at run time",
        ),
        (
            UP,
            count,
            "0 where the cache could not be opened or its store is left alone",
        ),
        (ENTRIES, count, "Entries in process"),
        (ENTRIES_LIMIT, count, "How many entries there may be"),
        (SIZE, Unit::Bytes, "What the entries in process weigh"),
        (SIZE_LIMIT, Unit::Bytes, "What they may weigh"),
    ] {
        describe_gauge!(name, unit, text);
    }
    for (name, text) in [
        (FUNCTION_DURATION, "How long the function's body took"),
        (STORE_DURATION, "How long an operation of the store took"),
    ] {
        describe_histogram!(name, Unit::Seconds, text);
    }
}
