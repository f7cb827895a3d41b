//! `bench`: how long get, set and delete take, with one caller and with many.

mod load;

use std::hash::{BuildHasher, RandomState};

use cache_runtime::Cache;
use serde_json::{Value, json};

use crate::args::{Bench, Common};
use crate::exit::{Exit, Failure, Outcome};
use crate::opened::{Opened, url_for};
use crate::output::{Output, note};
use crate::progress::Progress;
use crate::text::{latency, size};
use load::{Measured, OPERATIONS, Operation, key, value};

/// How many keys are removed at once.
const BATCH: usize = 500;

pub(crate) async fn run(common: &Common, out: Output, args: &Bench) -> Outcome {
    let url = url_for(common, args.place.as_deref())?;
    let opened = Opened::at(&url)?;
    // Whatever happens, keys of others are not touched.
    let number = RandomState::new().hash_one(0);
    let prefix = format!("cachectl-bench-{number:016x}");
    let cache = opened.under(&prefix, opened.version)?;
    if !out.is_json {
        note(&format!(
            "{}, {} operations a line, keys under `{prefix}`",
            opened.shown, args.ops
        ));
    }
    let outcome = tokio::select! {
        outcome = measure(&cache, args) => outcome,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::No, "interrupted")),
    };
    let swept = sweep(&cache, args.ops).await;
    let rows = outcome?;
    swept?;
    if out.is_json {
        let rows = rows.iter().map(row_json);
        out.json(&json!({ "url": opened.shown, "ops": args.ops, "key_prefix": prefix, "rows": Value::from_iter(rows) }))?;
    } else {
        let cells: Vec<_> = rows.iter().map(row).collect();
        let head = [
            "operation",
            "size",
            "callers",
            "per second",
            "p50",
            "p90",
            "p99",
            "longest",
        ];
        out.table(head, &cells)?;
    }
    Ok(Exit::Ok)
}

/// One line of the table.
struct Row {
    operation: Operation,
    bytes: usize,
    callers: u32,
    measured: Measured,
}

async fn measure(cache: &Cache, args: &Bench) -> Result<Vec<Row>, Failure> {
    let lines = args.sizes.len() * args.callers.len() * OPERATIONS.len();
    let mut progress = Progress::new("measuring", lines);
    let mut rows = Vec::with_capacity(lines);
    // Connections are opened before anything is measured.
    cache.ping().await?;
    for bytes in &args.sizes {
        let value = value(*bytes);
        for callers in &args.callers {
            for operation in OPERATIONS {
                progress.at(rows.len());
                let measured = load::run(cache, operation, &value, *callers, args.ops).await?;
                rows.push(Row {
                    operation,
                    bytes: *bytes,
                    callers: *callers,
                    measured,
                });
            }
        }
    }
    Ok(rows)
}

/// Removes what may be left, key by key, since not every store can list its keys.
async fn sweep(cache: &Cache, ops: u32) -> Result<(), Failure> {
    let keys: Vec<String> = (0..ops).map(key).collect();
    for batch in keys.chunks(BATCH) {
        cache.delete_many(batch).await?;
    }
    cache.close().await?;
    Ok(())
}

fn row(row: &Row) -> [String; 8] {
    let measured = &row.measured;
    let [p50, p90, p99, longest] = [0.5, 0.9, 0.99, 1.0].map(|share| latency(measured.at(share)));
    [
        row.operation.name().to_owned(),
        size(row.bytes as u64),
        row.callers.to_string(),
        format!("{:.0}", measured.per_second()),
        p50,
        p90,
        p99,
        longest,
    ]
}

fn row_json(row: &Row) -> Value {
    let measured = &row.measured;
    let [p50, p90, p99, longest] =
        [0.5, 0.9, 0.99, 1.0].map(|share| measured.at(share).as_secs_f64());
    json!({
        "operation": row.operation.name(),
        "bytes": row.bytes,
        "callers": row.callers,
        "per_second": measured.per_second(),
        "p50_seconds": p50,
        "p90_seconds": p90,
        "p99_seconds": p99,
        "longest_seconds": longest,
    })
}
