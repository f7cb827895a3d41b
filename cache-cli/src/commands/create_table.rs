//! `create-table`: what Django's `createcachetable` does.

use serde_json::json;

use crate::exit::{Exit, Outcome};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn run(opened: &Opened, out: Output) -> Outcome {
    let has_table = opened.has_table();
    let is_missing = has_table && opened.cache.facts().await?.needs_prepare;
    opened.cache.prepare().await?;
    if out.is_json {
        out.json(&json!({ "store": opened.store, "needed": has_table, "created": is_missing }))?;
    } else {
        out.line(match (has_table, is_missing) {
            (false, _) => "this store needs no table",
            (true, true) => "the table is made",
            (true, false) => "the table is there already",
        })?;
    }
    Ok(Exit::Ok)
}
