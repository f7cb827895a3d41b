//! The errors and warnings that the library logs while a closure runs.

use std::sync::{Arc, Mutex};

use tracing::Level;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

#[derive(Clone)]
struct Log {
    level: Level,
    texts: Arc<Mutex<Vec<String>>>,
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!(" {field}={value:?}"));
            }
        }
        if *event.metadata().level() == self.level {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.texts.lock().unwrap().push(text.0);
        }
    }
}

/// What is logged as an error on this thread.
pub(crate) fn errors_of(f: impl FnOnce()) -> Vec<String> {
    logged(Level::ERROR, f)
}

/// What is logged as a warning on this thread.
pub(crate) fn warnings_of(f: impl FnOnce()) -> Vec<String> {
    logged(Level::WARN, f)
}

fn logged(level: Level, f: impl FnOnce()) -> Vec<String> {
    let texts = Arc::default();
    let log = Log {
        level,
        texts: Arc::clone(&texts),
    };
    let subscriber = tracing_subscriber::registry().with(log);
    tracing::subscriber::with_default(subscriber, f);
    let texts = texts.lock().unwrap();
    texts.clone()
}
