//! Which entry a key names: as programs write it, or as the store has it.

use cache_runtime::{Cache, Inspection};

use crate::args::Reading;
use crate::exit::{Exit, Failure};
use crate::opened::Opened;
use crate::output::note;

/// An entry that was found.
pub(crate) struct Entry {
    /// The cache that it is in.
    pub(crate) cache: Cache,
    /// Its key in that cache.
    pub(crate) key: String,
    /// The whole key.
    pub(crate) stored: String,
    /// Whether it belongs to another cache than that of the URL.
    pub(crate) is_foreign: bool,
    pub(crate) inspection: Inspection,
}

/// Returns the entry that `key` names, if there is one.
///
/// `app:1:tasks` may be a key of the URL's cache, or the whole key of another cache. What exists decides;
/// if both do, the caller has to.
pub(crate) async fn find(
    opened: &Opened,
    key: &str,
    reading: Option<Reading>,
) -> Result<Option<Entry>, Failure> {
    let mut found = Vec::new();
    if reading != Some(Reading::Stored)
        && let Some(entry) = look(opened.cache.clone(), key, opened.stored(key)).await?
    {
        found.push((Reading::User, entry));
    }
    if reading != Some(Reading::User) {
        for (prefix, version, rest) in parts(key) {
            let is_own = (prefix, version) == (&opened.key_prefix, opened.version);
            let cache = match is_own {
                true => opened.cache.clone(),
                false => opened.under(prefix, version)?,
            };
            let whole = cache.whole_key(rest);
            if let Some(entry) = look(cache, rest, whole).await? {
                let entry = Entry {
                    is_foreign: !is_own,
                    ..entry
                };
                found.push((Reading::Stored, entry));
            }
        }
    }
    // A whole key that can be split in two ways is one entry, found twice.
    found.dedup_by(|one, other| one.1.stored == other.1.stored);
    if found.len() > 1 {
        let message = format!("`{key}` is a key of this cache and a whole key of the store");
        let advice = format!(
            "say `--as user` for `{}` or `--as stored` for `{}`",
            found[0].1.stored, found[1].1.stored
        );
        return Err(Failure::new(Exit::Usage, message).advising(advice));
    }
    let Some((reading, entry)) = found.pop() else {
        return Ok(None);
    };
    if reading == Reading::Stored {
        note(&format!(
            "taken as the store's key: `{}` in {}",
            entry.key,
            place(&entry)
        ));
    }
    Ok(Some(entry))
}

fn place(entry: &Entry) -> String {
    let front = entry.stored.len() - entry.key.len();
    format!("`{}`", entry.stored[..front].trim_end_matches(':'))
}

async fn look(cache: Cache, key: &str, stored: String) -> Result<Option<Entry>, Failure> {
    Ok(cache.inspect(key).await?.map(|inspection| Entry {
        cache: cache.clone(),
        key: key.to_owned(),
        stored,
        is_foreign: false,
        inspection,
    }))
}

/// Returns prefix, version and key, in every way in which the text can be split into them.
fn parts(text: &str) -> Vec<(&str, i64, &str)> {
    let colons = text.match_indices(':').map(|(at, _)| at);
    let mut parts = Vec::new();
    for at in colons {
        let behind = &text[at + 1..];
        let Some((digits, rest)) = behind.split_once(':') else {
            continue;
        };
        match digits.parse::<i64>() {
            // Written exactly as Django does.
            Ok(version) if version.to_string() == digits && !rest.is_empty() => {
                parts.push((&text[..at], version, rest));
            }
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_whole_key_is_prefix_version_and_key() {
        assert_eq!(parts("app:1:tasks:9f"), [("app", 1, "tasks:9f")]);
        assert_eq!(parts(":1:greeting"), [("", 1, "greeting")]);
        assert_eq!(parts("a:1:b:2:c"), [("a", 1, "b:2:c"), ("a:1:b", 2, "c")]);
        for text in ["greeting", "user:7", "app:01:x", "app:+1:x", "app:1:"] {
            assert_eq!(parts(text), [], "{text}");
        }
    }
}
