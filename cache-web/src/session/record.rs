//! A session as it stands in a cache: a key, and a JSON text.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cache_runtime::Timeout;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

/// The text. Not the record itself: how serde writes its date and its 128-bit id depends on features of
/// other crates.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    /// Milliseconds since 1970.
    expires: i64,
    data: HashMap<String, Value>,
}

pub(super) fn to_text(record: &Record) -> Result<Arc<str>> {
    let kept = Kept {
        id: record.id.to_string(),
        expires: i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000_000)
            .unwrap_or(i64::MAX),
        data: record.data.clone(),
    };
    let text = serde_json::to_string(&kept).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(text.into())
}

/// The session of this id in a text that was found under its key.
///
/// `None` for what cannot be read, which is no session any more, and for another's: whoever gave keys new
/// names or mixed up an answer, nobody gets a session that he has no id of.
pub(super) fn of_text(id: &Id, text: &str) -> Option<Record> {
    let Ok(kept) = serde_json::from_str::<Kept>(text) else {
        tracing::warn!("what is kept as a session cannot be read as one: it counts as gone");
        return None;
    };
    if kept.id != id.to_string() {
        tracing::error!("under the key of a session stands another session: it counts as gone");
        return None;
    }
    let expiry_date = from_milliseconds(kept.expires)?;
    Some(Record {
        id: *id,
        data: kept.data,
        expiry_date,
    })
}

fn from_milliseconds(milliseconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
}

pub(super) fn is_active(record: &Record) -> bool {
    record.expiry_date > OffsetDateTime::now_utc()
}

/// How long it lives from now.
pub(super) fn timeout(record: &Record) -> Timeout {
    let left = record.expiry_date - OffsetDateTime::now_utc();
    // What is over already is negative: that expires at once.
    Duration::try_from(left).map_or(Timeout::Expired, Timeout::from)
}
