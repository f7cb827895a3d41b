//! One flight: its state, and waiting for it, with or without an executor.
//!
//! States: `Running` (a leader is at work), `Vacant` (the leader was cancelled or panicked; the
//! next to look takes the lead), `Landed` (a result for all), `Released` (a result that cannot be
//! shared: everyone runs for himself).

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_timer::Delay;

use crate::local::FullKey;
use crate::sync::lock;
use crate::value::Cargo;

enum Phase {
    Running,
    Vacant,
    Landed(Cargo),
    Released,
}

struct State {
    phase: Phase,
    waiting: usize,
    wakers: Vec<(u64, Waker)>,
    next_waker: u64,
}

/// One execution for one key.
pub(crate) struct Flight {
    pub(crate) key: FullKey,
    state: Mutex<State>,
    changed: Condvar,
    /// An invalidation came while it was under way: its result is not to be kept.
    overtaken: AtomicBool,
    /// Somebody waits for it, or will. Set under the lock of the table.
    boarded: AtomicBool,
    /// The flights that its body waits for; guarded by the lock of `circle`.
    pub(super) waits_for: Mutex<Vec<Arc<Flight>>>,
}

/// What came of waiting.
pub(crate) enum Waited {
    /// The leader's result.
    Landed(Cargo),
    /// The leader's result cannot be shared: run for yourself.
    Released,
    /// The leader is gone: the lead is yours.
    Lead,
    /// The time is up: run for yourself.
    TimedOut,
}

impl Flight {
    pub(super) fn new(key: FullKey) -> Self {
        Self {
            key,
            state: Mutex::new(State {
                phase: Phase::Running,
                waiting: 0,
                wakers: Vec::new(),
                next_waker: 0,
            }),
            changed: Condvar::new(),
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

    pub(super) fn board(&self) {
        self.boarded.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_boarded(&self) -> bool {
        self.boarded.load(Ordering::Relaxed)
    }

    /// The leader has a result, or (`None`) one that cannot be shared.
    pub(super) fn land(&self, cargo: Option<Cargo>) {
        self.change(cargo.map_or(Phase::Released, Phase::Landed));
    }

    /// The leader is gone without a result; true if nobody waits either.
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

    /// Whether it is vacant and nobody waits.
    pub(super) fn is_deserted(&self) -> bool {
        let state = lock(&self.state);
        state.waiting == 0 && matches!(state.phase, Phase::Vacant)
    }

    fn change(&self, phase: Phase) {
        let (wakers, is_awaited) = {
            let mut state = lock(&self.state);
            state.phase = phase;
            (std::mem::take(&mut state.wakers), state.waiting > 0)
        };
        // Asking the kernel to wake nobody is a system call too.
        if is_awaited {
            self.changed.notify_all();
        }
        for (_, waker) in wakers {
            waker.wake();
        }
    }

    /// Blocks this thread until the flight is over, at most `limit`.
    pub(super) fn wait_blocking(&self, limit: Duration) -> Waited {
        // None: a limit beyond the end of time.
        let until = Instant::now().checked_add(limit);
        let mut state = lock(&self.state);
        state.waiting += 1;
        loop {
            if let Some(waited) = state.look() {
                state.waiting -= 1;
                return waited;
            }
            let left = until.map_or(limit, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                state.waiting -= 1;
                return Waited::TimedOut;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until the flight is over, at most `limit`.
    pub(super) async fn wait(self: &Arc<Self>, limit: Duration) -> Waited {
        let mut landing = Landing::new(self.clone());
        let mut delay = pin!(Delay::new(limit));
        std::future::poll_fn(|task| {
            if let Poll::Ready(waited) = Pin::new(&mut landing).poll(task) {
                return Poll::Ready(waited);
            }
            delay.as_mut().poll(task).map(|()| Waited::TimedOut)
        })
        .await
    }
}

impl State {
    /// What the state says to one who waits; he takes the lead if it is free.
    fn look(&mut self) -> Option<Waited> {
        match &self.phase {
            Phase::Running => None,
            Phase::Landed(cargo) => Some(Waited::Landed(cargo.clone())),
            Phase::Released => Some(Waited::Released),
            Phase::Vacant => {
                self.phase = Phase::Running;
                Some(Waited::Lead)
            }
        }
    }
}

/// Waiting for a flight as a future; dropping it at any point leaves nothing behind.
struct Landing {
    flight: Arc<Flight>,
    waker: Option<u64>,
}

impl Landing {
    fn new(flight: Arc<Flight>) -> Self {
        lock(&flight.state).waiting += 1;
        Self {
            flight,
            waker: None,
        }
    }
}

impl Future for Landing {
    type Output = Waited;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Waited> {
        let flight = self.flight.clone();
        let mut state = lock(&flight.state);
        if let Some(waited) = state.look() {
            return Poll::Ready(waited);
        }
        let waker = task.waker().clone();
        if let Some(id) = self.waker
            && let Some(slot) = state.wakers.iter_mut().find(|(at, _)| *at == id)
        {
            slot.1 = waker;
        } else {
            let id = state.next_waker;
            state.next_waker += 1;
            state.wakers.push((id, waker));
            self.waker = Some(id);
        }
        Poll::Pending
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut state = lock(&self.flight.state);
        state.waiting -= 1;
        if let Some(id) = self.waker {
            state.wakers.retain(|(at, _)| *at != id);
        }
    }
}
