//! The breaker: how many probe, that nobody is turned away for ever, and that health costs no lock.

use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::AtomicUsize;
use loom::sync::atomic::Ordering::SeqCst;
use loom::thread;

use crate::breaker::{Admission, Breaker, News};
use crate::clock::Clock;
use crate::{orders, sync};

const PATIENCE: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(1000);

/// A breaker, its time, and how many operations are at the store while it is not well.
struct World {
    breaker: Breaker,
    clock: Clock,
    probes: AtomicUsize,
}

impl World {
    fn new() -> Arc<Self> {
        let clock = Clock::manual();
        Arc::new(Self {
            breaker: Breaker::new(clock.clone()),
            clock,
            probes: AtomicUsize::new(0),
        })
    }

    /// One that has just opened.
    fn open() -> Arc<Self> {
        let world = Self::new();
        for _ in 0..3 {
            world.answer(false);
        }
        assert!(world.breaker.is_open());
        world
    }

    /// The same, after its first pause.
    fn half_open() -> Arc<Self> {
        let world = Self::open();
        world.clock.advance(FIRST_PAUSE);
        world
    }

    /// One operation that has an answer, if it is let through; whether it was.
    fn probe(&self, is_good: bool) -> bool {
        let admission = self.breaker.admits(PATIENCE);
        if let Some(admission) = admission {
            let others = self.probes.fetch_add(1, SeqCst);
            assert_eq!(others, 0, "two probe at once");
            self.probes.fetch_sub(1, SeqCst);
            self.report(admission, is_good);
        }
        admission.is_some()
    }

    fn report(&self, admission: Admission, is_good: bool) -> News {
        if is_good {
            self.breaker.succeeded(admission)
        } else {
            self.breaker.failed(admission)
        }
    }

    /// One operation that is let through, and its answer.
    fn answer(&self, is_good: bool) -> News {
        let admission = self.breaker.admits(PATIENCE).expect("let through");
        self.report(admission, is_good)
    }

    fn admits(&self) -> bool {
        self.breaker.admits(PATIENCE).is_some()
    }

    /// Whatever happened, a store that is back is asked again after a while, by all.
    fn recovers(&self) {
        self.clock.advance(LONGEST_PAUSE.max(PATIENCE));
        self.answer(true);
        self.is_well();
    }

    /// Everyone is let through, and nobody takes the lock for it.
    fn is_well(&self) {
        assert!(!self.breaker.is_open());
        let before = sync::locked();
        for _ in 0..2 {
            assert_eq!(self.answer(true), News::Nothing);
        }
        assert_eq!(sync::locked(), before, "health costs a lock");
    }
}

fn in_every_order(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    orders(preemptions).check(model);
}

fn spawn<T: 'static>(
    world: &Arc<World>,
    f: impl FnOnce(&World) -> T + 'static,
) -> thread::JoinHandle<T> {
    let world = world.clone();
    thread::spawn(move || f(&world))
}

#[test]
fn of_many_callers_one_probes() {
    in_every_order(3, || {
        let world = World::half_open();
        let others = [(); 2].map(|()| spawn(&world, |world| world.admits()));
        let own = world.admits();
        let admitted = others.map(|other| other.join().unwrap());
        let admitted = admitted.into_iter().chain([own]).filter(|is| *is).count();
        assert_eq!(admitted, 1);
        // It never reports.
        world.recovers();
    });
}

#[test]
fn a_probe_that_fails_lets_the_next_one_in_after_a_longer_pause() {
    in_every_order(3, || {
        let world = World::half_open();
        let other = spawn(&world, |world| world.probe(false));
        let time = spawn(&world, |world| world.clock.advance(2 * FIRST_PAUSE));
        let own = world.probe(false);
        let other = other.join().unwrap();
        time.join().unwrap();
        assert!(own || other);
        if !(own && other) {
            // One probed; its pause began before the time passed, or after.
            world.clock.advance(2 * FIRST_PAUSE);
            assert!(world.probe(false));
        }
        world.recovers();
    });
}

#[test]
fn a_probe_that_succeeds_lets_everyone_in() {
    in_every_order(3, || {
        let world = World::half_open();
        let other = spawn(&world, |world| {
            let admission = world.breaker.admits(PATIENCE);
            admission.map(|admission| world.report(admission, true))
        });
        let own = world.breaker.admits(PATIENCE);
        let own = own.map(|admission| world.report(admission, true));
        let other = other.join().unwrap();
        // Both were let in only if the first was back already: one of them has the news.
        let news = [own, other].into_iter().flatten();
        assert_eq!(news.filter(|news| *news == News::Recovered).count(), 1);
        world.is_well();
    });
}

#[test]
fn three_failures_at_once_open_it() {
    in_every_order(3, || {
        let world = World::new();
        let early = world.breaker.admits(PATIENCE).unwrap();
        let others = [(); 2].map(|()| spawn(&world, move |world| world.report(early, false)));
        let own = world.report(early, false);
        let all = others.map(|other| other.join().unwrap());
        let news = all.into_iter().chain([own]);
        assert_eq!(news.filter(|news| *news == News::Failing).count(), 1);
        assert!(world.breaker.is_open());
        assert!(!world.admits());
        world.recovers();
    });
}

#[test]
fn a_failure_and_a_success_at_once_leave_it_in_one_mind() {
    in_every_order(3, || {
        let world = World::new();
        world.answer(false);
        let early = world.breaker.admits(PATIENCE).unwrap();
        let failing = spawn(&world, move |world| world.report(early, false));
        let succeeding = spawn(&world, move |world| world.report(early, true));
        let caller = spawn(&world, |world| world.admits());
        failing.join().unwrap();
        let recovery = succeeding.join().unwrap();
        assert!(caller.join().unwrap(), "two failures do not open it");
        // One more is at most the third.
        let news = world.answer(false);
        // A recovery makes the failure that came at the same time one of before.
        assert_eq!(news == News::Failing, recovery == News::Recovered);
        assert!(world.admits(), "a success was forgotten");
        // Whichever came last, two more open it.
        world.answer(false);
        if !world.breaker.is_open() {
            world.answer(false);
        }
        assert!(world.breaker.is_open(), "a failure was forgotten");
        assert!(!world.admits());
        world.recovers();
    });
}

#[test]
fn a_success_that_comes_late_is_no_recovery() {
    in_every_order(3, || {
        let world = World::new();
        let early = world.breaker.admits(PATIENCE).unwrap();
        let late = spawn(&world, move |world| world.report(early, true));
        let other = spawn(&world, move |world| world.report(early, false));
        assert_eq!(late.join().unwrap(), News::Nothing);
        assert_eq!(other.join().unwrap(), News::Failing);
        assert_eq!(world.answer(true), News::Recovered);
        world.is_well();
    });
}

#[test]
fn an_answer_that_comes_late_does_not_undo_the_opening() {
    in_every_order(3, || {
        let world = World::new();
        world.answer(false);
        world.answer(false);
        // Admitted while it was not yet open.
        let early = world.breaker.admits(PATIENCE).unwrap();
        let late = spawn(&world, move |world| {
            let was_open = world.breaker.is_open();
            let news = world.report(early, true);
            (was_open, news)
        });
        let news = world.report(early, false);
        assert_eq!(world.breaker.is_open(), !world.admits());
        let (was_open, late) = late.join().unwrap();
        if was_open {
            assert_eq!(late, News::Nothing);
            assert!(world.breaker.is_open(), "the opening was undone");
        }
        // Either the success came first, and it is back; or it is open.
        assert_eq!(world.breaker.is_open(), late != News::Recovered);
        assert_eq!(news, News::Nothing, "nobody hears of it twice");
        world.recovers();
    });
}

#[test]
fn a_probe_that_was_given_up_is_followed_by_one_other() {
    in_every_order(3, || {
        let world = World::half_open();
        let probe = world.breaker.admits(PATIENCE).unwrap();
        world.clock.advance(PATIENCE);
        // It reports after all, while two others come.
        let late = spawn(&world, move |world| world.report(probe, false));
        let other = spawn(&world, |world| world.admits());
        let own = world.admits();
        let other = other.join().unwrap();
        late.join().unwrap();
        assert!(!(own && other), "two probe at once");
        world.recovers();
    });
}
