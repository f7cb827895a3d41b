//! `clear`: every entry of one prefix and version.

use cache_runtime::ErrorKind;
use serde_json::json;

use crate::args::Common;
use crate::ask;
use crate::exit::{Exit, Outcome};
use crate::opened::Opened;
use crate::output::Output;
use crate::progress::Progress;
use crate::text::counted;

pub(crate) async fn run(common: &Common, opened: &Opened, out: Output) -> Outcome {
    opened.check_table().await?;
    let listed = Progress::during("listing keys", opened.cache.keys("*")).await;
    let count = match listed {
        Ok(keys) => Some(keys.len() as u64),
        Err(error) if error.kind() == ErrorKind::Unsupported => None,
        Err(error) => return Err(error.into()),
    };
    let what = count.map_or_else(|| "every entry".to_owned(), |count| counted(count, "entry"));
    let place = opened.place();
    ask::sure(
        common,
        &format!("{}: forget {what} ({place})?", opened.shown),
    )?;
    Progress::during("clearing", opened.cache.clear()).await?;
    if out.is_json {
        let (prefix, version) = (&opened.key_prefix, opened.version);
        out.json(&json!({ "cleared": count, "key_prefix": prefix, "version": version }))?;
    } else {
        out.line(&format!("forgot {what} ({place})"))?;
    }
    Ok(Exit::Ok)
}
