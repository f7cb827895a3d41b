//! One flight: its state, and waiting for it, with or without an executor.
//!
//! States: `Running` (a leader is at work), `Vacant` (the leader was cancelled or panicked; the
//! next to look takes the lead), `Landed` (a result for all), `Released` (a result that cannot be
//! shared: each caller runs the function itself).
//!
//! A running flight may show an old value to callers that need not wait for the new one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::clock::{Clock, Tick};
use crate::life::{Age, Life};
use crate::local::FullKey;
use crate::observe::Counter;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};
use crate::value::Cargo;

enum Phase {
    Running,
    Vacant,
    Landed(Cargo),
    Released,
}

struct State {
    phase: Phase,
    /// For callers that need not wait.
    old: Option<Old>,
    waiting: usize,
    wakers: Vec<(u64, Waker)>,
    next_waker: u64,
}

/// An earlier value, and how long it may be served.
#[derive(Clone)]
pub(crate) struct Old {
    pub(crate) cargo: Cargo,
    pub(crate) life: Life,
    pub(crate) is_local: bool,
}

/// One execution for one key.
pub(crate) struct Flight {
    pub(crate) key: FullKey,
    /// Later ones have greater numbers.
    pub(super) number: u64,
    state: Mutex<State>,
    /// Whether an invalidation came while it was under way: its result is not to be kept.
    overtaken: AtomicBool,
    /// Whether anyone has waited for it, or will. Set under the lock of the table.
    boarded: AtomicBool,
    /// The flights that its body waits for; guarded by the lock of `circle`.
    pub(super) waits_for: Mutex<Vec<Arc<Flight>>>,
}

/// The result of waiting.
pub(crate) enum Waited {
    /// The leader's result.
    Landed(Cargo),
    /// An earlier value, while the leader is at work, and what reading it counts as.
    Old(Old, Counter),
    /// The leader's result cannot be shared: the caller has to run the function.
    Released,
    /// The leader is gone: the caller takes the lead.
    Lead,
    /// The time is up: the caller has to run the function.
    TimedOut,
}

impl Flight {
    pub(super) fn new(key: FullKey, number: u64) -> Self {
        Self {
            key,
            number,
            state: Mutex::new(State {
                phase: Phase::Running,
                old: None,
                waiting: 0,
                wakers: Vec::new(),
                next_waker: 0,
            }),
            overtaken: AtomicBool::new(false),
            boarded: AtomicBool::new(false),
            waits_for: Mutex::default(),
        }
    }

    pub(crate) fn overtake(&self) {
        self.overtaken.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_overtaken(&self) -> bool {
        self.overtaken.load(Ordering::SeqCst)
    }

    /// Adds a waiting caller, even before it waits: a leader that goes leaves the flight to it.
    pub(super) fn board(&self) {
        self.boarded.store(true, Ordering::Relaxed);
        lock(&self.state).waiting += 1;
    }

    pub(super) fn leave(&self) {
        lock(&self.state).waiting -= 1;
    }

    pub(super) fn is_boarded(&self) -> bool {
        self.boarded.load(Ordering::Relaxed)
    }

    /// Ends the flight with the leader's result, or (`None`) with one that cannot be shared.
    pub(super) fn land(&self, cargo: Option<Cargo>) {
        self.change(cargo.map_or(Phase::Released, Phase::Landed));
    }

    /// Notes that the leader is gone without a result; returns true if nobody waits either.
    pub(super) fn vacate(&self) -> bool {
        self.change(Phase::Vacant);
        lock(&self.state).waiting == 0
    }

    /// Takes the lead of a vacant flight.
    pub(super) fn take_lead(&self) -> bool {
        let mut state = lock(&self.state);
        let vacant = matches!(state.phase, Phase::Vacant);
        if vacant {
            state.phase = Phase::Running;
        }
        vacant
    }

    /// Returns whether it is vacant and nobody waits.
    pub(super) fn is_deserted(&self) -> bool {
        let state = lock(&self.state);
        state.waiting == 0 && matches!(state.phase, Phase::Vacant)
    }

    /// Shows an old value: the leader continues, and waiting callers need not wait.
    pub(super) fn show(&self, old: Old) {
        let mut _before = None;
        self.update(|state| _before = state.old.replace(old));
    }

    fn change(&self, phase: Phase) {
        self.update(|state| state.phase = phase);
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let wakers = {
            let mut state = lock(&self.state);
            change(&mut state);
            std::mem::take(&mut state.wakers)
        };
        for (_, waker) in wakers {
            waker.wake();
        }
    }

    /// Waits until the flight is over, for at most `limit`.
    pub(super) async fn wait(self: &Arc<Self>, limit: Duration, clock: &Clock) -> Waited {
        let landing = Landing::new(self.clone(), clock);
        clock
            .within(limit, landing)
            .await
            .unwrap_or(Waited::TimedOut)
    }
}

impl State {
    /// Returns what the state means for a waiting caller, which takes the lead if it is free.
    fn look(&mut self, now: impl FnOnce() -> Tick) -> Option<Waited> {
        match &self.phase {
            Phase::Running => {
                let old = self.old.as_ref()?;
                let age = old.life.age(now());
                let counter = Counter::of_read(age, old.is_local);
                (age != Age::Dead).then(|| Waited::Old(old.clone(), counter))
            }
            Phase::Landed(cargo) => Some(Waited::Landed(cargo.clone())),
            Phase::Released => Some(Waited::Released),
            Phase::Vacant => {
                self.phase = Phase::Running;
                Some(Waited::Lead)
            }
        }
    }
}

/// Waiting for a flight as a future; it may be dropped at any point and leaves nothing behind.
struct Landing<'c> {
    flight: Arc<Flight>,
    clock: &'c Clock,
    waker: Option<u64>,
}

impl<'c> Landing<'c> {
    fn new(flight: Arc<Flight>, clock: &'c Clock) -> Self {
        Self {
            flight,
            clock,
            waker: None,
        }
    }
}

impl Future for Landing<'_> {
    type Output = Waited;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Waited> {
        let flight = self.flight.clone();
        // Declared before the lock, so that it is dropped after it: dropping it may drop a task.
        let mut _before = None;
        let mut state = lock(&flight.state);
        if let Some(waited) = state.look(|| self.clock.now()) {
            return Poll::Ready(waited);
        }
        let waker = task.waker().clone();
        if let Some(id) = self.waker
            && let Some(slot) = state.wakers.iter_mut().find(|(at, _)| *at == id)
        {
            _before = Some(std::mem::replace(&mut slot.1, waker));
        } else {
            let id = state.next_waker;
            state.next_waker += 1;
            state.wakers.push((id, waker));
            self.waker = Some(id);
        }
        Poll::Pending
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let Some(id) = self.waker else { return };
        // Declared before the lock, so that it is dropped after it: dropping it may drop a task.
        let mut _mine = None;
        let mut state = lock(&self.flight.state);
        if let Some(at) = state.wakers.iter().position(|(at, _)| *at == id) {
            _mine = Some(state.wakers.swap_remove(at));
        }
    }
}
