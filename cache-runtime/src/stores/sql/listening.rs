//! A connection that listens: it reports what is published on a channel, and that it is still alive.

use std::convert::Infallible;
use std::future::Future;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::runtime::Handle;
use tokio::time::timeout_at;

use super::config::{SqlConfig, SqlDatabase};
use super::connect;
use super::failure::{self, Failure};
use crate::clock::end_of;
use crate::error::{CacheError, ErrorKind};
use crate::store::backplane::{Heard, SIGN_OF_LIFE};

/// How to make such a connection.
pub(super) struct Listening {
    options: PgConnectOptions,
    connect_timeout: Duration,
    op_timeout: Duration,
}

/// The client's listener. Its last act is to spawn a task, which it can do only inside a runtime.
struct Ear {
    listener: Option<PgListener>,
    runtime: Handle,
}

impl Listening {
    /// `None` if the database carries no news.
    pub(super) fn new(config: &SqlConfig) -> Option<Self> {
        match &config.database {
            SqlDatabase::Postgres(server) => Some(Self {
                options: connect::postgres(server),
                connect_timeout: config.connect_timeout,
                op_timeout: config.op_timeout,
            }),
            #[cfg(any(feature = "sqlite", feature = "mysql"))]
            _ => None,
        }
    }

    /// Listens until the connection is lost.
    pub(super) async fn listen(
        &self,
        channel: &str,
        hear: &(dyn Fn(Heard<'_>) + Send + Sync),
    ) -> Result<Infallible, CacheError> {
        let Ok(runtime) = Handle::try_current() else {
            let text = "listening takes a tokio runtime";
            return Err(CacheError::new(ErrorKind::Unsupported, text));
        };
        let listener = Some(self.connect().await?);
        let mut ear = Ear { listener, runtime };
        let Some(listener) = &mut ear.listener else {
            return Err(lost());
        };
        self.in_time(listener.listen(channel)).await?;
        let server = self.server(listener).await?;
        hear(Heard::Listening);
        let mut asked = Instant::now();
        loop {
            let next = asked + SIGN_OF_LIFE;
            while let Ok(heard) = timeout_at(next.into(), listener.try_recv()).await {
                let heard = heard.map_err(described)?.ok_or_else(lost)?;
                hear(Heard::Message(heard.payload()));
            }
            asked = Instant::now();
            let answered_by = self.server(listener).await?;
            // The client has kept what arrived before the answer.
            while let Some(heard) = listener.next_buffered() {
                hear(Heard::Message(heard.payload()));
            }
            if answered_by != server {
                let text =
                    "the connection to PostgreSQL is shared: a pooler cannot be listened through";
                return Err(CacheError::new(ErrorKind::Unsupported, text));
            }
            hear(Heard::Alive { asked });
        }
    }

    async fn connect(&self) -> Result<PgListener, CacheError> {
        // The client makes listeners only from pools; nobody else knows of this one.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(self.connect_timeout)
            .connect_lazy_with(self.options.clone());
        match PgListener::connect_with(&pool).await {
            Ok(mut listener) => {
                listener.ignore_pool_close_event(true);
                listener.eager_reconnect(false);
                Ok(listener)
            }
            Err(sqlx::Error::PoolTimedOut) => {
                let what = "no connection to the database";
                Err(failure::timeout(self.connect_timeout, what))
            }
            Err(error) => Err(described(error)),
        }
    }

    /// Returns which of the server's processes answers. Before the answer it sends what was published before the
    /// question: a publisher is confirmed only after all listeners have been signalled, and a process that was
    /// signalled checks before it reports that it is ready again.
    async fn server(&self, listener: &mut PgListener) -> Result<i32, CacheError> {
        let question = sqlx::query_scalar("SELECT pg_backend_pid()");
        // All rows, so as to read until it reports that.
        let answer = self.in_time(question.fetch_all(listener)).await?;
        answer.into_iter().next().ok_or_else(lost)
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, CacheError> {
        match timeout_at(end_of(self.op_timeout).into(), work).await {
            Ok(outcome) => outcome.map_err(described),
            Err(_) => Err(failure::timeout(
                self.op_timeout,
                "no answer from the database",
            )),
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        drop(self.listener.take());
    }
}

fn described(error: sqlx::Error) -> CacheError {
    Failure::from(error).describe()
}

fn lost() -> CacheError {
    let text = "the connection to the database was lost";
    CacheError::new(ErrorKind::Unavailable, text)
}
