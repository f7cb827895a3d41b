//! The connections that are not in use.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A connection that was not used for this long is closed when the next one comes back.
const LONGEST_REST: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Shelf<C>(Mutex<Idle<C>>);

#[derive(Debug)]
struct Idle<C> {
    /// The last one returned is the first one lent: it is the least likely to have been closed.
    connections: Vec<(C, Instant)>,
    generation: u64,
}

impl<C> Default for Shelf<C> {
    fn default() -> Self {
        Self(Mutex::new(Idle {
            connections: Vec::new(),
            generation: 0,
        }))
    }
}

impl<C> Shelf<C> {
    pub(super) fn take(&self) -> Option<C> {
        self.lock()
            .connections
            .pop()
            .map(|(connection, _)| connection)
    }

    /// Returns a number that increases when the server is found dead: earlier connections are not lent again.
    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    pub(super) fn give(&self, connection: C, generation: u64) {
        let now = Instant::now();
        let mut idle = self.lock();
        if idle.generation != generation {
            drop(idle);
            return drop(connection);
        }
        idle.connections.push((connection, now));
        let is_stale = now.duration_since(idle.connections[0].1) > LONGEST_REST;
        let stale = is_stale.then(|| idle.connections.remove(0));
        drop(idle);
        drop(stale);
    }

    /// Stops lending the present connections, if `generation` is still the current one.
    pub(super) fn retire(&self, generation: u64) {
        let mut idle = self.lock();
        if idle.generation == generation {
            idle.generation += 1;
            let dead = std::mem::take(&mut idle.connections);
            drop(idle);
            drop(dead);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Shelf;

    #[test]
    fn the_last_one_returned_is_lent_first_and_retired_ones_are_not() {
        let shelf = Shelf::default();
        let (one, two) = (Arc::new(1), Arc::new(2));
        shelf.give(Arc::clone(&one), 0);
        shelf.give(Arc::clone(&two), 0);
        assert_eq!(shelf.take().as_deref(), Some(&2));
        shelf.retire(0);
        assert_eq!(shelf.take(), None);
        assert_eq!(Arc::strong_count(&one), 1, "closed");
        // It was lent meanwhile.
        shelf.give(Arc::clone(&two), 0);
        assert_eq!(shelf.take(), None);
        shelf.give(two, shelf.generation());
        shelf.retire(0);
        assert_eq!(shelf.take().as_deref(), Some(&2), "of a later generation");
    }
}
