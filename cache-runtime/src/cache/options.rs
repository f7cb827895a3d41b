//! The options that every URL takes: one row each, with how its value is parsed.

use std::sync::Arc;

use crate::cache::settings::Settings;
use crate::codec::{Compression, Format, Signer};
use crate::error::CacheError;
use crate::key::KeyHash;
use crate::stores::{
    Scheme, duration_with_unit, read_duration, read_number, read_size, with_option, wrong,
};
use crate::timeout::Timeout;
use crate::tools::suggest::did_you_mean;
use crate::url::bad;

type Set = fn(&mut Settings, &str) -> Result<(), Refusal>;

/// Why a value is refused.
enum Refusal {
    /// What it must be.
    Wanted(String),
    /// The whole error: the value itself is not shown.
    Said(CacheError),
}

impl From<String> for Refusal {
    fn from(wanted: String) -> Self {
        Self::Wanted(wanted)
    }
}

impl From<CacheError> for Refusal {
    fn from(error: CacheError) -> Self {
        Self::Said(error)
    }
}

const OPTIONS: &[(&str, Set)] = &[
    ("key_prefix", |settings, value| {
        settings.key_prefix = value.to_owned();
        Ok(())
    }),
    ("version", |settings, value| {
        settings.version = value
            .parse()
            .map_err(|_| "it must be an integer".to_owned())?;
        Ok(())
    }),
    ("timeout", |settings, value| {
        settings.timeout = timeout(value)?;
        Ok(())
    }),
    ("format", |settings, value| {
        settings.format = choose(FORMATS, value)?;
        Ok(())
    }),
    ("compress", |settings, value| {
        settings.compression = choose(COMPRESSIONS, value)?;
        Ok(())
    }),
    ("sign_with", |settings, value| {
        settings.signer = Some(Arc::new(Signer::from_env(value)?));
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
    ("local_max", |settings, value| {
        settings.local_max = Some(read_number(value)?);
        Ok(())
    }),
    ("local_timeout", |settings, value| {
        settings.local_timeout = Some(read_duration(value)?);
        Ok(())
    }),
    ("cull_frequency", |settings, value| {
        let number = value
            .parse()
            .map_err(|_| "it must be a whole number; 0 for all".to_owned());
        settings.cull_frequency = Some(number?);
        Ok(())
    }),
    ("key_hash", |settings, value| {
        settings.key_hash = choose(KEY_HASHES, value)?;
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
        return Err(unknown(name, scheme, store));
    };
    set(settings, value).map_err(|refusal| match refusal {
        Refusal::Wanted(wanted) => wrong(name, value, &wanted),
        Refusal::Said(error) => error.in_operation("from_url"),
    })
}

/// What other libraries call these options.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["ttl", "expire", "expires", "default_timeout"], "timeout"),
    (&["prefix", "namespace"], "key_prefix"),
    (&["serializer", "codec", "encoding"], "format"),
    (&["compressor", "compression"], "compress"),
    (&["max_size", "capacity", "maxsize", "size"], "max_entries"),
    (&["max_memory", "maxmemory"], "max_bytes"),
    (
        &["socket_timeout", "read_timeout", "command_timeout"],
        "op_timeout",
    ),
    (
        &["socket_connect_timeout", "dial_timeout"],
        "connect_timeout",
    ),
    (&["pool_size", "max_pool_size"], "max_connections"),
    (&["database"], "db"),
    (&["secret", "secret_key", "signing_key"], "sign_with"),
];

fn unknown(name: &str, scheme: &str, store: &Scheme) -> CacheError {
    let general = || OPTIONS.iter().map(|(known, _)| *known);
    let own = || store.options.iter().copied();
    let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.contains(&name));
    let word = elsewhere.map_or(name, |(_, ours)| ours);
    let others = with_option(name);
    let hint = if matches!(name, "user" | "username" | "password") {
        format!("a login stands before the host, {scheme}://user:password@host; ")
    } else if others.is_empty() {
        did_you_mean(word, general().chain(own()), str::to_owned)
    } else {
        let others: Vec<String> = others.iter().map(|name| format!("{name}://")).collect();
        format!("it is an option of {}; ", others.join(", "))
    };
    let mut known = general().collect::<Vec<_>>().join(", ");
    if !store.options.is_empty() {
        let own = store.options.join(", ");
        known.push_str(&format!("; for {scheme}:// also {own}"));
    }
    bad(format!(
        "unknown option `{name}` for {scheme}://: {hint}there is {known}"
    ))
}

/// Parses a timeout as people write it; if it is not one, the error says what is expected.
pub(crate) fn timeout(value: &str) -> Result<Timeout, String> {
    if value == "never" {
        return Ok(Timeout::Never);
    }
    match value.parse::<f64>() {
        Ok(seconds) if !seconds.is_nan() => Ok(Timeout::from(seconds)),
        _ => duration_with_unit(value)
            .map(Timeout::from)
            .ok_or_else(|| "it must be seconds (`600`), a duration (`10m`) or `never`".into()),
    }
}

/// The names that a value may be, and what each means; `None` if its cargo feature, which has the
/// same name, is off.
type Choices<T> = [(&'static str, Option<T>)];

const FORMATS: &Choices<Format> = &[
    ("native", Some(Format::Native)),
    #[cfg(feature = "compact")]
    ("compact", Some(Format::Compact)),
    #[cfg(not(feature = "compact"))]
    ("compact", None),
    ("json", Some(Format::Json)),
    ("django", Some(Format::Django)),
];

const COMPRESSIONS: &Choices<Compression> = &[
    ("none", Some(Compression::None)),
    #[cfg(feature = "zlib")]
    ("zlib", Some(Compression::Zlib)),
    #[cfg(not(feature = "zlib"))]
    ("zlib", None),
    #[cfg(feature = "zstd")]
    ("zstd", Some(Compression::Zstd)),
    #[cfg(not(feature = "zstd"))]
    ("zstd", None),
    #[cfg(feature = "lz4")]
    ("lz4", Some(Compression::Lz4)),
    #[cfg(not(feature = "lz4"))]
    ("lz4", None),
];

const KEY_HASHES: &Choices<KeyHash> = &[
    ("md5", Some(KeyHash::Md5)),
    #[cfg(feature = "blake3")]
    ("blake3", Some(KeyHash::Blake3)),
    #[cfg(not(feature = "blake3"))]
    ("blake3", None),
];

fn choose<T: Copy>(choices: &Choices<T>, value: &str) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == value);
    if let Some((_, Some(chosen))) = found {
        return Ok(*chosen);
    }
    let is_off = found.is_some();
    let allowed = choices
        .iter()
        .filter(|(_, chosen)| chosen.is_some() || !is_off);
    let allowed: Vec<String> = allowed.map(|(name, _)| format!("`{name}`")).collect();
    let names = choices.iter().map(|(name, _)| *name);
    let hint = match is_off {
        true => String::new(),
        false => did_you_mean(value, names, str::to_owned),
    };
    let mut wanted = match allowed.split_last() {
        Some((last, [])) => format!("{hint}it must be {last}"),
        Some((last, first)) => format!("{hint}it must be {} or {last}", first.join(", ")),
        None => String::new(),
    };
    if is_off {
        wanted.push_str(&format!(
            "; `{value}` needs the cargo feature `{value}` of cache-runtime"
        ));
    }
    Err(wanted)
}

#[cfg(test)]
mod tests {
    use super::{COMPRESSIONS, Choices, FORMATS, choose};

    #[test]
    fn what_is_off_says_which_feature_to_switch_on() {
        let choices: &Choices<u8> = &[("none", Some(1)), ("zlib", Some(2)), ("lz4", None)];
        assert_eq!(choose(choices, "zlib"), Ok(2));
        assert_eq!(
            choose(choices, "lz4").unwrap_err(),
            "it must be `none` or `zlib`; `lz4` needs the cargo feature `lz4` of cache-runtime"
        );
        assert_eq!(
            choose(choices, "rar").unwrap_err(),
            "it must be `none`, `zlib` or `lz4`"
        );
        assert_eq!(
            choose(choices, "ZLib").unwrap_err(),
            "did you mean `zlib`? it must be `none`, `zlib` or `lz4`"
        );
        let alone: &Choices<u8> = &[("none", Some(1)), ("zlib", None)];
        assert_eq!(
            choose(alone, "zlib").unwrap_err(),
            "it must be `none`; `zlib` needs the cargo feature `zlib` of cache-runtime"
        );
    }

    #[test]
    fn every_name_is_the_name_of_its_feature() {
        let is_off = |error: String, name: &str| {
            assert!(error.contains(&format!("`{name}` needs the cargo feature `{name}`")));
        };
        for (name, on) in [
            ("zlib", cfg!(feature = "zlib")),
            ("zstd", cfg!(feature = "zstd")),
            ("lz4", cfg!(feature = "lz4")),
        ] {
            match choose(COMPRESSIONS, name) {
                Ok(found) => assert!(on && format!("{found:?}").eq_ignore_ascii_case(name)),
                Err(error) => is_off(error, name),
            }
        }
        match choose(FORMATS, "compact") {
            Ok(found) => assert!(found.is_own()),
            Err(error) => is_off(error, "compact"),
        }
    }
}
