//! Whether a result is kept and for how long: the attribute's closures, and what the body decided.

use std::time::Duration;

use crate::context::Decisions;
use crate::timeout::Timeout;

/// What the attribute's closures decide about a value.
pub trait Policy<V> {
    /// Whether it contains no closure.
    const IS_PLAIN: bool = false;

    /// `timeout = |v| …`
    fn timeout(&self, _: &V) -> Option<Timeout> {
        None
    }
    /// `when = |v| …`
    fn when(&self, _: &V) -> bool {
        true
    }
    /// `tags(…)`
    fn tags(&self, _: &V, _: &mut Vec<String>) {}
}

/// No closures at all.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl<V> Policy<V> for Plain {
    const IS_PLAIN: bool = true;
}

/// `when = |v| …` in front of another policy.
#[derive(Debug, Clone, Copy)]
pub struct When<F, P>(pub(crate) F, pub(crate) P);

impl<V, F: Fn(&V) -> bool, P: Policy<V>> Policy<V> for When<F, P> {
    fn timeout(&self, value: &V) -> Option<Timeout> {
        self.1.timeout(value)
    }
    fn when(&self, value: &V) -> bool {
        (self.0)(value) && self.1.when(value)
    }
    fn tags(&self, value: &V, tags: &mut Vec<String>) {
        self.1.tags(value, tags);
    }
}

/// `timeout = |v| …` in front of another policy.
#[derive(Debug, Clone, Copy)]
pub struct TimeoutOf<F, P>(pub(crate) F, pub(crate) P);

impl<V, T: Into<Timeout>, F: Fn(&V) -> T, P: Policy<V>> Policy<V> for TimeoutOf<F, P> {
    fn timeout(&self, value: &V) -> Option<Timeout> {
        Some((self.0)(value).into())
    }
    fn when(&self, value: &V) -> bool {
        self.1.when(value)
    }
    fn tags(&self, value: &V, tags: &mut Vec<String>) {
        self.1.tags(value, tags);
    }
}

/// `tags(…)` in front of another policy.
#[derive(Debug, Clone, Copy)]
pub struct Tags<F, P>(pub(crate) F, pub(crate) P);

impl<V, I, F, P> Policy<V> for Tags<F, P>
where
    I: IntoIterator<Item = String>,
    F: Fn(&V) -> I,
    P: Policy<V>,
{
    fn timeout(&self, value: &V) -> Option<Timeout> {
        self.1.timeout(value)
    }
    fn when(&self, value: &V) -> bool {
        self.1.when(value)
    }
    fn tags(&self, value: &V, tags: &mut Vec<String>) {
        tags.extend((self.0)(value));
        self.1.tags(value, tags);
    }
}

/// How long the function may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// After this long, an old value is served if there is one.
    pub(crate) soft: Option<Duration>,
    /// After this long, the call gives up.
    pub(crate) hard: Option<Duration>,
}

impl Limits {
    pub(crate) const NONE: Limits = Limits {
        soft: None,
        hard: None,
    };
}

/// The timeouts that are set outside the code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    /// The cache's own.
    pub(crate) of_cache: Timeout,
    /// The operator's, which overrides the code.
    pub(crate) overridden: Option<Timeout>,
}

impl Defaults {
    /// Returns the timeout in force if the code says `of_value` once it has seen the value, and `of_all`
    /// otherwise.
    pub(crate) fn rule(self, of_value: Timeout, of_all: Timeout, is_none: bool) -> Timeout {
        let timeout = of_value.or(of_all).or(self.of_cache);
        match self.overridden.map(|other| other.or(self.of_cache)) {
            None => timeout,
            // An expired token, half a list: which values must not be kept, only the code knows.
            Some(_) if of_value.life().is_none() => timeout,
            // What is missing must not be reported missing for longer.
            Some(other) if is_none => timeout.shorter(other),
            Some(other) => other,
        }
    }
}

/// The timeouts that do not depend on the value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) timeout: Timeout,
    pub(crate) none: Timeout,
    pub(crate) jitter: f64,
}

impl Times {
    /// Returns how long `value` lives; `None` if it is not kept. An override at run time comes first, then
    /// the body's decision, the closure's, the attribute's and the cache's.
    pub(crate) fn decide<V>(
        &self,
        value: &V,
        is_none: bool,
        policy: &impl Policy<V>,
        decisions: &Decisions,
        default: Defaults,
    ) -> Option<Timeout> {
        if decisions.skip {
            return None;
        }
        // A kept `None` bypasses the closures.
        let of_value = if is_none {
            Some(self.none).filter(|none| *none != Timeout::Default)
        } else if policy.when(value) {
            policy.timeout(value)
        } else {
            return None;
        };
        let of_value = decisions.timeout.or(of_value).unwrap_or_default();
        let timeout = default
            .rule(of_value, self.timeout, is_none)
            .jittered(self.jitter);
        timeout.life().is_some().then_some(timeout)
    }
}
