//! Async callers: the connection that belongs to the tokio runtime they run on.

use std::sync::Arc;
use std::time::Instant;

use redis::Value;
use tokio::runtime::Handle;

use super::backend::{Link, RedisStore};
use super::commands::Request;
use super::config::RedisConfig;
use super::line::Line;
use super::pool::Pool;
use crate::clock::end_of;
use crate::error::CacheError;
use crate::store::Store;
use crate::stores::runtimes::Runtimes;

/// One connection for each runtime, and the pool of blocking callers.
#[derive(Debug)]
pub struct Connections {
    config: RedisConfig,
    lines: Arc<Runtimes<Line>>,
    blocking: RedisStore<Pool>,
}

impl Connections {
    pub(super) fn new(config: RedisConfig) -> Result<Self, CacheError> {
        if let Some(tls) = &config.tls {
            tls.check()?;
        }
        let of_lines = config.clone();
        Ok(Self {
            lines: Runtimes::new(move || Line::new(of_lines.clone())),
            blocking: RedisStore::over(Pool::new(config.clone())),
            config,
        })
    }

    /// Sends the request and awaits the reply until the deadline; without one, within the
    /// time that an operation has once its connection is known.
    pub(super) async fn exchange_until(
        &self,
        request: &Request,
        deadline: Option<Instant>,
    ) -> Result<Value, CacheError> {
        let limit = self.config.op_timeout;
        let deadline = move || deadline.unwrap_or_else(|| end_of(limit));
        if let Ok(runtime) = Handle::try_current()
            && let Some(line) = self.lines.here(&runtime)
        {
            return line.exchange(&runtime, request, deadline()).await;
        }
        // Boxed, to keep the future of the usual case small.
        let request = request.clone();
        Box::pin(self.lines.run_on_io_thread(move |line| async move {
            line.exchange(&Handle::current(), &request, deadline())
                .await
        }))
        .await
    }

    /// Returns the connections of blocking callers.
    pub(super) fn pool(&self) -> &Pool {
        self.blocking.servers()
    }

    pub(super) fn close_all(&self) {
        for line in self.lines.all() {
            line.close();
        }
        Link::close(self.pool());
    }
}

impl Link for Connections {
    async fn exchange(&self, request: &Request) -> Result<Value, CacheError> {
        self.exchange_until(request, None).await
    }

    fn home(&self) -> Option<&RedisConfig> {
        Some(&self.config)
    }

    fn close(&self) {
        self.close_all();
    }

    fn blocking(&self) -> Option<&dyn Store> {
        Some(&self.blocking)
    }
}
