//! The options that every URL takes: one row each, with how its value is read.

use crate::codec::{Compression, Format};
use crate::error::CacheError;
use crate::key::KeyHash;
use crate::settings::Settings;
use crate::stores::{Scheme, duration_with_unit, read_duration, read_number, read_size, wrong};
use crate::timeout::Timeout;
use crate::url::bad;

type Set = fn(&mut Settings, &str) -> Result<(), String>;

const OPTIONS: &[(&str, Set)] = &[
    ("key_prefix", |settings, value| {
        settings.key_prefix = value.to_owned();
        Ok(())
    }),
    ("version", |settings, value| {
        settings.version = value.parse().map_err(|_| "an integer".to_owned())?;
        Ok(())
    }),
    ("timeout", |settings, value| {
        settings.timeout = timeout(value)?;
        Ok(())
    }),
    ("format", |settings, value| {
        settings.format = match value {
            "native" => Format::Native,
            "json" => Format::Json,
            "django" => Format::Django,
            _ => return Err("`native`, `json` or `django`".into()),
        };
        Ok(())
    }),
    ("compress", |settings, value| {
        settings.compression = compression(value)?;
        Ok(())
    }),
    ("max_value_size", |settings, value| {
        settings.max_value_size = read_size(value)?;
        Ok(())
    }),
    ("max_entries", |settings, value| {
        settings.max_entries = read_number(value)?;
        Ok(())
    }),
    ("max_bytes", |settings, value| {
        settings.max_bytes = Some(read_size(value)?);
        Ok(())
    }),
    ("key_hash", |settings, value| {
        settings.key_hash = key_hash(value)?;
        Ok(())
    }),
    ("connect_timeout", |settings, value| {
        settings.connect_timeout = read_duration(value)?;
        Ok(())
    }),
    ("op_timeout", |settings, value| {
        settings.op_timeout = read_duration(value)?;
        Ok(())
    }),
];

/// Sets one option.
pub(super) fn apply(
    settings: &mut Settings,
    name: &str,
    value: &str,
    scheme: &str,
    store: &Scheme,
) -> Result<(), CacheError> {
    let Some((_, set)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = OPTIONS.iter().map(|(known, _)| *known).collect();
        let mut known = known.join(", ");
        if !store.options.is_empty() {
            let own = store.options.join(", ");
            known.push_str(&format!("; for {scheme}:// also {own}"));
        }
        return Err(bad(format!("unknown option `{name}`; there is {known}")));
    };
    set(settings, value).map_err(|wanted| wrong(name, value, &wanted))
}

fn timeout(value: &str) -> Result<Timeout, String> {
    if value == "never" {
        return Ok(Timeout::Never);
    }
    match value.parse::<f64>() {
        Ok(seconds) if !seconds.is_nan() => Ok(Timeout::from(seconds)),
        _ => duration_with_unit(value)
            .map(Timeout::from)
            .ok_or_else(|| "seconds (`600`), a duration (`10m`) or `never`".into()),
    }
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
