//! The ages of an entry (calm, late, stale, dead) while it is touched, expired and deleted: what a
//! reader sees who takes no lock, and what is left of transitions that come together.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;

use crate::clock::Tick;
use crate::entry::{Draft, Entry, FullKey, Header};
use crate::error::CacheError;
use crate::in_every_order;
use crate::key::Tree;
use crate::kind::Held;
use crate::life::{Age, Life};
use crate::mortal;
use crate::reclaim::{DOMAIN, Reader};
use crate::scheme::reader;
use crate::table::Shard;

const NOW: Tick = 50;
/// Longer than any of these is there.
const HOUR: Duration = Duration::from_secs(3600);
/// Written a while ago, calm now.
const CALM: Life = life(60, 70, 80);
const LATE: Life = life(40, 70, 80);
const STALE: Life = life(10, 20, 80);
/// From a touch.
const TOUCHED: Life = life(100, 110, 120);

const fn life(calm: u64, expires: u64, dead: u64) -> Life {
    Life {
        calm,
        expires,
        dead,
    }
}

/// A value that knows when it is read after its end.
struct Value(mortal::Life);

impl Held for Value {
    fn encode(&self) -> Option<Result<Vec<u8>, CacheError>> {
        None
    }
}

/// A table with one entry.
struct Place {
    shard: Shard<Entry, ()>,
    key: FullKey,
}

impl Place {
    fn with(life: Life) -> Arc<Self> {
        let header = Header {
            binding: 1,
            version: 1,
        };
        let key = FullKey::new(header, Tree(7));
        let shard = Shard::new(());
        let draft = Draft::new(Value(mortal::Life::new())).living(life, Duration::ZERO, 1);
        shard.lock().insert(key.hash, draft.under(&key, 1));
        Arc::new(Self { shard, key })
    }

    // Without a look at the life that was: of a place that a thread reads and then writes, loom
    // forgets who has read it before.
    fn touch(&self) {
        let shard = self.shard.lock();
        let lookup = self.key.lookup();
        if let Some((_, entry)) = shard.find(self.key.hash, |entry| lookup.is_of(entry)) {
            entry.live(TOUCHED);
        }
    }

    fn expire(&self) {
        let shard = self.shard.lock();
        let lookup = self.key.lookup();
        if let Some((_, entry)) = shard.find(self.key.hash, |entry| lookup.is_of(entry)) {
            entry.live(entry.life().expired(NOW, HOUR));
        }
    }

    fn delete(&self) {
        let mut shard = self.shard.lock();
        let lookup = self.key.lookup();
        let found = shard.find(self.key.hash, |entry| lookup.is_of(entry));
        let place = found.map(|(place, _)| place);
        if let Some(place) = place {
            shard.remove(place);
        }
        shard.tidy(1, 0);
    }

    /// What a reader sees; `None` if it is not there.
    fn look(&self, reader: &Reader) -> Option<Life> {
        // SAFETY: it is enrolled, and this thread alone uses it.
        #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
        let guard = unsafe { reader.pin(&DOMAIN) };
        let lookup = self.key.lookup();
        let is_it = |entry: &Entry| lookup.is_of(entry);
        let entry = self.shard.get(self.key.hash, is_it, guard.pinned())?;
        let life = entry.life();
        entry.value::<Value>().unwrap().0.check();
        Some(life)
    }

    /// The age that a reader sees.
    fn age(&self, reader: &Reader) -> Age {
        self.look(reader).map_or(Age::Dead, |life| life.age(NOW))
    }
}

fn in_another_thread<T: 'static>(
    place: &Arc<Place>,
    f: impl FnOnce(&Place) -> T + 'static,
) -> thread::JoinHandle<T> {
    let place = place.clone();
    thread::spawn(move || f(&place))
}

#[test]
fn the_age_that_is_seen_during_a_touch_is_the_old_one_or_the_new_one_or_between() {
    for before in [LATE, STALE] {
        in_every_order(3, move || {
            let place = Place::with(before);
            let reader = reader();
            let reading = in_another_thread(&place, |place| place.age(reader));
            place.touch();
            let seen = reading.join().unwrap();
            assert!(seen <= before.age(NOW), "{seen:?}");
            assert_eq!(place.look(reader), Some(TOUCHED));
        });
    }
}

#[test]
fn what_was_expired_is_never_seen_dead_nor_fresh_again() {
    in_every_order(3, || {
        let place = Place::with(CALM);
        let reader = reader();
        let reading = in_another_thread(&place, |place| (place.age(reader), place.age(reader)));
        place.expire();
        let (first, second) = reading.join().unwrap();
        assert!(first <= Age::Stale && second <= Age::Stale);
        assert!(first <= second, "it became younger: {first:?}, {second:?}");
        assert_eq!(place.look(reader), Some(life(NOW, NOW, 80)));
    });
}

#[test]
fn a_touch_and_an_expiry_at_once_are_both_done_in_one_order() {
    in_every_order(3, || {
        let place = Place::with(LATE);
        let reader = reader();
        let touching = in_another_thread(&place, Place::touch);
        place.expire();
        touching.join().unwrap();
        let left = place.look(reader).unwrap();
        assert!(
            [TOUCHED, TOUCHED.expired(NOW, HOUR)].contains(&left),
            "{left:?}"
        );
    });
}

#[test]
fn what_was_deleted_is_not_there_whatever_else_comes() {
    in_every_order(2, || {
        let place = Place::with(CALM);
        let reader = reader();
        let reading = in_another_thread(&place, |place| place.age(reader));
        let touching = in_another_thread(&place, Place::touch);
        place.delete();
        // Whole as long as it is found.
        let seen = reading.join().unwrap();
        assert!(matches!(seen, Age::Calm | Age::Dead), "{seen:?}");
        touching.join().unwrap();
        assert_eq!(place.look(reader), None);
    });
}
