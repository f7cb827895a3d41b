//! How long the small queue is, and how long the hash of what left it counts.
//!
//! Both follow what becomes of the entries, in steps so small that it takes about as many entries as
//! there are to change much. All shares are of the current entries, so that a level limited by
//! bytes is tuned like one limited by number.

/// Both lengths of one shard.
#[derive(Debug, Default)]
pub(super) struct Tuning {
    /// For how many departures a hash counts, in halves.
    window: usize,
    /// How many may wait in the small queue, in 64ths.
    small: usize,
}

/// Below this many departures, the window measures nothing.
const LEAST_WINDOW: usize = 8;

impl Tuning {
    pub(super) fn new(live: usize) -> Self {
        let mut new = Self {
            window: live,
            small: live * 64 / 20,
        };
        new.bound_window(live);
        new
    }

    /// Returns how many may wait in the small queue.
    pub(super) fn small(&self, live: usize) -> usize {
        (self.small / 64).clamp(live / 128, live / 8)
    }

    /// Returns whether an entry that left this many departures ago counts as remembered.
    pub(super) fn counts(&self, age: usize) -> bool {
        age < self.window / 2
    }

    /// Notes a new entry, which had left the small queue `age` departures ago if that is known.
    ///
    /// If it is back within a 32nd, it would have been read there with a slightly longer queue. If
    /// that applies to one in 64, the queue grows.
    pub(super) fn came(&mut self, age: Option<usize>, live: usize) {
        let small = match age {
            Some(age) if age < live / 32 => self.small + 64,
            _ => self.small.saturating_sub(1),
        };
        self.small = small.clamp(live * 64 / 128, live * 64 / 8);
    }

    /// Notes that an entry that a remembered hash brought into the main queue had its first turn there.
    ///
    /// If it was read by then, such hashes predict reads, and older ones may do so too. If not, it
    /// took the place of something better. The window settles where about half of them are read.
    pub(super) fn trial_ended(&mut self, was_read: bool, live: usize) {
        self.window = if was_read {
            self.window + 7
        } else {
            self.window.saturating_sub(8)
        };
        self.bound_window(live);
    }

    fn bound_window(&mut self, live: usize) {
        let least = (live / 10).max(LEAST_WINDOW).min(live);
        self.window = self.window.clamp(2 * least, 2 * live);
    }
}

#[cfg(test)]
mod tests {
    use super::Tuning;

    #[test]
    fn hashes_count_as_long_as_they_tell_something() {
        let mut tuning = Tuning::new(1000);
        assert!(tuning.counts(499) && !tuning.counts(500));
        (0..1000).for_each(|_| tuning.trial_ended(true, 1000));
        assert!(tuning.counts(999) && !tuning.counts(1000));
        (0..1000).for_each(|_| tuning.trial_ended(false, 1000));
        assert!(tuning.counts(99) && !tuning.counts(100));
    }

    #[test]
    fn the_small_queue_grows_if_what_left_it_comes_back_at_once() {
        let mut tuning = Tuning::new(1000);
        assert_eq!(tuning.small(1000), 50);
        (0..10_000).for_each(|n| tuning.came((n % 25 == 0).then_some(30), 1000));
        assert!(tuning.small(1000) >= 124);
        (0..10_000).for_each(|n| tuning.came((n % 25 == 0).then_some(31), 1000));
        assert_eq!(tuning.small(1000), 7);
    }

    #[test]
    fn the_smallest_levels_remember_as_many_as_they_hold() {
        for live in 1..8 {
            let mut tuning = Tuning::new(live);
            (0..10).for_each(|_| tuning.trial_ended(false, live));
            assert!(tuning.counts(live - 1) && !tuning.counts(live));
            assert_eq!(tuning.small(live), 0);
        }
    }
}
