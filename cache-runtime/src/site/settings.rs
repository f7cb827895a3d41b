//! The settings of the attribute that are the same for every call: one step of a `const` expression for
//! each.

use std::time::Duration;

use super::Site;
use crate::life::Ahead;
use crate::timeout::Timeout;

impl Site {
    /// `key_prefix = …`
    #[must_use]
    pub const fn key_prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = Some(prefix);
        self
    }

    /// `timeout = …`, if it is known at compile time.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = if timeout.is_zero() {
            Timeout::Expired
        } else {
            Timeout::After(timeout)
        };
        self
    }

    /// `timeout = never`
    #[must_use]
    pub const fn timeout_never(mut self) -> Self {
        self.timeout = Timeout::Never;
        self
    }

    /// `cache = "alias"`
    #[must_use]
    pub const fn cache(mut self, alias: &'static str) -> Self {
        self.alias = alias;
        self
    }

    /// `cache_none = …`
    #[must_use]
    pub const fn cache_none_for(mut self, timeout: Duration) -> Self {
        self.none_timeout = if timeout.is_zero() {
            Timeout::Expired
        } else {
            Timeout::After(timeout)
        };
        self
    }

    /// `cache_none = never`
    #[must_use]
    pub const fn cache_none_never(mut self) -> Self {
        self.none_timeout = Timeout::Never;
        self
    }

    /// `jitter = …`
    #[must_use]
    pub const fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// `wait = …`
    #[must_use]
    pub const fn wait(mut self, limit: Duration) -> Self {
        self.wait = limit;
        self
    }

    /// `stale = …`
    #[must_use]
    pub const fn stale(mut self, time: Duration) -> Self {
        self.care.stale = time;
        self.is_careful = true;
        self
    }

    /// `refresh_ahead = …`
    #[must_use]
    pub const fn refresh_ahead(mut self, share: f64) -> Self {
        self.care.ahead = Ahead::Share(share);
        self.is_careful = true;
        self
    }

    /// `early = …`
    #[must_use]
    pub const fn early(mut self, beta: f64) -> Self {
        self.care.ahead = Ahead::Chance { beta };
        self.is_careful = true;
        self
    }

    /// `soft_timeout = …`
    #[must_use]
    pub const fn soft_timeout(mut self, limit: Duration) -> Self {
        self.limits.soft = Some(limit);
        self
    }

    /// `hard_timeout = …`
    #[must_use]
    pub const fn hard_timeout(mut self, limit: Duration) -> Self {
        self.limits.hard = Some(limit);
        self
    }

    /// `lock`
    #[must_use]
    pub const fn lock(self) -> Self {
        self.lock_for(Duration::from_secs(30))
    }

    /// `lock = …`
    #[must_use]
    pub const fn lock_for(mut self, life: Duration) -> Self {
        self.lock = Some(life);
        self
    }

    /// `tags(…)`
    #[must_use]
    pub const fn tagged(mut self) -> Self {
        self.is_tagged = true;
        self
    }

    /// `strict`
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// `local`
    #[must_use]
    pub const fn local(mut self) -> Self {
        self.is_local = true;
        self
    }
}
