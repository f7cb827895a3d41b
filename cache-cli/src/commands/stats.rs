//! `stats`: how many entries there are, and what the server counts.

use cache_runtime::{CacheError, ErrorKind, Facts};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure, Outcome};
use crate::opened::Opened;
use crate::output::Output;
use crate::progress::Progress;
use crate::text::{counted, share, size, time};

pub(crate) async fn run(opened: &Opened, out: Output) -> Outcome {
    opened.check_table().await?;
    let listed = Progress::during("listing keys", opened.cache.keys("*")).await;
    let entries = match listed {
        Ok(keys) => Ok(keys.len() as u64),
        Err(error) if is_no(&error) => Err(error),
        Err(error) => return Err(error.into()),
    };
    let facts = match opened.cache.facts().await {
        Ok(facts) => Ok(facts),
        Err(error) if is_no(&error) => Err(error),
        Err(error) => return Err(Failure::from(error)),
    };
    if out.is_json {
        out.json(&json!({
            "url": opened.shown,
            "store": opened.store,
            "key_prefix": opened.key_prefix,
            "version": opened.version,
            "entries": entries.ok(),
            "server": facts.as_ref().ok().map(facts_json),
        }))?;
        return Ok(Exit::Ok);
    }
    let entries = match &entries {
        Ok(count) => format!("{} with {}", counted(*count, "entry"), opened.place()),
        Err(error) => format!("not known: {error}"),
    };
    let rows = [
        ("url", Some(opened.shown.clone())),
        ("entries", Some(entries)),
    ];
    let more = match &facts {
        Ok(facts) => rows_of(facts),
        Err(error) => vec![("server", Some(format!("does not tell: {error}")))],
    };
    out.facts(&[rows.to_vec(), more].concat())?;
    Ok(Exit::Ok)
}

/// Returns whether the store is there and refuses: the rest can still be reported.
fn is_no(error: &CacheError) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Store)
}

/// Returns what is known, one row each.
fn rows_of(facts: &Facts) -> Vec<(&'static str, Option<String>)> {
    let server = facts.server.as_ref().map(|server| match facts.servers {
        0 | 1 => server.clone(),
        many => format!("{server}, {many} servers"),
    });
    let of_most = |bytes: u64| match facts.max_bytes {
        Some(most) => format!("{} of {}", size(bytes), size(most)),
        None => size(bytes),
    };
    let reads = facts.hits.zip(facts.misses).map(|(hits, misses)| {
        let all = hits + misses;
        match share(hits, all).as_str() {
            "" => "none yet".to_owned(),
            share => format!("{hits} of {all} reads found something ({share})"),
        }
    });
    vec![
        ("server", server),
        ("in all", facts.entries.map(|count| counted(count, "entry"))),
        ("takes", facts.bytes.map(of_most)),
        ("reads", reads),
        ("evictions", facts.evictions.map(|count| count.to_string())),
        (
            "connections",
            facts.connections.map(|count| count.to_string()),
        ),
        ("uptime", facts.uptime.map(time)),
    ]
}

/// Returns the same for programs.
pub(super) fn facts_json(facts: &Facts) -> Value {
    json!({
        "version": facts.server,
        "servers": facts.servers,
        "entries": facts.entries,
        "bytes": facts.bytes,
        "max_bytes": facts.max_bytes,
        "hits": facts.hits,
        "misses": facts.misses,
        "evictions": facts.evictions,
        "connections": facts.connections,
        "uptime_seconds": facts.uptime.map(|time| time.as_secs()),
    })
}
