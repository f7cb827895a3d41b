//! Finding and deleting one entry by alias and key.

use cache_runtime::{Cache, CacheError, ErrorKind, Inspection, caches};
use serde_json::Value;

/// How much of a value is shown on a page.
pub(super) const SHOWN: usize = 64 << 10;

/// What was asked for.
pub(super) struct Wanted {
    pub(super) alias: String,
    /// The key as it was typed.
    pub(super) key: String,
}

/// What was found.
pub(super) struct Entry {
    pub(super) inspection: Inspection,
    /// `object`, `array`, …; `None` if it has no JSON.
    pub(super) json_type: Option<&'static str>,
}

impl Wanted {
    pub(super) async fn look(&self) -> Result<Option<Entry>, CacheError> {
        let (cache, key) = self.place()?;
        let found = cache.inspect(&key).await?;
        Ok(found.map(|inspection| Entry {
            json_type: inspection.json().ok().map(type_of),
            inspection,
        }))
    }

    pub(super) async fn delete(&self) -> Result<bool, CacheError> {
        let (cache, key) = self.place()?;
        cache.delete(&key).await
    }

    /// Returns the cache, and the key as it expects it: a whole key, as in a trace or in a store, begins with
    /// prefix and version.
    fn place(&self) -> Result<(Cache, String), CacheError> {
        // Not just any name: an alias that is asked for is remembered, and looked up in the
        // environment.
        let is_known = caches().aliases().contains(&self.alias) || self.alias == "default";
        if !is_known {
            return Err(CacheError::new(
                ErrorKind::UnknownCache,
                format!("no cache has the alias {:?}", self.alias),
            ));
        }
        let cache = caches().get(&self.alias)?;
        let reports = caches().reports();
        let report = reports.iter().find(|report| report.alias == self.alias);
        let prefix = report.map_or("", |report| &report.key_prefix);
        let rest = self.key.strip_prefix(prefix);
        let rest = rest.and_then(|rest| rest.strip_prefix(':')?.split_once(':'));
        let whole = rest.and_then(|(version, key)| Some((version.parse::<i64>().ok()?, key)));
        Ok(match whole {
            Some((version, key)) => (cache.with_version(version), key.to_owned()),
            None => (cache, self.key.clone()),
        })
    }
}

impl Entry {
    /// Returns the value in readable form.
    pub(super) fn pretty(&self) -> Result<String, CacheError> {
        let json = self.inspection.json()?;
        let value: Option<Value> = serde_json::from_str(json).ok();
        let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
        Ok(pretty.unwrap_or_else(|| json.to_owned()))
    }
}

fn type_of(json: &str) -> &'static str {
    match json.trim_start().bytes().next() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}
