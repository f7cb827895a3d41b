//! `delete`: deletes entries by their keys. It asks no confirmation, since what is deleted is computed again
//! when it is needed.

use serde_json::json;

use crate::args::Delete;
use crate::exit::{Exit, Failure, Outcome};
use crate::lookup;
use crate::opened::Opened;
use crate::output::Output;
use crate::progress::Progress;

pub(crate) async fn run(opened: &Opened, out: Output, args: &Delete) -> Outcome {
    opened.check_table().await?;
    let mut done = Done::default();
    let outcome = each(opened, out, args, &mut done).await;
    if out.is_json {
        // Also if an error came in between: what is deleted is deleted.
        out.json(&json!({ "deleted": done.deleted, "missing": done.missing }))?;
    }
    outcome?;
    Ok(match done.missing.as_slice() {
        [] => Exit::Ok,
        _ => Exit::No,
    })
}

#[derive(Debug, Default)]
struct Done {
    deleted: Vec<String>,
    missing: Vec<String>,
}

/// Tells of each as it is done. Where nobody can be told any more (`| head -1`), the rest is deleted all the same.
async fn each(opened: &Opened, out: Output, args: &Delete, done: &mut Done) -> Result<(), Failure> {
    let mut progress = out
        .is_json
        .then(|| Progress::new("deleting", args.keys.len()));
    let mut heard = Ok(());
    for (at, key) in args.keys.iter().enumerate() {
        if let Some(progress) = &mut progress {
            progress.at(at);
        }
        let (told, list, key) = match lookup::find(opened, key, args.reading).await? {
            Some(entry) => {
                entry.cache.delete(&entry.key).await?;
                if entry.is_foreign {
                    // Its news must be sent before it is dropped; the URL's cache is closed at the end.
                    entry.cache.close().await?;
                }
                ("deleted", &mut done.deleted, entry.stored)
            }
            None => ("no entry", &mut done.missing, key.clone()),
        };
        if !out.is_json && heard.is_ok() {
            heard = out.line(&format!("{told} {key}"));
        }
        list.push(key);
    }
    Ok(heard?)
}
