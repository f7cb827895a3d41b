//! Async callers: the connection that belongs to the tokio runtime they run on.

use std::sync::Arc;

use redis::Value;
use tokio::runtime::Handle;

use super::backend::{Link, RedisStore};
use super::commands::Request;
use super::config::RedisConfig;
use super::line::Line;
use super::pool::Pool;
use crate::error::CacheError;
use crate::store::Store;
use crate::stores::runtimes::Runtimes;

/// One connection for each runtime, and the pool of those that block.
#[derive(Debug)]
pub struct Connections {
    lines: Arc<Runtimes<Line>>,
    blocking: RedisStore<Pool>,
}

impl Connections {
    pub(super) fn new(config: RedisConfig) -> Result<Self, CacheError> {
        let of_lines = config.clone();
        Ok(Self {
            lines: Runtimes::new(move || Line::new(of_lines.clone())),
            blocking: RedisStore::over(Pool::new(config)?),
        })
    }
}

impl Link for Connections {
    async fn exchange(&self, request: &Request) -> Result<Value, CacheError> {
        if let Ok(runtime) = Handle::try_current()
            && let Some(line) = self.lines.here(&runtime)
        {
            return line.exchange(&runtime, request).await;
        }
        // Boxed, to keep the future of the usual case small.
        let request = request.clone();
        Box::pin(self.lines.run_on_io_thread(|line| async move {
            line.exchange(&Handle::current(), &request).await
        }))
        .await
    }

    fn close(&self) {
        for line in self.lines.all() {
            line.close();
        }
        self.blocking.link().close();
    }

    fn blocking(&self) -> Option<&dyn Store> {
        Some(&self.blocking)
    }
}
