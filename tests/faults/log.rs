//! The log: one line when the store fails, one when it is back, however many callers there are.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cache_tests::redis_server::RedisServer;
use tokio::runtime::Builder;
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

use crate::world::{SOON, World, within};

/// Keeps the lines of this library.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

/// Lines, and the way for a thread's events to get there.
struct Log {
    lines: Lines,
    dispatch: Dispatch,
    /// While there is only one, `tracing` takes a thread of another test, which has none, for the
    /// only one that wants to hear, and never asks again.
    _another: Dispatch,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                use std::fmt::Write;
                write!(self.0, "{}={value:?} ", field.name()).unwrap();
            }
        }
        // What operators read; the rest is told of each call.
        let is_for_operators = *event.metadata().level() <= Level::INFO;
        if is_for_operators && event.metadata().target().starts_with("cache_runtime") {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0
                .lock()
                .unwrap()
                .push((*event.metadata().level(), text.0));
        }
    }
}

impl Log {
    fn new() -> Self {
        let lines = Lines::default();
        let dispatch = || Dispatch::new(registry().with(lines.clone()));
        Self {
            dispatch: dispatch(),
            _another: dispatch(),
            lines,
        }
    }

    fn is_empty(&self) -> bool {
        self.lines.0.lock().unwrap().is_empty()
    }

    /// The levels of the lines so far, which are then forgotten.
    fn take(&self) -> Vec<Level> {
        let lines = std::mem::take(&mut *self.lines.0.lock().unwrap());
        for (level, line) in &lines {
            println!("{level} {line}");
        }
        lines.into_iter().map(|(level, _)| level).collect()
    }
}

/// A cache on this server, its limit longer than an answer takes on a machine that is merely busy.
fn patient(server: &RedisServer) -> Arc<World> {
    World::with_limit(&server.url(0), Duration::from_secs(3))
}

/// Kills and restarts, pauses and resumes the server of `world`, whose callers are at work.
fn one_line_for_each_change(server: &mut RedisServer, world: &World, log: &Log) {
    let hits_come = || {
        let hits = world.stats().hits;
        within(SOON, "hits", || world.stats().hits > hits + 100);
    };
    let one_line_comes = |level: Level, what: &str| {
        within(SOON, what, || !log.is_empty());
        // Time enough for another, which does not come.
        thread::sleep(Duration::from_millis(500));
        assert_eq!(log.take(), [level], "{what}");
    };
    hits_come();
    assert!(log.take().is_empty());
    for _ in 0..2 {
        server.kill();
        one_line_comes(Level::WARN, "killed");
        server.restart();
        hits_come();
        one_line_comes(Level::INFO, "restarted");
    }
    server.pause();
    one_line_comes(Level::WARN, "frozen");
    server.resume();
    hits_come();
    one_line_comes(Level::INFO, "thawed");
}

#[test]
fn threads_see_one_line_for_each_change_of_state() {
    let mut server = RedisServer::start();
    let world = patient(&server);
    let log = Log::new();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for at in 0..4 {
            let (world, is_over, dispatch) = (&world, &is_over, log.dispatch.clone());
            scope.spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    for n in 0.. {
                        if is_over.load(Ordering::SeqCst) {
                            return;
                        }
                        world.call((at + n) % 50);
                        thread::sleep(Duration::from_millis(1));
                    }
                });
            });
        }
        let end = End(&is_over);
        one_line_for_each_change(&mut server, &world, &log);
        drop(end);
    });
}

/// Ends the callers, also when an assertion fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn tasks_see_one_line_for_each_change_of_state() {
    let mut server = RedisServer::start();
    let world = patient(&server);
    let log = Log::new();
    let dispatch = log.dispatch.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || {
            // For as long as the thread lives.
            std::mem::forget(tracing::dispatcher::set_default(&dispatch));
        })
        .build()
        .unwrap();
    for at in 0..8 {
        let world = world.clone();
        runtime.spawn(async move {
            for n in 0.. {
                world.call_async((at + n) % 50).await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    one_line_for_each_change(&mut server, &world, &log);
}

#[test]
fn a_store_that_refuses_is_said_once() {
    let full = ["--maxmemory", "1kb", "--maxmemory-policy", "noeviction"];
    let server = RedisServer::start_with(&full);
    let locked = RedisServer::start_with(&["--requirepass", "right"]);
    let log = Log::new();
    tracing::dispatcher::with_default(&log.dispatch, || {
        let world = World::at_port(server.port());
        for id in 0..10 {
            world.call(id);
        }
        assert_eq!(log.take(), [Level::WARN], "no memory left");
        assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
        world.call(1);
        world.call(2);
        assert_eq!(log.take(), [Level::INFO], "memory again");

        let world = World::at(&format!("redis://:wrong@127.0.0.1:{}/0", locked.port()));
        for id in 0..10 {
            world.call(id);
        }
        assert_eq!(log.take(), [Level::WARN], "a wrong password");
    });
}
