//! `delete`: entries by their keys. What is deleted is computed again when somebody asks for it, so that
//! nobody is asked first.

use serde_json::json;

use crate::args::Delete;
use crate::exit::{Exit, Outcome};
use crate::lookup;
use crate::opened::Opened;
use crate::output::Output;
use crate::progress::Progress;

pub(crate) async fn run(opened: &Opened, out: Output, args: &Delete) -> Outcome {
    opened.check_table().await?;
    let mut progress = Progress::new("deleting", args.keys.len());
    let (mut deleted, mut missing) = (Vec::new(), Vec::new());
    for (at, key) in args.keys.iter().enumerate() {
        progress.at(at);
        match lookup::find(opened, key, args.reading).await? {
            Some(entry) => {
                entry.cache.delete(&entry.key).await?;
                if entry.is_foreign {
                    // Its news goes out before it is dropped; the URL's cache is closed in the end.
                    entry.cache.close().await?;
                }
                deleted.push(entry.stored);
            }
            None => missing.push(key),
        }
    }
    drop(progress);
    let exit = if missing.is_empty() {
        Exit::Ok
    } else {
        Exit::No
    };
    if out.is_json {
        out.json(&json!({ "deleted": deleted, "missing": missing }))?;
        return Ok(exit);
    }
    for stored in &deleted {
        out.line(&format!("deleted {stored}"))?;
    }
    for key in missing {
        out.line(&format!("no entry {key}"))?;
    }
    Ok(exit)
}
