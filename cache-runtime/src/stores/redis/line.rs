//! One runtime's connection: shared by its callers, made when needed, and again when it broke.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{RedisError, RedisResult, Value};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::awaiting::{Awaited, Awaiting, late};
use super::commands::Request;
use super::config::RedisConfig;
use super::connecting;
use super::driver::no_news;
use super::failure;
use super::wire::Wire;
use crate::clock::end_of;
use crate::error::CacheError;

/// A connection is given up when this many requests in a row were abandoned by their callers with
/// no answer to any request between them: impatient callers must not fill the queue of
/// a server that hangs. If it was given up for nothing, nobody notices; a new one is made.
const MOST_ABANDONED: u32 = 128;

/// The driver enforces the time limits of all callers. It may be delayed itself: woken by a task
/// that then blocks its thread, it has to wait for that thread. This much later, a caller gives up by itself.
const GRACE: Duration = Duration::from_millis(20);

const NO_CONNECTION: &str = "no connection to redis";

/// What serves one runtime.
#[derive(Debug)]
pub(super) struct Line {
    config: RedisConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Down,
    Connecting(Attempt),
    Up(Arc<Live>),
}

/// The outcome of an attempt to connect; `None` while it runs.
type Attempt = watch::Receiver<Option<Result<Arc<Live>, CacheError>>>;

/// Whether an attempt was running already.
struct Joined(bool);

/// A connection that answered last time.
#[derive(Debug)]
struct Live {
    wire: Wire,
    /// Requests abandoned since the last answer.
    abandoned: AtomicU32,
}

impl Line {
    pub(super) fn new(config: RedisConfig) -> Self {
        Self {
            config,
            state: Mutex::new(State::Down),
        }
    }

    /// Sends the request and returns the reply, until the deadline: that of the operation, of which
    /// this may not be the first request.
    pub(super) async fn exchange(
        self: &Arc<Self>,
        runtime: &Handle,
        request: &Request,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        if let Some(live) = self.live() {
            match self.ask(&live, runtime, request, deadline).await {
                // The server was restarted, or closed an idle connection: once more, on a new one.
                Err(error) if request.repeatable && failure::connection_was_dead(&error) => {}
                // The master has become a replica, and has done nothing.
                Ok(reply) if failure::is_by_replica(&reply) && self.config.address.may_move() => {}
                outcome => return outcome.map_err(failure::describe),
            }
        }
        // Boxed, to keep the future of the usual case small.
        Box::pin(self.exchange_anew(runtime, request, deadline)).await
    }

    /// Does the same when there is no connection, or it turned out to be dead.
    async fn exchange_anew(
        self: &Arc<Self>,
        runtime: &Handle,
        request: &Request,
        deadline: Instant,
    ) -> Result<Value, CacheError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let live = match tokio::time::timeout(left, self.connected(runtime)).await {
            Ok(live) => live?,
            Err(_) => return Err(failure::timeout(self.config.op_timeout, NO_CONNECTION)),
        };
        self.ask(&live, runtime, request, deadline)
            .await
            .map_err(failure::describe)
    }

    /// Gives the connection up; those who are using it keep it until they have their answer.
    pub(super) fn close(&self) {
        // A running attempt finds that it is no longer wanted.
        let state = std::mem::replace(&mut *self.state(), State::Down);
        drop(state);
    }

    fn live(&self) -> Option<Arc<Live>> {
        match &*self.state() {
            State::Up(live) => Some(live.clone()),
            _ => None,
        }
    }

    async fn ask(
        &self,
        live: &Arc<Live>,
        runtime: &Handle,
        request: &Request,
        deadline: Instant,
    ) -> RedisResult<Value> {
        let asked = Asked {
            line: self,
            live,
            answered: false,
        };
        let exchange = live.wire.exchange(request, Some(deadline));
        let limited = {
            let _inside = runtime.enter();
            tokio::time::timeout_at((deadline + GRACE).into(), exchange)
        };
        let outcome = limited.await.unwrap_or_else(|_| Err(held_up()));
        if failure::ends_connection(&outcome) {
            self.discard(live);
        }
        asked.answered();
        outcome
    }

    /// Gives up that connection, unless another one has replaced it already.
    fn discard(&self, live: &Arc<Live>) {
        let mut state = self.state();
        if matches!(&*state, State::Up(up) if Arc::ptr_eq(up, live)) {
            *state = State::Down;
        }
    }

    /// Returns the connection, made if there is none; all concurrent callers share the one attempt.
    async fn connected(self: &Arc<Self>, runtime: &Handle) -> Result<Arc<Live>, CacheError> {
        match self.attempt(runtime).await {
            // It began some time ago, and its failure does not say how things are now.
            (Err(_), Joined(true)) => self.attempt(runtime).await.0,
            (outcome, _) => outcome,
        }
    }

    /// Returns the outcome of the running attempt; if there is none, one is started.
    ///
    /// The attempt is a task of its own: it continues when the caller that started it gives up, so that
    /// impatient callers get a connection in the end.
    async fn attempt(
        self: &Arc<Self>,
        runtime: &Handle,
    ) -> (Result<Arc<Live>, CacheError>, Joined) {
        let (mut attempt, begun) = self.join_or_begin();
        let joined = Joined(begun.is_none());
        // Not under the lock: a runtime that is shutting down drops the task at once, and that
        // takes the lock.
        if let Some(connecting) = begun {
            runtime.spawn(connecting.run());
        }
        let outcome = match attempt.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        let interrupted = || Err(failure::lost("connecting to redis was interrupted"));
        (outcome.unwrap_or_else(interrupted), joined)
    }

    /// Returns the attempt to wait for, and what must be run if it is a new one.
    fn join_or_begin(self: &Arc<Self>) -> (Attempt, Option<Connecting>) {
        let mut state = self.state();
        match &*state {
            State::Connecting(attempt) => (attempt.clone(), None),
            State::Up(live) => (watch::channel(Some(Ok(live.clone()))).1, None),
            State::Down => {
                let (outcome, attempt) = watch::channel(None);
                *state = State::Connecting(attempt.clone());
                let connecting = Connecting {
                    line: Arc::clone(self),
                    outcome,
                };
                (attempt, Some(connecting))
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running request. If it is dropped before its answer, it counts as abandoned.
struct Asked<'a> {
    line: &'a Line,
    live: &'a Arc<Live>,
    answered: bool,
}

impl Asked<'_> {
    fn answered(mut self) {
        self.answered = true;
        // Read first: in the common case nothing is written to shared memory.
        if self.live.abandoned.load(Ordering::Relaxed) != 0 {
            self.live.abandoned.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let abandoned = &self.live.abandoned;
        if !self.answered && abandoned.fetch_add(1, Ordering::Relaxed) >= MOST_ABANDONED {
            self.line.discard(self.live);
        }
    }
}

/// An attempt to connect. If it is dropped before its end, it leaves the line as it found it.
struct Connecting {
    line: Arc<Line>,
    outcome: watch::Sender<Option<Result<Arc<Live>, CacheError>>>,
}

impl Connecting {
    async fn run(self) {
        let outcome = self.connect().await;
        self.settle(match &outcome {
            Ok(live) => State::Up(live.clone()),
            Err(_) => State::Down,
        });
        self.outcome.send_replace(Some(outcome));
    }

    async fn connect(&self) -> Result<Arc<Live>, CacheError> {
        let config = &self.line.config;
        let limit = config.connect_timeout;
        let dial = Awaiting {
            news: &no_news,
            needs_resp3: false,
        };
        let connecting = connecting::connect(&dial, config, end_of(limit));
        let Awaited { wire, driver } = tokio::time::timeout(limit, connecting)
            .await
            .unwrap_or_else(|_| Err(failure::timeout(limit, NO_CONNECTION)))?;
        tokio::spawn(driver);
        Ok(Arc::new(Live {
            wire,
            abandoned: AtomicU32::new(0),
        }))
    }

    /// Puts the line into its next state, if it still waits for this attempt.
    fn settle(&self, next: State) {
        let mut state = self.line.state();
        if matches!(&*state, State::Connecting(attempt) if attempt.same_channel(&self.outcome.subscribe()))
        {
            *state = next;
        }
    }
}

fn held_up() -> RedisError {
    late().into()
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.settle(State::Down);
    }
}
