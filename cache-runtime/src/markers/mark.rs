//! One marker: its time, and how certain that is.

use std::sync::Mutex;
use std::time::Duration;

use crate::clock::{Tick, millis};
use crate::markers::stamp::{Stamp, machine};
use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct Mark {
    /// Its whole key, in the store if there is one.
    pub(crate) key: String,
    /// The tag that it belongs to; other markers are of whole functions and caches.
    tag: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What is older is invalid; `None`: it was never set.
    stamp: Option<Stamp>,
    /// When this process had learned of it, on its own clock.
    arrived: u64,
    /// When it was last read from the store, and how many times the news had been lost by then.
    read: Option<(Tick, u64)>,
    /// Whether it could not be written to the store.
    is_owed: bool,
    /// When it was last changed, or created.
    changed: Tick,
}

impl Mark {
    pub(super) fn new(key: String, tag: Option<&str>, now: Tick) -> Self {
        Self {
            key,
            tag: tag.map(str::to_owned),
            state: Mutex::new(State {
                stamp: None,
                arrived: 0,
                read: None,
                is_owed: false,
                changed: now,
            }),
        }
    }

    /// Returns whether it is that of a tag.
    pub(crate) fn is_tag(&self) -> bool {
        self.tag.is_some()
    }

    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    pub(crate) fn stamp(&self) -> Option<Stamp> {
        lock(&self.state).stamp
    }

    /// Returns whether what began at `started` is invalid.
    ///
    /// Clocks of two machines differ, but what this machine began after it learned of the marker began
    /// after it was set.
    pub(crate) fn ends(&self, started: Stamp) -> bool {
        let state = lock(&self.state);
        let Some(stamp) = state.stamp else {
            return false;
        };
        let mut reach = stamp.reach_for(started.machine);
        if started.machine == machine() && stamp.machine != started.machine {
            reach = reach.min(state.arrived.max(stamp.at));
        }
        started.at <= reach
    }

    /// Sets it to `stamp`, of which this process learned at `arrived`; returns true if that is news.
    pub(crate) fn set(&self, stamp: Stamp, arrived: u64, now: Tick) -> bool {
        let mut state = lock(&self.state);
        if state.stamp.is_some_and(|known| known.at >= stamp.at) {
            return false;
        }
        state.stamp = Some(stamp);
        state.arrived = arrived;
        state.changed = now;
        true
    }

    /// Returns whether what is known of it is enough: it was read since the news was last lost, and the news is
    /// `heard`; or it was read a moment ago.
    pub(crate) fn is_sure(&self, now: Tick, lost: u64, is_heard: bool, max_age: Duration) -> bool {
        lock(&self.state).read.is_some_and(|(at, then)| {
            is_heard && then == lost || now < at.saturating_add(millis(max_age))
        })
    }

    /// Notes that it was read from the store, with this value. Returns true if the store has an older one or none,
    /// and must be given this one again.
    pub(crate) fn was_read(&self, there: Option<Stamp>, now: Tick, lost: u64) -> bool {
        let mut state = lock(&self.state);
        state.read = Some((now, lost));
        state
            .stamp
            .is_some_and(|known| there.is_none_or(|there| there.at < known.at))
    }

    /// Returns whether it has been read before; if so, it is not read again at once.
    pub(crate) fn was_asked_for(&self, now: Tick) -> bool {
        let mut state = lock(&self.state);
        if let Some((at, _)) = &mut state.read {
            *at = now;
        }
        state.read.is_some()
    }

    pub(crate) fn owe(&self, is_owed: bool) {
        lock(&self.state).is_owed = is_owed;
    }

    pub(crate) fn is_owed(&self) -> bool {
        lock(&self.state).is_owed
    }

    /// Returns whether it can be dropped: it says nothing, or said it long ago.
    pub(super) fn may_go(&self, now: Tick, remembered: Duration) -> bool {
        let state = lock(&self.state);
        let is_old = now > state.changed.saturating_add(millis(remembered));
        !state.is_owed && (is_old || state.stamp.is_none())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Mark;
    use crate::markers::stamp::{Stamp, machine};

    const SECOND: u64 = 1_000_000;

    fn stamp(at: u64, machine: u32) -> Stamp {
        Stamp { at, machine }
    }

    #[test]
    fn what_began_before_is_dead() {
        let (here, there) = (machine(), machine() ^ 1);
        let mark = Mark::new("m".into(), None, 0);
        assert!(!mark.ends(stamp(0, here)), "it was never set");
        assert!(mark.set(stamp(10 * SECOND, here), 10 * SECOND, 0));
        assert!(!mark.set(stamp(9 * SECOND, here), 11 * SECOND, 0), "older");
        assert!(mark.ends(stamp(10 * SECOND, here)));
        assert!(!mark.ends(stamp(10 * SECOND + 1, here)));
        // Another machine's clock may be ahead by a second.
        assert!(mark.ends(stamp(11 * SECOND, there)));
        assert!(!mark.ends(stamp(11 * SECOND + 1, there)));
    }

    #[test]
    fn what_began_here_after_it_was_heard_of_is_alive() {
        let (here, there) = (machine(), machine() ^ 1);
        let mark = Mark::new("m".into(), None, 0);
        mark.set(stamp(10 * SECOND, there), 10 * SECOND + 200, 0);
        assert!(mark.ends(stamp(10 * SECOND + 200, here)));
        assert!(!mark.ends(stamp(10 * SECOND + 201, here)));
        // Their clock is behind ours, or we heard of it late.
        let late = Mark::new("m".into(), None, 0);
        late.set(stamp(10 * SECOND, there), 100 * SECOND, 0);
        assert!(late.ends(stamp(11 * SECOND, here)));
        assert!(!late.ends(stamp(11 * SECOND + 1, here)));
    }

    #[test]
    fn what_is_known_is_sure_as_long_as_the_news_is_heard() {
        let age = Duration::from_secs(1);
        let mark = Mark::new("m".into(), None, 0);
        assert!(!mark.is_sure(0, 0, true, age), "it was never read");
        assert!(!mark.was_read(None, 100, 3));
        assert!(mark.is_sure(1_000_000, 3, true, age));
        assert!(!mark.is_sure(1_000_000, 4, true, age), "the news was lost");
        assert!(!mark.is_sure(1_100, 3, false, age));
        assert!(mark.is_sure(1_099, 3, false, age));
        mark.set(stamp(5, 0), 5, 0);
        assert!(mark.was_read(None, 200, 4), "the store has forgotten it");
        assert!(mark.was_read(Some(stamp(4, 0)), 200, 4));
        assert!(!mark.was_read(Some(stamp(5, 0)), 200, 4));
    }
}
