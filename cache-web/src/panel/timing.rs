//! The header `Server-Timing`: what a response asked of caches, for the browser's network tools.

use std::cmp::Reverse;
use std::time::Duration;

use cache_runtime::{Kind, Trace, TraceEvent};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::layer::TraceLayer;
use super::recent::{is_hit, is_miss};

/// How many names a header has; browsers show no more, and proxies have limits.
const MOST: usize = 20;
const LONGEST_NAME: usize = 60;

/// Returns a layer that reports in the header `Server-Timing` what each response asked of caches: `cache` with all
/// hits and misses, then each function and kind with its outcome, the slowest first.
///
/// It contains the names of functions and how long they took, never keys or values. Names and times still
/// reveal something about a program: like the panel, it is for development.
///
/// ```
/// # use axum::{Router, body::Body, http::Request, routing::get};
/// # use tower::ServiceExt;
/// use cache_runtime::cache_result;
/// use cache_web::panel::server_timing;
///
/// #[cache_result(timeout = 60)]
/// async fn greeting() -> String {
///     "hello".to_owned()
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app: Router = Router::new()
///     .route("/", get(async || greeting().await))
///     .layer(server_timing());
/// let response = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
/// let header = response.headers()["server-timing"].to_str().unwrap();
/// assert!(header.starts_with(r#"cache;desc="0 hits, 1 miss";dur="#));
/// assert!(header.contains(r#"greeting;desc="miss";dur="#));
/// # }
/// ```
#[must_use]
pub fn server_timing() -> TraceLayer {
    TraceLayer::for_header()
}

/// Adds the header to those that are there.
pub(super) fn put(headers: &mut HeaderMap, trace: &Trace) {
    if trace.events.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(text(trace)) {
        headers.append(HeaderName::from_static("server-timing"), value);
    }
}

/// Calls of one name with the same outcome.
struct Metric {
    name: String,
    outcome: &'static str,
    count: usize,
    took: Duration,
}

fn text(trace: &Trace) -> String {
    let mut metrics: Vec<Metric> = Vec::new();
    for event in &trace.events {
        let (name, outcome) = (name_of(event), event.outcome.as_str());
        let known = metrics
            .iter_mut()
            .find(|metric| metric.name == name && metric.outcome == outcome);
        match known {
            Some(metric) => {
                metric.count += 1;
                metric.took += event.took;
            }
            None => metrics.push(Metric {
                name,
                outcome,
                count: 1,
                took: event.took,
            }),
        }
    }
    metrics.sort_by_key(|metric| Reverse(metric.took));
    let count = |is_it: fn(_) -> bool| {
        let events = trace.events.iter();
        events.filter(|event| is_it(event.outcome)).count()
    };
    let (hits, misses) = (count(is_hit), count(is_miss));
    // A call made in the body of another is part of that one's time.
    let outermost = trace.events.iter().filter(|event| event.depth == 0);
    let mut text = format!(
        "cache;desc=\"{hits} hit{}, {misses} miss{}\";dur={}",
        if hits == 1 { "" } else { "s" },
        if misses == 1 { "" } else { "es" },
        milliseconds(outermost.map(|event| event.took).sum()),
    );
    for metric in metrics.iter().take(MOST) {
        let times = match metric.count {
            1 => String::new(),
            count => format!(" x{count}"),
        };
        text.push_str(&format!(
            ", {};desc=\"{}{times}\";dur={}",
            metric.name,
            metric.outcome,
            milliseconds(metric.took)
        ));
    }
    text
}

/// Returns a token, which may be written unquoted. Pages and sessions are named by their kind, since their names
/// contain paths and keys.
fn name_of(event: &TraceEvent) -> String {
    let name = match event.kind {
        Kind::Function | Kind::Fragment => &*event.name,
        kind => kind.as_str(),
    };
    let safe = name.replace("::", ".");
    let safe = safe.chars().take(LONGEST_NAME).map(|c| {
        let is_safe = c.is_ascii_alphanumeric() || "_-.".contains(c);
        if is_safe { c } else { '_' }
    });
    safe.collect()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}
