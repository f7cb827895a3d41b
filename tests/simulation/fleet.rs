//! What is simulated: how many nodes there are, how much they read, and what the function asks for.

use std::time::Duration;

use crate::life::{Ahead, Care};

/// Microseconds since the beginning.
pub(crate) type Micros = u64;

pub(crate) const SECOND: Micros = 1_000_000;

/// The nodes and what is between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fleet {
    pub(crate) nodes: usize,
    /// Reads of the key, each second on each node.
    pub(crate) rate: f64,
    /// What the function takes, however many run it at once.
    pub(crate) cost: Micros,
    /// To the store and back.
    pub(crate) round_trip: Micros,
    /// From telling to hearing.
    pub(crate) news: Micros,
}

impl Fleet {
    /// A thousand nodes; 200 ms, 0.5 ms and 1 ms.
    pub(crate) fn reading(rate: f64) -> Self {
        Self {
            nodes: 1000,
            rate,
            cost: SECOND / 5,
            round_trip: 500,
            news: 1000,
        }
    }
}

/// What the function and its cache ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ways {
    pub(crate) timeout: Duration,
    pub(crate) jitter: f64,
    pub(crate) care: Care,
    pub(crate) soft: Option<Duration>,
    pub(crate) lock: bool,
    /// How long a copy lives, if there is an in-process level.
    pub(crate) local_timeout: Option<Duration>,
    /// Whether what others change is heard.
    pub(crate) has_news: bool,
    /// Whether of the callers of one node one runs the function.
    pub(crate) is_single: bool,
    /// With what `docs/design/thousand-nodes.md` says could be better.
    pub(crate) is_proposed: bool,
}

impl Ways {
    /// `timeout = 60`, before the shared store an in-process level as it is by default.
    pub(crate) const PLAIN: Ways = Ways {
        timeout: Duration::from_secs(60),
        jitter: 0.0,
        care: Care::NONE,
        soft: None,
        lock: false,
        local_timeout: Some(Duration::from_secs(30)),
        has_news: true,
        is_single: true,
        is_proposed: false,
    };

    pub(crate) fn jitter(self) -> Self {
        Self {
            jitter: 0.1,
            ..self
        }
    }

    pub(crate) fn lock(self) -> Self {
        Self { lock: true, ..self }
    }

    /// `early = 1.0`
    pub(crate) fn early(self) -> Self {
        self.ahead(Ahead::Chance { beta: 1.0 })
    }

    /// `refresh_ahead = 0.8`
    pub(crate) fn refresh_ahead(self) -> Self {
        self.ahead(Ahead::Share(0.8))
    }

    fn ahead(self, ahead: Ahead) -> Self {
        let care = Care { ahead, ..self.care };
        Self { care, ..self }
    }

    /// `stale = 60`
    pub(crate) fn stale(self) -> Self {
        let stale = Duration::from_secs(60);
        let care = Care { stale, ..self.care };
        Self { care, ..self }
    }

    /// `stale = 60, soft_timeout = 0`: nobody waits.
    pub(crate) fn behind(self) -> Self {
        let soft = Some(Duration::ZERO);
        Self {
            soft,
            ..self.stale()
        }
    }

    /// No in-process level before the store.
    pub(crate) fn far(self) -> Self {
        let local_timeout = None;
        Self {
            local_timeout,
            ..self
        }
    }

    /// The store carries no news, so that copies live a second.
    pub(crate) fn deaf(self) -> Self {
        Self {
            local_timeout: Some(Duration::from_secs(1)),
            has_news: false,
            ..self
        }
    }

    /// Every caller for himself.
    pub(crate) fn everyone(self) -> Self {
        let is_single = false;
        Self { is_single, ..self }
    }

    pub(crate) fn proposed(self) -> Self {
        let is_proposed = true;
        Self {
            is_proposed,
            ..self
        }
    }

    /// Whether the function may run behind its caller, as the attribute arranges it.
    pub(crate) fn is_detachable(&self) -> bool {
        self.soft.is_some() || matches!(self.care.ahead, Ahead::Share(_))
    }
}
