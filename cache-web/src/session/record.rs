//! A session as it is kept in a cache: a JSON text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cache_runtime::Timeout;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

/// The contents of the text. Not the record itself: how serde writes its date and its 128-bit id depends on
/// features of other crates.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    id: String,
    /// Milliseconds since 1970.
    expires: i64,
    data: Cow<'a, HashMap<String, Value>>,
    /// The change after which it was read from the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Arc<str>>,
}

/// Returns the text of a session, and of the mark it belongs to.
pub(super) fn to_text(record: &Record, mark: Option<&Arc<str>>) -> Result<Arc<str>> {
    let milliseconds = record.expiry_date.unix_timestamp_nanos() / 1_000_000;
    let kept = Kept {
        id: record.id.to_string(),
        expires: i64::try_from(milliseconds).unwrap_or(i64::MAX),
        data: Cow::Borrowed(&record.data),
        after: mark.cloned(),
    };
    let text = serde_json::to_string(&kept).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(text.into())
}

/// Returns the session of this id in a text that was found under its key, and the mark it belongs to.
///
/// It is `None` for a text that cannot be read, which is no session any more, and for another's session: even if
/// keys were renamed or answers mixed up, nobody gets a session whose id he does not have.
pub(super) fn of_text(id: &Id, text: &str) -> Option<(Record, Option<Arc<str>>)> {
    let Ok(kept) = serde_json::from_str::<Kept<'_>>(text) else {
        tracing::warn!("what is kept as a session cannot be read as one: it counts as gone");
        return None;
    };
    if kept.id != id.to_string() {
        tracing::error!("under the key of a session stands another session: it counts as gone");
        return None;
    }
    let nanoseconds = i128::from(kept.expires) * 1_000_000;
    let record = Record {
        id: *id,
        data: kept.data.into_owned(),
        expiry_date: OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?,
    };
    Some((record, kept.after))
}

pub(super) fn is_active(record: &Record) -> bool {
    record.expiry_date > OffsetDateTime::now_utc()
}

/// Returns how long it lives from now.
pub(super) fn timeout(record: &Record) -> Timeout {
    let left = record.expiry_date - OffsetDateTime::now_utc();
    // A session that has ended is negative: that expires at once.
    Duration::try_from(left).map_or(Timeout::Expired, Timeout::from)
}
