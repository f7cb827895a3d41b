//! `ttl`: how long an entry is still fresh.

use cache_runtime::Ttl;
use serde_json::json;

use super::get::{missing, over};
use crate::args::OneKey;
use crate::exit::{Exit, Outcome};
use crate::lookup;
use crate::opened::Opened;
use crate::output::Output;
use crate::text::{left, left_json};

pub(crate) async fn run(opened: &Opened, out: Output, args: &OneKey) -> Outcome {
    opened.check_table().await?;
    let Some(entry) = lookup::find(opened, &args.key, args.reading).await? else {
        return missing(opened, out, &args.key);
    };
    let looked = &entry.inspection;
    if out.is_json {
        out.json(&json!({
            "key": entry.key,
            "stored": entry.stored,
            "ttl": left_json(looked.left),
            "kept": left_json(looked.kept),
        }))?;
    } else {
        out.line(&match looked.left {
            Ttl::Never => "never ends".to_owned(),
            left_over => left(left_over).unwrap_or_else(|| over(looked).to_owned()),
        })?;
    }
    Ok(match looked.left {
        Ttl::Missing => Exit::No,
        _ => Exit::Ok,
    })
}
