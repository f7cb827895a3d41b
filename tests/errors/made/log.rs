//! What an operator finds in the log: warnings and errors.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use cache_runtime::testing::{Fault, FaultyStore, When};
use cache_runtime::{Cache, ErrorKind, cache_result, events};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

use super::stores::Least;
use crate::group::Group;

/// The lines of this library that warn.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        #[derive(Default)]
        struct Line {
            message: String,
            fields: String,
        }
        impl tracing::field::Visit for Line {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    write!(self.message, "{value:?}").unwrap();
                } else {
                    write!(self.fields, " {}={value:?}", field.name()).unwrap();
                }
            }
        }
        let is_ours = event.metadata().target().starts_with("cache_runtime");
        if is_ours && *event.metadata().level() <= Level::WARN {
            let mut line = Line::default();
            event.record(&mut line);
            let level = event.metadata().level();
            let line = format!("{level} {}{}", line.message, line.fields);
            self.0.lock().unwrap().push(line);
        }
    }
}

impl Log {
    /// What `act` warns of on this thread.
    fn of(act: impl FnOnce()) -> Vec<String> {
        let log = Self::default();
        let dispatch = || Dispatch::new(registry().with(log.clone()));
        // With one alone, `tracing` takes threads of other tests for deaf ones, for good.
        let _another = dispatch();
        tracing::dispatcher::with_default(&dispatch(), act);
        std::mem::take(&mut *log.0.lock().unwrap())
    }
}

fn faulty(kind: ErrorKind) -> Cache {
    let store = FaultyStore::new(Least);
    store.inject(Fault::Error(kind), When::Always);
    Cache::builder().store(store).build().unwrap()
}

#[cache_result(cache = cache, key(id))]
fn load(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id
}

#[cache_result(key_prefix = "tasks", name = "load", cache = cache, key(id))]
fn claims(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id
}

#[cache_result(key_prefix = "tasks", name = "load", cache = cache, key(id))]
fn claims_too(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id
}

#[cache_result(cache = "cache_tests.nowhere")]
fn nowhere(id: u64) -> u64 {
    id
}

#[cache_result(cache = cache, key(id))]
fn not_a_number(cache: &Cache, id: u64) -> f64 {
    let _ = (cache, id);
    f64::NAN
}

struct Saved;

pub(crate) fn groups() -> Vec<Group> {
    let lines = |name: &str, act: &dyn Fn()| {
        let lines = Log::of(act);
        assert!(!lines.is_empty(), "nothing was told: {name}");
        Group::new(
            &format!("log {name}"),
            lines.iter().map(|line| placeless(line)),
        )
    };
    vec![
        lines("failing", &|| {
            load(&faulty(ErrorKind::Unavailable), 1);
        }),
        lines("refusing", &|| {
            load(&faulty(ErrorKind::Store), 1);
        }),
        lines("collision", &|| {
            let cache = Cache::isolated();
            claims(&cache, 1);
            claims_too(&cache, 1);
        }),
        lines("uncached", &|| {
            nowhere(1);
        }),
        lines("not_kept", &|| {
            let cache = Cache::builder().store(Least).build().unwrap();
            not_a_number(&cache, 1);
        }),
        lines("handler", &|| {
            let _handler = events().on(|_: &Saved| Err::<(), _>("the mail server is down"));
            events().emit_blocking(&Saved);
        }),
    ]
}

/// Lines of this file move.
fn placeless(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("log.rs:") {
        let start = rest[..at].rfind(['=', ' ', '"']).map_or(0, |at| at + 1);
        let end = at + "log.rs:".len();
        let end = end
            + rest[end..]
                .find(|letter: char| !letter.is_ascii_digit() && letter != ':')
                .unwrap_or(rest.len() - end);
        text.push_str(&rest[..start]);
        text.push_str("src/tasks.rs:7:1");
        rest = &rest[end..];
    }
    text.push_str(rest);
    text
}
