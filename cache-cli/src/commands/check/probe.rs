//! The store itself: whether it is there, how far away, what it is, and whether it keeps what it is given.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use cache_runtime::{CacheError, ErrorKind};
use serde_json::json;

use super::{Report, abilities};
use crate::commands::stats::facts_json;
use crate::exit::{Exit, Failure};
use crate::opened::Opened;
use crate::text::latency;

const PINGS: usize = 5;
/// What could not be deleted expires soon.
const LIFE: Duration = Duration::from_secs(30);

pub(super) async fn run(opened: &Opened, report: &mut Report) -> Result<(), Failure> {
    let cache = &opened.cache;
    let first = match cache.ping().await {
        Ok(first) => first,
        Err(error) => return report.failed("connect", of_tls(opened, error)),
    };
    let text = format!("connected, first answer after {}", latency(first));
    report.done("connect", &text, json!({ "seconds": first.as_secs_f64() }))?;
    pings(opened, report).await?;
    match cache.facts().await {
        Ok(facts) => {
            if let Some(server) = &facts.server {
                report.done("server", server, facts_json(&facts))?;
            }
            if facts.needs_prepare {
                let text = "the table is not there yet; writing makes it, if that is allowed \
                            (or `cachectl create-table` before)";
                report.note("table", text)?;
            }
        }
        // A user without the right to ask for it may still use the store.
        Err(error) => report.note("server", &format!("does not tell of itself: {error}"))?,
    }
    if let Err((step, error)) = keep(opened, report).await? {
        report.error(step, error)?;
    }
    if let Some(can) = cache.capabilities() {
        let (can, cannot) = abilities(&can);
        let mut text = can.join(", ");
        if !cannot.is_empty() {
            text.push_str(&format!("; not: {}", cannot.join(", ")));
        }
        report.done("can do", &text, json!({ "can": can, "cannot": cannot }))?;
    }
    Ok(())
}

/// Explains a TLS failure: a server without TLS waits for the rest of what it takes for a strange command, and so
/// does this client.
fn of_tls(opened: &Opened, error: CacheError) -> Failure {
    let is_silent = error.kind() == ErrorKind::Timeout && opened.shown.starts_with("rediss");
    let failure = Failure::from(error);
    match failure.advice.clone() {
        Some(advice) if is_silent => failure.advising(format!(
            "is that a port with TLS? if not, redis:// is the word; otherwise {advice}"
        )),
        _ => failure,
    }
}

async fn pings(opened: &Opened, report: &mut Report) -> Result<(), Failure> {
    let mut times = Vec::with_capacity(PINGS);
    for _ in 0..PINGS {
        match opened.cache.ping().await {
            Ok(time) => times.push(time),
            Err(error) => return report.error("latency", error),
        }
    }
    times.sort();
    let (least, middle, most) = (times[0], times[PINGS / 2], times[PINGS - 1]);
    let text = format!(
        "{PINGS} pings: {} at least, {} as a rule, {} at most",
        latency(least),
        latency(middle),
        latency(most)
    );
    let seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    report.done("latency", &text, json!({ "seconds": seconds }))
}

/// Writes an entry of its own, reads it and deletes it.
async fn keep(
    opened: &Opened,
    report: &mut Report,
) -> Result<Result<(), (&'static str, CacheError)>, Failure> {
    let cache = &opened.cache;
    let number = RandomState::new().hash_one(0);
    let (key, value) = (format!("cachectl-check-{number:016x}"), number.to_string());
    let began = Instant::now();
    if let Err(error) = cache.set(&key, &value, LIFE).await {
        return Ok(Err(("write", error)));
    }
    let wrote = began.elapsed();
    let began = Instant::now();
    let read = cache.get::<String>(&key).await;
    let took = began.elapsed();
    let deleted = cache.delete(&key).await;
    match read {
        Ok(Some(read)) if read == value => {}
        Ok(read) => {
            let text = match read {
                Some(_) => "another value came back than was written",
                None => "what was written is not there",
            };
            let advice = "is the store full and lets go of what comes in, or does something else write there?";
            report.failed("read", Failure::new(Exit::No, text).advising(advice))?;
        }
        Err(error) => return Ok(Err(("read", error))),
    }
    match deleted {
        Ok(true) => {}
        Ok(false) => {
            let gone = CacheError::new(ErrorKind::Store, "what was written could not be deleted");
            return Ok(Err(("delete", gone)));
        }
        Err(error) => return Ok(Err(("delete", error))),
    }
    let text = format!(
        "an entry was written ({}), read ({}) and deleted",
        latency(wrote),
        latency(took)
    );
    let seconds =
        json!({ "write_seconds": wrote.as_secs_f64(), "read_seconds": took.as_secs_f64() });
    report.done("keeps", &text, seconds)?;
    Ok(Ok(()))
}
