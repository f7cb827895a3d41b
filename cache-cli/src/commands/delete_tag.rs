//! `delete-tag`: invalidates every entry with a tag.

use serde_json::json;

use crate::args::Common;
use crate::ask;
use crate::exit::{Exit, Outcome};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn run(common: &Common, opened: &Opened, out: Output, tag: &str) -> Outcome {
    opened.check_table().await?;
    let place = opened.place();
    ask::sure(
        common,
        &format!(
            "{}: forget every entry with the tag `{tag}` ({place})?",
            opened.shown
        ),
    )?;
    opened.cache.delete_tag(tag).await?;
    if out.is_json {
        out.json(
            &json!({ "tag": tag, "key_prefix": opened.key_prefix, "version": opened.version }),
        )?;
    } else {
        out.line(&format!(
            "every entry with the tag `{tag}` is forgotten ({place}); \
             what is there of them goes when its time is over"
        ))?;
    }
    Ok(Exit::Ok)
}
