//! What pages, fragments and sessions report to a trace, for the panel and for `Server-Timing`.

use std::borrow::Cow;
use std::time::Instant;

use cache_runtime::{Kind, Outcome, TraceEvent, is_traced, note};

/// A look-up under way.
pub(crate) struct Telling(Option<Begun>);

struct Begun {
    at: Instant,
    kind: Kind,
    name: Cow<'static, str>,
    alias: Option<String>,
}

impl Telling {
    /// Begins a look-up. If nothing is traced, that is all.
    pub(crate) fn begin(kind: Kind, name: impl FnOnce() -> Cow<'static, str>) -> Self {
        Self(is_traced().then(|| Begun {
            at: Instant::now(),
            kind,
            name: name(),
            alias: None,
        }))
    }

    /// Notes the alias of the cache that keeps it, if that has one.
    pub(crate) fn kept_in(mut self, alias: impl FnOnce() -> Option<String>) -> Self {
        if let Some(begun) = &mut self.0 {
            begun.alias = alias();
        }
        self
    }

    /// Ends it with this outcome; `key` is where it is kept, if that may be shown.
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
