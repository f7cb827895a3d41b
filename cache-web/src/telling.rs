//! What a trace is told of pages, fragments and sessions, for the panel and for `Server-Timing`.

use std::borrow::Cow;
use std::time::Instant;

use cache_runtime::{Kind, Outcome, TraceEvent, is_traced, note};

/// A look-up that is on its way.
pub(crate) struct Telling(Option<Begun>);

struct Begun {
    at: Instant,
    kind: Kind,
    name: Cow<'static, str>,
    alias: Option<String>,
}

impl Telling {
    /// It begins. Where nobody listens, that is all.
    pub(crate) fn begin(kind: Kind, name: impl FnOnce() -> Cow<'static, str>) -> Self {
        Self(is_traced().then(|| Begun {
            at: Instant::now(),
            kind,
            name: name(),
            alias: None,
        }))
    }

    /// It is kept in the cache of this alias, if it is one of an alias.
    pub(crate) fn kept_in(mut self, alias: impl FnOnce() -> Option<String>) -> Self {
        if let Some(begun) = &mut self.0 {
            begun.alias = alias();
        }
        self
    }

    /// It has ended like this; `key` is where it stands, if that may be seen.
    pub(crate) fn end(self, outcome: Outcome, key: impl FnOnce() -> Option<String>) {
        let Some(begun) = self.0 else {
            return;
        };
        note(|| {
            let event = TraceEvent::new(begun.kind, begun.name, outcome).took(begun.at.elapsed());
            let event = match begun.alias {
                Some(alias) => event.cache(alias),
                None => event,
            };
            match key() {
                Some(key) => event.key(key),
                None => event,
            }
        });
    }
}
