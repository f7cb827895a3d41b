//! `get`: an entry, decoded, with its times and tags.

use std::time::SystemTime;

use cache_runtime::{CacheError, Inspection, Ttl};
use serde_json::{Value, json};

use crate::args::Get;
use crate::exit::{Exit, Failure, Outcome};
use crate::lookup::{self, Entry};
use crate::opened::Opened;
use crate::output::Output;
use crate::text::{latency, left, left_json, moment, size, time, unix};

pub(crate) async fn run(opened: &Opened, out: Output, args: &Get) -> Outcome {
    opened.check_table().await?;
    let key = &args.key.key;
    let Some(entry) = lookup::find(opened, key, args.key.reading).await? else {
        return missing(opened, out, key);
    };
    let value = entry.inspection.json().map(pretty);
    if args.value {
        out.value(&value?)?;
        return Ok(Exit::Ok);
    }
    if out.is_json {
        out.json(&entry_json(&entry))?;
        return value.map(|_| Exit::Ok).map_err(Failure::from);
    }
    out.facts(&rows_of(&entry))?;
    let value = value.map_err(unreadable)?;
    out.line("")?;
    out.value(&value)?;
    Ok(Exit::Ok)
}

/// Reports that there is no such entry.
pub(super) fn missing(opened: &Opened, out: Output, key: &str) -> Outcome {
    if out.is_json {
        out.json(&Value::Null)?;
    }
    let message = format!("no entry `{key}` ({})", opened.place());
    Err(Failure::new(Exit::No, message))
}

fn rows_of(entry: &Entry) -> Vec<(&'static str, Option<String>)> {
    let looked = &entry.inspection;
    let fresh = left(looked.left).unwrap_or_else(|| match over(looked) {
        "stale" => "over: stale".to_owned(),
        "dead" => "dead: ended by a tag, a clear or a delete".to_owned(),
        other => other.to_owned(),
    });
    let tags = (!looked.tags.is_empty()).then(|| looked.tags.join(", "));
    vec![
        ("key", Some(entry.key.clone())),
        ("stored", Some(entry.stored.clone())),
        ("fresh for", Some(fresh)),
        ("kept for", kept(looked)),
        ("created", looked.created.map(moment)),
        ("took", looked.cost.map(latency)),
        ("tags", tags),
        ("size", Some(size(looked.bytes as u64))),
    ]
}

/// Returns how long it is kept to be served stale, if that is longer than it is fresh.
fn kept(looked: &Inspection) -> Option<String> {
    let Ttl::After(kept) = looked.kept else {
        return None;
    };
    match looked.left {
        // The difference between the two clocks, and what was rounded up.
        Ttl::After(left) if kept.as_secs_f64() < left.as_secs_f64() + 2.5 => None,
        Ttl::Never => None,
        _ => Some(format!("{}, to be served stale", time(kept))),
    }
}

/// Returns why an existing entry is not fresh.
pub(super) fn over(looked: &Inspection) -> &'static str {
    match looked.expires {
        Some(expires) if expires <= SystemTime::now() => "stale",
        Some(_) => "dead",
        None => "not known",
    }
}

fn entry_json(entry: &Entry) -> Value {
    let looked = &entry.inspection;
    let value = looked.json().ok();
    let value: Option<Value> = value.and_then(|json| serde_json::from_str(json).ok());
    json!({
        "key": entry.key,
        "stored": entry.stored,
        "ttl": left_json(looked.left),
        "kept": left_json(looked.kept),
        "created": looked.created.map(unix),
        "expires": looked.expires.map(unix),
        "cost_seconds": looked.cost.map(|cost| cost.as_secs_f64()),
        "tags": looked.tags,
        "bytes": looked.bytes,
        "readable": value.is_some(),
        "value": value,
    })
}

fn unreadable(error: CacheError) -> Failure {
    let failure = Failure::from(error);
    match failure.advice {
        Some(_) => failure,
        None => failure.advising(
            "it was written in another format, by another program or with another secret: compare `format`, \
             `compress` and `sign_with` in the URL of the program that wrote it",
        ),
    }
}

fn pretty(json: &str) -> String {
    match serde_json::from_str::<Value>(json) {
        Ok(value) => format!("{value:#}"),
        Err(_) => json.to_owned(),
    }
}
