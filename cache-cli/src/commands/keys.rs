//! `keys`: lists the keys that match a pattern.

use cache_runtime::Inspection;
use serde_json::{Value, json};

use super::get::over;
use crate::args::Keys;
use crate::exit::{Exit, Failure, Outcome};
use crate::opened::Opened;
use crate::output::Output;
use crate::progress::Progress;
use crate::text::{left, left_json, size};

pub(crate) async fn run(opened: &Opened, out: Output, args: &Keys) -> Outcome {
    // The command line looks at those alone that stand behind `keys`.
    if args.null && out.is_json {
        let message = "the argument '--null' cannot be used with '--json'";
        return Err(Failure::new(Exit::Usage, message));
    }
    opened.check_table().await?;
    let listed = Progress::during("listing keys", opened.cache.keys(&args.pattern)).await;
    let mut keys = listed?;
    keys.sort();
    keys.truncate(args.limit.unwrap_or(usize::MAX));
    let exit = if keys.is_empty() { Exit::No } else { Exit::Ok };
    let shown = |key: &str| match args.stored {
        true => opened.stored(key),
        false => key.to_owned(),
    };
    if args.long {
        let looked = look(opened, &keys).await?;
        long(out, &looked, shown)?;
    } else if out.is_json {
        let keys: Vec<String> = keys.iter().map(|key| shown(key)).collect();
        out.json(&json!(keys))?;
    } else if args.null {
        keys.iter().try_for_each(|key| out.raw(&shown(key), '\0'))?;
    } else {
        keys.iter().try_for_each(|key| out.line(&shown(key)))?;
    }
    Ok(exit)
}

/// Returns the entries that are still there.
async fn look(
    opened: &Opened,
    keys: &[String],
) -> Result<Vec<(String, Inspection)>, cache_runtime::CacheError> {
    let mut progress = Progress::new("reading entries", keys.len());
    let mut looked = Vec::with_capacity(keys.len());
    for (at, key) in keys.iter().enumerate() {
        progress.at(at);
        if let Some(inspection) = opened.cache.inspect(key).await? {
            looked.push((key.clone(), inspection));
        }
    }
    Ok(looked)
}

fn long(
    out: Output,
    looked: &[(String, Inspection)],
    shown: impl Fn(&str) -> String,
) -> std::io::Result<()> {
    if out.is_json {
        let rows = looked.iter().map(|(key, entry)| {
            json!({
                "key": shown(key),
                "ttl": left_json(entry.left),
                "bytes": entry.bytes,
                "tags": entry.tags,
            })
        });
        return out.json(&Value::from_iter(rows));
    }
    if looked.is_empty() {
        return Ok(());
    }
    let rows = looked.iter().map(|(key, entry)| {
        let left = left(entry.left).unwrap_or_else(|| over(entry).to_owned());
        [shown(key), left, size(entry.bytes as u64)]
    });
    let rows: Vec<_> = rows.collect();
    out.table(["key", "fresh for", "size"], &rows)
}
