//! What a store is opened with: the parts of the URL, the cache's settings, and the options that
//! only this kind of store has.

use std::time::Duration;

use crate::cache::settings::Settings;
use crate::error::CacheError;
use crate::url::{CacheUrl, bad};

/// The options of one kind of store, by name; those of a builder take precedence over those of the URL.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own(Vec<(String, String)>);

impl Own {
    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What a store is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) url: &'a CacheUrl,
    pub(crate) settings: &'a Settings,
    pub(crate) own: &'a Own,
}

impl Opening<'_> {
    /// Returns the text of one of the store's own options.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.own.get(name)
    }

    /// Returns the same, parsed; if the value cannot be used, the error of `read` says what it must be.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, CacheError> {
        let value = |value| read(value).map_err(|wanted| wrong(name, value, &wanted));
        self.option(name).map(value).transpose()
    }
}

/// Returns the error for an option whose value cannot be used.
pub(crate) fn wrong(name: &str, value: &str, wanted: &str) -> CacheError {
    bad(format!("`{name}={value}` cannot be used: {wanted}"))
}

/// Parses a length of time above zero: `0.5`, `500ms`, `10s`, `10m`, `2h`, `1d`.
pub(crate) fn read_duration(value: &str) -> Result<Duration, String> {
    value
        .parse::<f64>()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .or_else(|| duration_with_unit(value))
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "it must be seconds (`0.5`) or a duration (`500ms`), above zero".into())
}

/// Parses `500ms`, `10s`, `10m`, `2h`, `1d`.
pub(crate) fn duration_with_unit(value: &str) -> Option<Duration> {
    let at = value.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = value.split_at(at);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

/// Parses bytes above zero: `1048576`, `1024KiB`, `1MiB`, `1MB`.
pub(crate) fn read_size(value: &str) -> Result<usize, String> {
    let at = value
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(at);
    let unit: usize = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => 0,
    };
    number
        .trim()
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|size| *size > 0)
        .ok_or_else(|| "it must be bytes above zero (`1048576`, `64MiB`, `10MB`)".into())
}

/// Parses a whole number above zero.
pub(crate) fn read_number(value: &str) -> Result<usize, String> {
    value
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "it must be a whole number above zero".into())
}
