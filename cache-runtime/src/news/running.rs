//! The task that publishes and listens, for as long as the cache lives.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::News;
use super::message;
use super::telling::Order;
use crate::cache::Core;
use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::store::Store;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// One cache's task.
struct Running {
    news: Arc<News>,
    // Not the cache itself, which would then never be dropped.
    core: Weak<Core>,
    store: Arc<dyn Store>,
    op_timeout: Duration,
}

pub(super) fn start(news: &Arc<News>, core: &Arc<Core>, store: Arc<dyn Store>) {
    let running = Running {
        news: news.clone(),
        core: Arc::downgrade(core),
        store,
        op_timeout: core.settings.op_timeout,
    };
    if let Err(error) = spawn(async move { running.run().await }) {
        tracing::error!(%error, "no news of other processes is heard or told");
    }
}

#[cfg(any(feature = "redis", feature = "memcached", feature = "_sql"))]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    crate::stores::io_thread::runtime().map(|runtime| drop(runtime.spawn(task)))
}

#[cfg(not(any(feature = "redis", feature = "memcached", feature = "_sql")))]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("cache-news".to_owned());
    thread.spawn(|| crate::mode::block_on(task)).map(drop)
}

impl Running {
    /// Runs until there is nothing more to publish and nobody to receive anything.
    async fn run(&self) {
        let mut tell = pin!(self.tell());
        let mut listen = pin!(self.listen());
        let mut is_listening = true;
        poll_fn(|task| {
            if is_listening && listen.as_mut().poll(task).is_ready() {
                is_listening = false;
            }
            tell.as_mut().poll(task)
        })
        .await;
    }

    async fn tell(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let events = match self.news.telling.next().await {
                Order::Tell(events) => events,
                Order::Leave => return,
            };
            let mut told = 0;
            while told < events.len() {
                let (text, count) = message::write(self.news.id, &events[told..]);
                match self.publish(&text).await {
                    Ok(()) => told += count,
                    Err(error) if error.kind() == ErrorKind::Unsupported => told += count,
                    Err(error) => {
                        tracing::debug!(%error, "news could not be told, and is told again");
                        break;
                    }
                }
            }
            if told == events.len() {
                pause = FIRST_PAUSE;
                continue;
            }
            self.news.telling.put_back(events[told..].to_vec());
            if self.news.telling.is_closed() {
                return;
            }
            Clock::system().alarm(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn publish(&self, text: &str) -> Result<(), CacheError> {
        let Some(backplane) = self.store.backplane() else {
            return Ok(());
        };
        let publish = backplane.publish(&self.news.channel, text);
        let told = Clock::system().within(self.op_timeout, publish).await;
        told.unwrap_or_else(|| Err(CacheError::new(ErrorKind::Timeout, "no answer")))
    }

    async fn listen(&self) {
        let mut pause = FIRST_PAUSE;
        let mut is_told = false;
        while let Some(backplane) = self.store.backplane() {
            let hear = |heard: crate::Heard<'_>| {
                if let Some(core) = self.core.upgrade() {
                    self.news.hear(&core, heard);
                }
            };
            let before = self.news.lost();
            let Err(error) = backplane.listen(&self.news.channel, &hear).await;
            let Some(core) = self.core.upgrade() else {
                return;
            };
            self.news.distrust(&core);
            if error.kind() == ErrorKind::Unsupported {
                if let Some(near) = core.near() {
                    tracing::warn!(
                        store = self.store.name(),
                        %error,
                        "changes by other processes are not heard of; in-process copies live shorter",
                    );
                    near.without_news();
                }
                return;
            }
            // Without copies it is the store's own failure, reported by the callers that use it.
            let has_copies = core.near().is_some();
            drop(core);
            if self.news.lost() != before {
                // It has worked.
                (pause, is_told) = (FIRST_PAUSE, false);
            }
            if has_copies && !std::mem::replace(&mut is_told, true) {
                tracing::warn!(
                    store = self.store.name(),
                    %error,
                    "the news of other processes is lost; in-process copies are not trusted until it is \
                     back",
                );
            }
            Clock::system().alarm(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
