//! The options of a URL: one row each, with how its value is read.

use std::time::Duration;

use super::build::CacheBuilder;
use crate::codec::{Compression, Format};
use crate::error::CacheError;
use crate::key::KeyHash;
use crate::timeout::Timeout;
use crate::url::bad;

type Set = fn(&mut CacheBuilder, &str) -> Result<(), String>;

const OPTIONS: &[(&str, Set)] = &[
    ("key_prefix", |builder, value| {
        builder.settings.key_prefix = value.to_owned();
        Ok(())
    }),
    ("version", |builder, value| {
        builder.settings.version = value.parse().map_err(|_| "an integer".to_owned())?;
        Ok(())
    }),
    ("timeout", |builder, value| {
        builder.settings.timeout = timeout(value)?;
        Ok(())
    }),
    ("format", |builder, value| {
        builder.settings.format = match value {
            "native" => Format::Native,
            "json" => Format::Json,
            "django" => Format::Django,
            _ => return Err("`native`, `json` or `django`".into()),
        };
        Ok(())
    }),
    ("compress", |builder, value| {
        builder.settings.compression = compression(value)?;
        Ok(())
    }),
    ("max_value_size", |builder, value| {
        builder.settings.max_value_size = size(value)?;
        Ok(())
    }),
    ("max_entries", |builder, value| {
        builder.settings.max_entries = at_least_one(value)?;
        Ok(())
    }),
    ("max_bytes", |builder, value| {
        builder.settings.max_bytes = Some(size(value)?);
        Ok(())
    }),
    ("key_hash", |builder, value| {
        builder.set_key_hash(key_hash(value)?);
        Ok(())
    }),
    ("connect_timeout", |builder, value| {
        builder.settings.connect_timeout = limit(value)?;
        Ok(())
    }),
    ("op_timeout", |builder, value| {
        builder.settings.op_timeout = limit(value)?;
        Ok(())
    }),
    ("max_connections", |builder, value| {
        builder.max_connections = Some(at_least_one(value)?);
        Ok(())
    }),
    ("db", |builder, value| {
        let db = value.parse().ok().filter(|db| *db >= 0);
        builder.db = Some(db.ok_or_else(|| "a database number".to_owned())?);
        Ok(())
    }),
];

/// Sets one option.
pub(super) fn apply(builder: &mut CacheBuilder, name: &str, value: &str) -> Result<(), CacheError> {
    let Some((_, set)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = OPTIONS.iter().map(|(known, _)| *known).collect();
        return Err(bad(format!(
            "unknown option `{name}`; there is {}",
            known.join(", ")
        )));
    };
    set(builder, value)
        .map_err(|wanted| bad(format!("`{name}={value}` cannot be: the value is {wanted}")))
}

fn timeout(value: &str) -> Result<Timeout, String> {
    if value == "never" {
        return Ok(Timeout::Never);
    }
    match value.parse::<f64>() {
        Ok(seconds) if !seconds.is_nan() => Ok(Timeout::from(seconds)),
        _ => duration(value)
            .map(Timeout::from)
            .ok_or_else(|| "seconds (`600`), a duration (`10m`) or `never`".into()),
    }
}

fn limit(value: &str) -> Result<Duration, String> {
    value
        .parse::<f64>()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .or_else(|| duration(value))
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "seconds (`0.5`) or a duration (`500ms`), above zero".into())
}

/// `500ms`, `10s`, `10m`, `2h`, `1d`.
fn duration(value: &str) -> Option<Duration> {
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

/// `1048576`, `1024KiB`, `1MiB`, `1MB`.
fn size(value: &str) -> Result<usize, String> {
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
        .ok_or_else(|| "bytes above zero (`1048576`, `64MiB`, `10MB`)".into())
}

fn at_least_one(value: &str) -> Result<usize, String> {
    value
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "a whole number above zero".into())
}

fn compression(value: &str) -> Result<Compression, String> {
    match value {
        "none" => Ok(Compression::None),
        #[cfg(feature = "zlib")]
        "zlib" => Ok(Compression::Zlib),
        #[cfg(not(feature = "zlib"))]
        "zlib" => Err("`none`; `zlib` needs the cargo feature `zlib`".into()),
        _ => Err("`none` or `zlib`".into()),
    }
}

fn key_hash(value: &str) -> Result<KeyHash, String> {
    match value {
        "md5" => Ok(KeyHash::Md5),
        #[cfg(feature = "blake3")]
        "blake3" => Ok(KeyHash::Blake3),
        #[cfg(not(feature = "blake3"))]
        "blake3" => Err("`md5`; `blake3` needs the cargo feature `blake3`".into()),
        _ => Err("`md5` or `blake3`".into()),
    }
}
