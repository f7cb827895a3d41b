//! A subscriber that hears what one thread asks it to hear, so that tests can run beside each other.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;
use tracing_subscriber::registry::LookupSpan;

/// What was heard, in order: `DEBUG event name=value …` or `DEBUG span NAME name=value …`, each with the
/// names of the spans that it is in before it.
type Heard = Vec<String>;

thread_local! {
    static HERE: RefCell<Option<(Level, Heard)>> = const { RefCell::new(None) };
}

struct Ear;

impl Ear {
    fn hear(metadata: &Metadata<'_>, what: &str, fields: Fields, around: Vec<&'static str>) {
        let place: String = around.iter().map(|name| format!("{name}: ")).collect();
        let line = format!("{place}{} {what}{}", metadata.level(), fields.0);
        HERE.with_borrow_mut(|here| {
            if let Some((_, heard)) = here {
                heard.push(line);
            }
        });
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Ear {
    // Asked again each time: each thread wants something else.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let is_ours = metadata.target().starts_with("cache_runtime")
            || metadata.target().starts_with("monitoring");
        let level = HERE.with_borrow(|here| here.as_ref().map(|(level, _)| *level));
        is_ours && level.is_some_and(|level| *metadata.level() <= level)
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let around = context.event_scope(event).into_iter().flatten();
        let around = around.map(|span| span.name()).collect();
        Self::hear(event.metadata(), "event", fields, around);
    }

    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let around = context.span_scope(id).into_iter().flatten().skip(1);
        let around = around.map(|span| span.name()).collect();
        let what = format!("span {}", span.metadata().name());
        Self::hear(span.metadata(), &what, fields, around);
    }
}

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // How long things took differs from run to run.
        if field.name() != "cache.duration_us" {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }
}

/// What `f` says up to this level, on this thread.
pub(crate) fn hear(level: Level, f: impl FnOnce()) -> Heard {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing::subscriber::set_global_default(registry().with(Ear)).unwrap();
    });
    HERE.set(Some((level, Vec::new())));
    f();
    HERE.take().unwrap().1
}
