//! The table's name: checked when it is set, quoted wherever it is written.

use crate::error::{CacheError, ErrorKind};

/// `table`, or `schema.table`.
#[derive(Debug)]
pub(super) struct Table {
    schema: Option<String>,
    name: String,
}

/// PostgreSQL's limit, in bytes; the others allow a little more.
const LONGEST: usize = 63;

impl Table {
    /// Parses a name, which is rejected if any of the databases would not take it literally.
    pub(super) fn new(text: &str) -> Result<Self, CacheError> {
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, text),
        };
        if is_name(name) && schema.is_none_or(is_name) {
            return Ok(Self {
                schema: schema.map(str::to_owned),
                name: name.to_owned(),
            });
        }
        Err(CacheError::new(
            ErrorKind::Config,
            format!(
                "{text:?} cannot be a table: a name has 1 to {LONGEST} bytes, letters, digits, `_`, \
                 `-`, `$` and spaces within, and one dot after a schema"
            ),
        ))
    }

    /// Returns it as written in a statement.
    pub(super) fn quoted(&self, quote: char) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(schema, quote), quoted(&self.name, quote)),
            None => quoted(&self.name, quote),
        }
    }

    /// Returns the name without the schema.
    #[cfg(feature = "mysql")]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name of the schema, if there is one.
    #[cfg(feature = "mysql")]
    pub(super) fn schema_name(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns the quoted name without its schema, as the databases want it in some places.
    #[cfg(feature = "sqlite")]
    pub(super) fn bare(&self, quote: char) -> String {
        quoted(&self.name, quote)
    }

    /// Returns the name of the index on the expiry times; the schema is the table's.
    pub(super) fn index(&self, quote: char) -> String {
        const SUFFIX: &str = "_expires";
        let mut name = self.name.clone();
        if name.len() + SUFFIX.len() > LONGEST {
            // Truncated, it might be the index of another table: so a hash is part of it.
            let hash = hash(&name);
            while name.len() > LONGEST - SUFFIX.len() - 17 {
                name.pop();
            }
            name.push_str(&format!("_{hash:016x}"));
        }
        quoted(&format!("{name}{SUFFIX}"), quote)
    }

    /// Returns the schema to precede a name, with its dot.
    #[cfg(feature = "sqlite")]
    pub(super) fn schema(&self, quote: char) -> String {
        let schema = self.schema.as_ref();
        schema.map_or(String::new(), |schema| {
            format!("{}.", quoted(schema, quote))
        })
    }
}

/// FNV-1a, which every process and every version of this library must agree on.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && name.trim() == name
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | ' '))
}

fn quoted(name: &str, quote: char) -> String {
    format!("{quote}{name}{quote}")
}

#[cfg(test)]
mod tests {
    use super::{Table, hash};

    #[test]
    fn names_are_quoted() {
        for (text, quoted) in [
            ("cache", "\"cache\""),
            ("my cache table", "\"my cache table\""),
            ("app.cache-2", "\"app\".\"cache-2\""),
            ("Größe_$1", "\"Größe_$1\""),
        ] {
            assert_eq!(Table::new(text).unwrap().quoted('"'), quoted);
        }
    }

    #[test]
    fn what_would_end_the_quotes_is_refused() {
        let long = "x".repeat(64);
        for text in [
            "", " ", "a ", " a", ".a", "a.", "a.b.c", "a\"b", "a`b", "a'b", "a;b", "a\0b", "a\nb",
            "a\\b", "a)b", &long,
        ] {
            let error = Table::new(text).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config, "{text}");
        }
    }

    #[test]
    fn a_hash_is_the_same_in_every_version() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_index_of_a_long_name_is_its_own() {
        let index = |text: &str| Table::new(text).unwrap().index('`');
        assert_eq!(index("cache"), "`cache_expires`");
        assert_eq!(index("app.cache"), "`cache_expires`");
        let (one, two) = ("ä".repeat(31), format!("{}x", "ä".repeat(31)));
        assert_ne!(index(&one), index(&two));
        for name in [&one, &two] {
            assert!(index(name).len() <= 63 + 2, "{}", index(name));
        }
    }
}
