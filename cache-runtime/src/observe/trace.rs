//! What traced code asked of caches: one event for each cached call.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The cached calls of one piece of code; see [`trace`](crate::trace).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Trace {
    /// The events, ordered by when their calls began.
    pub events: Vec<TraceEvent>,
    /// How many events there were beyond the trace's limit.
    pub left_out: u64,
    /// How long the whole trace took.
    pub took: Duration,
}

/// One cached call, or one look-up reported with [`note`](crate::note).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TraceEvent {
    /// What was looked up: the name of the function (`list`, `Repo::list`), of the page, of the fragment.
    pub name: Cow<'static, str>,
    /// What kind of thing that is.
    pub kind: Kind,
    /// What came of it.
    pub outcome: Outcome,
    /// When it began, counted from the start of the trace.
    pub began: Duration,
    /// How long the caller waited for it; zero if the function cannot be cached at all.
    pub took: Duration,
    /// How many cached calls of this trace enclose it: 0, unless the body of one made it.
    pub depth: u32,
    /// The alias of the cache that was asked, if known.
    pub cache: Option<Cow<'static, str>>,
    /// The whole key, if the trace asks for keys.
    pub key: Option<String>,
    /// Whether the store failed meanwhile.
    pub store_failed: bool,
}

impl TraceEvent {
    /// Returns an event of code outside this crate, which ends now.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<Cow<'static, str>>, outcome: Outcome) -> Self {
        Self {
            name: name.into(),
            kind,
            outcome,
            began: Duration::ZERO,
            took: Duration::ZERO,
            depth: 0,
            cache: None,
            key: None,
            store_failed: false,
        }
    }

    /// Sets how long it took.
    #[must_use]
    pub fn took(mut self, time: Duration) -> Self {
        self.took = time;
        self
    }

    /// Sets the alias of the cache that was asked.
    #[must_use]
    pub fn cache(mut self, alias: impl Into<Cow<'static, str>>) -> Self {
        self.cache = Some(alias.into());
        self
    }

    /// Sets its whole key, which is left out if the trace does not ask for keys.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// What is cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The result of a function.
    Function,
    /// A whole response.
    Page,
    /// A part of a template.
    Fragment,
    /// A session.
    Session,
    /// Anything else.
    Other,
}

/// What came of a cached call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Outcome {
    /// It has not ended: its future was dropped, or its body panicked.
    Unfinished,
    /// A fresh value was found in this process.
    Hit,
    /// A fresh value was found in the store.
    StoreHit,
    /// Nothing fresh was found, and the body ran.
    Miss,
    /// An old value was served, because a new one could not be had or is being computed in the background.
    Stale,
    /// The call waited for another's execution and took its result.
    Joined,
    /// The body ran and nothing was read or kept: caching is off in this scope, or the function cannot be
    /// cached.
    Uncached,
    /// The body ran to replace what was there.
    Refreshed,
    /// The body ran and its result was an error; or the call gave up with one.
    Failed,
}

impl Outcome {
    const ALL: [Self; 9] = [
        Self::Unfinished,
        Self::Hit,
        Self::StoreHit,
        Self::Miss,
        Self::Stale,
        Self::Joined,
        Self::Uncached,
        Self::Refreshed,
        Self::Failed,
    ];

    pub(super) fn of(number: u8) -> Self {
        Self::ALL
            .get(usize::from(number))
            .copied()
            .unwrap_or(Self::Unfinished)
    }

    /// Returns it in one word, as in `Server-Timing` and in JSON: `hit`, `store_hit`, `miss`, ….
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Hit => "hit",
            Self::StoreHit => "store_hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Joined => "joined",
            Self::Uncached => "uncached",
            Self::Refreshed => "refreshed",
            Self::Failed => "failed",
        }
    }
}

impl Kind {
    /// Returns it in one word: `function`, `page`, `fragment`, `session`, `other`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Page => "page",
            Self::Fragment => "fragment",
            Self::Session => "session",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn an_outcome_comes_back_from_its_number() {
        for (number, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number);
            assert_eq!(Outcome::of(number as u8), outcome);
        }
    }
}
