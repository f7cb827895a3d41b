//! A listener in a thread of its own, and what it has heard.

use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cache_runtime::stores::redis::{RedisAddress, RedisConfig};
use cache_runtime::{CacheError, Heard, Store};
use tokio::sync::Notify;

use crate::redis_callers::current_thread;

/// What a busy machine may add to whatever is waited for.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The limit of an operation: longer than a busy machine takes for one.
pub(crate) const OP_TIMEOUT: Duration = Duration::from_secs(3);

pub(crate) fn config(port: u16) -> RedisConfig {
    RedisConfig {
        connect_timeout: OP_TIMEOUT,
        op_timeout: OP_TIMEOUT,
        ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", port))
    }
}

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Listening,
    Message(String),
    Alive(Instant),
}

#[derive(Default)]
struct Ear {
    told: Mutex<(Vec<Told>, Option<CacheError>)>,
    news: Condvar,
    stop: Notify,
}

/// Somebody who listens.
pub(crate) struct Listener {
    ear: Arc<Ear>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Begins to listen, in a task of a runtime of its own.
    pub(crate) fn begin(store: &Arc<dyn Store>, channel: &str) -> Self {
        let ear = Arc::<Ear>::default();
        let (own, store, channel) = (Arc::clone(&ear), Arc::clone(store), channel.to_owned());
        let listening = async move {
            let hear = |heard: Heard<'_>| {
                let told = match heard {
                    Heard::Listening => Told::Listening,
                    Heard::Message(text) => Told::Message(text.to_owned()),
                    Heard::Alive { asked } => Told::Alive(asked),
                    other => panic!("{other:?}"),
                };
                own.told.lock().unwrap().0.push(told);
                own.news.notify_all();
            };
            let backplane = store.backplane().unwrap();
            tokio::select! {
                end = backplane.listen(&channel, &hear) => {
                    own.told.lock().unwrap().1 = Some(end.unwrap_err());
                    own.news.notify_all();
                }
                () = own.stop.notified() => {}
            }
        };
        let thread = thread::spawn(|| {
            let runtime = current_thread();
            runtime.block_on(runtime.spawn(listening)).unwrap();
        });
        Self {
            ear,
            thread: Some(thread),
        }
    }

    /// The same; returns when the connection stands.
    pub(crate) fn start(store: &Arc<dyn Store>, channel: &str) -> Self {
        let listener = Self::begin(store, channel);
        listener.wait_for("listening", |told| *told == Told::Listening);
        listener
    }

    /// Waits until this was heard; all that was heard up to and with it.
    pub(crate) fn wait_for(&self, what: &str, is_it: impl Fn(&Told) -> bool) -> Vec<Told> {
        let start = Instant::now();
        let mut heard = self.ear.told.lock().unwrap();
        loop {
            if let Some(at) = heard.0.iter().position(&is_it) {
                return heard.0[..=at].to_vec();
            }
            assert!(heard.1.is_none(), "{what}: {heard:?}");
            assert!(start.elapsed() < SOON, "{what}: {heard:?}");
            let wait = self.ear.news.wait_timeout(heard, SOON);
            heard = wait.unwrap().0;
        }
    }

    /// Waits for a message of this text.
    pub(crate) fn wait_for_message(&self, text: &str) {
        self.wait_for(
            text,
            |told| matches!(told, Told::Message(said) if said == text),
        );
    }

    /// The messages that were heard up to now.
    pub(crate) fn messages(&self) -> Vec<String> {
        let heard = self.ear.told.lock().unwrap();
        let message = |told: &Told| match told {
            Told::Message(text) => Some(text.clone()),
            _ => None,
        };
        heard.0.iter().filter_map(message).collect()
    }

    /// Waits for a sign of life that was asked for from now on; all that was heard up to it.
    pub(crate) fn wait_for_a_sign_of_life(&self) -> Vec<Told> {
        let now = Instant::now();
        let is_new = |told: &Told| matches!(told, Told::Alive(asked) if *asked >= now);
        self.wait_for("a sign of life", is_new)
    }

    /// Why it ended, which it does within this time.
    pub(crate) fn end(mut self, limit: Duration) -> CacheError {
        let start = Instant::now();
        let mut heard = self.ear.told.lock().unwrap();
        while heard.1.is_none() {
            let left = limit.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "it still listens: {heard:?}");
            heard = self.ear.news.wait_timeout(heard, left).unwrap().0;
        }
        let error = heard.1.take().unwrap();
        drop(heard);
        self.thread.take().unwrap().join().unwrap();
        error
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ear.stop.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !thread::panicking()
        {
            panic!("the listener panicked");
        }
    }
}

/// Says it, by this kind of caller or that.
pub(crate) fn publish(store: &Arc<dyn Store>, channel: &str, message: &str) {
    say(store, channel, message).unwrap();
}

/// The same, where it may fail; without a runtime.
pub(crate) fn say(store: &Arc<dyn Store>, channel: &str, message: &str) -> Result<(), CacheError> {
    futures_executor::block_on(store.backplane().unwrap().publish(channel, message))
}
