//! The JSON form. Its shape is a promise, stated by `version`: fields are added, never changed.

use std::time::{Duration, UNIX_EPOCH};

use cache_runtime::{
    CacheReport, FunctionReport, Report, Stats, Timeout, Timings, TraceEvent, Ttl,
};
use serde_json::{Value, json};

use super::lookup::{Entry, Wanted};
use super::recent::Traced;

const VERSION: u32 = 1;

/// `/api/report`
pub(super) fn report(report: &Report) -> Value {
    let functions: Vec<Value> = report.functions.iter().map(function).collect();
    let caches: Vec<Value> = report.caches.iter().map(cache).collect();
    json!({ "version": VERSION, "functions": functions, "caches": caches })
}

fn function(function: &FunctionReport) -> Value {
    json!({
        "name": function.name,
        "path": function.path,
        "file": function.file,
        "line": function.line,
        "key_prefix": function.key_prefix,
        "timeout": timeout(function.timeout),
        "cache": function.cache,
        "is_off": function.overridden.is_off == Some(true),
        "timeout_override": function.overridden.timeout.map(timeout),
        "stats": stats(&function.stats),
        "executions": timings(&function.executions),
        "time_saved_ms": milliseconds(function.time_saved()),
    })
}

fn cache(cache: &CacheReport) -> Value {
    let local = cache.local.map(|local| {
        json!({
            "entries": local.entries,
            "max_entries": local.max_entries,
            "bytes": local.bytes,
            "max_bytes": local.max_bytes,
        })
    });
    json!({
        "alias": cache.alias,
        "store": cache.store,
        "url": cache.url,
        "error": cache.error.as_ref().map(ToString::to_string),
        "key_prefix": cache.key_prefix,
        "key_version": cache.version,
        "timeout": timeout(cache.timeout),
        "local": local,
        "breaker": cache.breaker.map(|breaker| breaker.as_str()),
        "operations": timings(&cache.operations),
        "stats": stats(&cache.stats),
    })
}

fn stats(stats: &Stats) -> Value {
    json!({
        "hits": stats.hits,
        "local_hits": stats.local_hits,
        "misses": stats.misses,
        "hit_ratio": stats.hit_ratio(),
        "sets": stats.sets,
        "deletes": stats.deletes,
        "stale": stats.stale,
        "joined": stats.joined,
        "errors": stats.errors,
        "undecodable": stats.undecodable,
        "too_large": stats.too_large,
        "collisions": stats.collisions,
        "evictions": stats.evictions,
    })
}

fn timings(timings: &Timings) -> Value {
    json!({
        "count": timings.count,
        "mean_ms": milliseconds(timings.mean()),
        "longest_ms": milliseconds(timings.longest),
        "total_ms": milliseconds(timings.total()),
    })
}

/// Seconds, `"default"` or `"never"`.
fn timeout(timeout: Timeout) -> Value {
    match timeout {
        Timeout::Default => json!("default"),
        Timeout::Never => json!("never"),
        Timeout::Expired => json!(0.0),
        Timeout::After(time) => json!(time.as_secs_f64()),
    }
}

/// `/api/requests`
pub(super) fn requests(requests: &[Traced], last: u64) -> Value {
    let requests: Vec<Value> = requests.iter().map(request).collect();
    json!({ "version": VERSION, "last": last, "requests": requests })
}

fn request(request: &Traced) -> Value {
    let (hits, misses) = request.hits_and_misses();
    let at = request.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let events: Vec<Value> = request.trace.events.iter().map(event).collect();
    json!({
        "id": request.id,
        "at_ms": u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "took_ms": milliseconds(request.trace.took),
        "hits": hits,
        "misses": misses,
        "events": events,
        "left_out": request.trace.left_out,
    })
}

fn event(event: &TraceEvent) -> Value {
    json!({
        "name": event.name,
        "kind": event.kind.as_str(),
        "outcome": event.outcome.as_str(),
        "began_ms": milliseconds(event.began),
        "took_ms": milliseconds(event.took),
        "depth": event.depth,
        "cache": event.cache,
        "key": event.key,
        "store_failed": event.store_failed,
    })
}

/// `/api/key`
pub(super) fn key(wanted: &Wanted, entry: Option<&Entry>, is_value_wanted: bool) -> Value {
    let mut answer = json!({
        "version": VERSION,
        "cache": wanted.alias,
        "key": wanted.key,
        "found": entry.is_some(),
    });
    let Some(entry) = entry else {
        return answer;
    };
    let seen = &entry.inspection;
    answer["in_process"] = json!(seen.is_local);
    answer["bytes"] = json!(seen.bytes);
    answer["left"] = match seen.left {
        Ttl::Missing => Value::Null,
        Ttl::Never => json!("never"),
        Ttl::After(left) => json!(left.as_secs_f64()),
    };
    answer["tags"] = json!(seen.tags);
    answer["cost_ms"] = json!(seen.cost.map(milliseconds));
    answer["type"] = json!(entry.json_type);
    if is_value_wanted {
        let value = seen.json().ok();
        answer["value"] = value
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
    }
    answer
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
