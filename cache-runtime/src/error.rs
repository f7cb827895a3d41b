//! The one error type: what went wrong, in which operation, on which key, and whether it is worth a retry.

use std::error::Error as StdError;
use std::fmt;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A URL, an option or a builder setting is wrong. Not retryable.
    Config,
    /// No cache has this alias.
    UnknownCache,
    /// The store cannot be reached, or its connection broke.
    Unavailable,
    /// The store did not answer within the time limit.
    Timeout,
    /// The breaker is open: the store failed before and is not being asked for now.
    BreakerOpen,
    /// The store answered with an error.
    Store,
    /// The value cannot be encoded in the cache's format.
    Encode,
    /// What is stored is not a value of this type and format.
    Decode,
    /// The value is larger than `max_value_size`.
    TooLarge,
    /// The key is missing (`incr`, `incr_version`).
    NotFound,
    /// The key cannot be made or used: its arguments cannot be serialized, or it is not valid text.
    Key,
    /// Two functions claim the same key in one cache.
    Collision,
    /// The store or the format cannot do this.
    Unsupported,
    /// The function took longer than its hard time limit.
    FunctionTimeout,
    /// The function is switched off at run time, and runs uncached.
    SwitchedOff,
}

/// An error of a cache: kind, operation, key and source.
#[derive(Clone)]
pub struct CacheError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    key: Option<String>,
    detail: String,
    source: Option<std::sync::Arc<dyn StdError + Send + Sync>>,
    is_partial: bool,
}

impl CacheError {
    /// Returns an error of `kind` with a message: a lowercase fragment without a full stop.
    ///
    /// For implementors of [`Store`](crate::Store).
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: "",
            key: None,
            detail: detail.into(),
            source: None,
            is_partial: false,
        }))
    }

    /// Returns the same error, caused by `source`. A source whose text is already in the message is left out of
    /// the chain of [`source`](std::error::Error::source), which would otherwise say it twice.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(std::sync::Arc::new(source));
        self
    }

    /// Returns the same error, met in `operation` (an operation already set stays).
    #[must_use]
    pub fn in_operation(mut self, operation: &'static str) -> Self {
        if self.0.operation.is_empty() {
            self.0.operation = operation;
        }
        self
    }

    /// Returns the same error, about `key` (a key already set stays).
    #[must_use]
    pub fn on_key(mut self, key: &str) -> Self {
        if self.0.key.is_none() {
            self.0.key = Some(key.to_owned());
        }
        self
    }

    /// Returns the same error without its key: for logs and texts where a key is a secret, like that of a
    /// session.
    #[doc(hidden)]
    #[must_use]
    pub fn without_key(mut self) -> Self {
        self.0.key = None;
        self
    }

    /// Returns the same error with another message.
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "not every store has more to say")
    )]
    pub(crate) fn reworded(mut self, words: impl FnOnce(String) -> String) -> Self {
        self.0.detail = words(std::mem::take(&mut self.0.detail));
        self
    }

    /// Returns the same error as that of one part of the store, while the other parts go on.
    ///
    /// For implementors of [`Store`](crate::Store) over several servers that fail one by one: such an
    /// error does not count as a failure of the store, which would otherwise be left alone as a whole. It
    /// is up to the store to leave that part alone.
    #[must_use]
    pub fn partial(mut self) -> Self {
        self.0.is_partial = true;
        self
    }

    /// Returns what kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the operation that failed (`get`, `set`, `from_url`, …); empty if there is none.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.0.operation
    }

    /// Returns the key that it was about, if any.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Returns whether the same call may succeed later with nothing changed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Unavailable
                | ErrorKind::Timeout
                | ErrorKind::BreakerOpen
                | ErrorKind::FunctionTimeout
        )
    }

    /// Returns whether only a part of the store is affected.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.0.is_partial
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if !inner.operation.is_empty() {
            write!(f, "{}", inner.operation)?;
            if let Some(key) = &inner.key {
                write!(f, " {:?}", shown(key))?;
            }
            f.write_str(": ")?;
        } else if let Some(key) = &inner.key {
            write!(f, "{:?}: ", shown(key))?;
        }
        f.write_str(&inner.detail)
    }
}

/// Returns the key, or the start of a very long one.
fn shown(key: &str) -> std::borrow::Cow<'_, str> {
    const MOST: usize = 250;
    match key.char_indices().nth(MOST) {
        None => key.into(),
        Some((at, _)) => format!("{}…", &key[..at]).into(),
    }
}

/// Returns the first source that says more than `text`. A chain printed in full, as `{:#}` of `anyhow` does,
/// would say the rest twice.
fn said_beside<'s>(
    text: &str,
    source: &'s (dyn StdError + 'static),
) -> Option<&'s (dyn StdError + 'static)> {
    let mut next = Some(source);
    while let Some(source) = next.filter(|source| text.contains(&source.to_string())) {
        next = source.source();
    }
    next
}

impl fmt::Debug for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("CacheError")
            .field("kind", &inner.kind)
            .field("operation", &inner.operation)
            .field("key", &inner.key)
            .field("detail", &inner.detail)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for CacheError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|s| &**s as &(dyn StdError + 'static))
            .and_then(|source| said_beside(&self.0.detail, source))
    }
}
