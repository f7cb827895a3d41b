//! One runtime's connection: shared by its callers, made when needed, and again when it broke.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult, Value};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::commands::{self, Body, Request};
use super::config::RedisConfig;
use super::failure;
use crate::error::CacheError;

/// A connection is given up when so many requests in a row were abandoned by their callers with
/// no answer to any request between them: callers with little patience must not fill the queue of
/// a server that hangs. Nobody notices if it was given up for nothing; a new one is made.
const MOST_ABANDONED: u32 = 128;

const NO_CONNECTION: &str = "no connection to redis";

/// What serves one runtime.
#[derive(Debug)]
pub(super) struct Line {
    client: redis::Client,
    config: RedisConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Down,
    Connecting(Attempt),
    Up(Live),
}

/// How an attempt to connect ended; `None` while it lasts.
type Attempt = watch::Receiver<Option<Result<Live, CacheError>>>;

/// Whether an attempt was under way already.
struct Joined(bool);

/// A connection that answered last time.
#[derive(Debug, Clone)]
struct Live {
    connection: MultiplexedConnection,
    /// Requests abandoned since the last answer. Its address tells connections apart.
    abandoned: Arc<AtomicU32>,
}

impl Line {
    pub(super) fn new(client: redis::Client, config: RedisConfig) -> Self {
        Self {
            client,
            config,
            state: Mutex::new(State::Down),
        }
    }

    /// Sends the request and brings the reply, within the operation's time limit.
    ///
    /// On a live connection the client's own limit is the only timer.
    pub(super) async fn exchange(
        self: &Arc<Self>,
        runtime: &Handle,
        request: &Request,
    ) -> Result<Value, CacheError> {
        let start = Instant::now();
        if let Some(mut live) = self.live() {
            match self.ask(&mut live, request).await {
                // The server was restarted, or closed an idle connection: once more, on a new one.
                Err(error) if request.repeatable && failure::connection_was_dead(&error) => {}
                outcome => return outcome.map_err(failure::describe),
            }
        }
        // Boxed, to keep the future of the usual case small.
        Box::pin(self.exchange_anew(runtime, request, start)).await
    }

    /// The same, when there is no connection, or it turned out to be dead.
    async fn exchange_anew(
        self: &Arc<Self>,
        runtime: &Handle,
        request: &Request,
        start: Instant,
    ) -> Result<Value, CacheError> {
        let limit = self.config.op_timeout;
        let left = limit.saturating_sub(start.elapsed());
        let mut live = match tokio::time::timeout(left, self.connected(runtime)).await {
            Ok(live) => live?,
            Err(_) => return Err(failure::timeout(limit, NO_CONNECTION)),
        };
        let left = limit.saturating_sub(start.elapsed());
        live.connection.set_response_timeout(left);
        self.ask(&mut live, request)
            .await
            .map_err(failure::describe)
    }

    /// Gives the connection up; those who are using it keep it until they have their answer.
    pub(super) fn close(&self) {
        // An attempt under way finds that it is no longer wanted.
        let state = std::mem::replace(&mut *self.state(), State::Down);
        drop(state);
    }

    fn live(&self) -> Option<Live> {
        match &*self.state() {
            State::Up(live) => Some(live.clone()),
            _ => None,
        }
    }

    async fn ask(&self, live: &mut Live, request: &Request) -> RedisResult<Value> {
        let asked = Asked {
            line: self,
            abandoned: &live.abandoned,
            answered: false,
        };
        let outcome = send(&mut live.connection, request).await;
        if failure::ends_connection(&outcome) {
            self.discard(&live.abandoned);
        }
        asked.answered();
        outcome
    }

    /// Gives up that connection, unless another one has taken its place already.
    fn discard(&self, abandoned: &Arc<AtomicU32>) {
        let mut state = self.state();
        if matches!(&*state, State::Up(live) if Arc::ptr_eq(&live.abandoned, abandoned)) {
            *state = State::Down;
        }
    }

    /// The connection, made if there is none; all who ask meanwhile share the one attempt.
    async fn connected(self: &Arc<Self>, runtime: &Handle) -> Result<Live, CacheError> {
        match self.attempt(runtime).await {
            // It began some time ago, and its failure does not say how things are now.
            (Err(_), Joined(true)) => self.attempt(runtime).await.0,
            (outcome, _) => outcome,
        }
    }

    /// How the attempt that is under way ends; if there is none, one is begun.
    ///
    /// The attempt is a task of its own: it goes on when the caller who began it gives up, so that
    /// impatient callers get a connection in the end.
    async fn attempt(self: &Arc<Self>, runtime: &Handle) -> (Result<Live, CacheError>, Joined) {
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

    /// The attempt to wait for, and what must be run if it is a new one.
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

async fn send(connection: &mut MultiplexedConnection, request: &Request) -> RedisResult<Value> {
    match &request.body {
        Body::One(command) => connection.send_packed_command(command).await,
        Body::Many(commands) => connection
            .send_packed_commands(commands, 0, commands.len())
            .await
            .map(Value::Array),
    }
}

/// A request under way. Dropped before its answer, it counts as abandoned.
struct Asked<'a> {
    line: &'a Line,
    abandoned: &'a Arc<AtomicU32>,
    answered: bool,
}

impl Asked<'_> {
    fn answered(mut self) {
        self.answered = true;
        // Read first: in the common case nothing is written to shared memory.
        if self.abandoned.load(Ordering::Relaxed) != 0 {
            self.abandoned.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.answered && self.abandoned.fetch_add(1, Ordering::Relaxed) >= MOST_ABANDONED {
            self.line.discard(self.abandoned);
        }
    }
}

/// An attempt to connect. Dropped before its end, it leaves the line as it found it.
struct Connecting {
    line: Arc<Line>,
    outcome: watch::Sender<Option<Result<Live, CacheError>>>,
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

    async fn connect(&self) -> Result<Live, CacheError> {
        let limit = self.line.config.connect_timeout;
        let connected = tokio::time::timeout(limit, self.greet()).await;
        let connection = connected.unwrap_or_else(|_| Err(failure::timeout(limit, NO_CONNECTION)));
        Ok(Live {
            connection: connection?,
            abandoned: Arc::default(),
        })
    }

    async fn greet(&self) -> Result<MultiplexedConnection, CacheError> {
        let Line { client, config, .. } = &*self.line;
        // The limit of the whole is set around it.
        let unlimited = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let connecting = client.get_multiplexed_async_connection_with_config(&unlimited);
        let mut connection = connecting.await.map_err(failure::describe)?;
        for call in commands::greeting(config) {
            let reply = send(&mut connection, &call.request).await;
            reply.map_err(failure::describe).and_then(call.read)?;
        }
        connection.set_response_timeout(config.op_timeout);
        Ok(connection)
    }

    /// Brings the line into its next state, if it still waits for this attempt.
    fn settle(&self, next: State) {
        let mut state = self.line.state();
        if matches!(&*state, State::Connecting(attempt) if attempt.same_channel(&self.outcome.subscribe()))
        {
            *state = next;
        }
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.settle(State::Down);
    }
}
