//! What is counted, and what is reported.

mod caches;
mod counters;
mod functions;
mod histograms;
mod hits;
mod logged;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
mod report;
mod stats;
mod timings;
mod trace;
mod tracer;
mod trail;

pub(crate) use caches::Before;
pub use caches::{CacheReport, LocalReport};
pub(crate) use counters::{Counter, Counters};
pub use functions::{FunctionReport, functions};
pub(crate) use functions::{enlist, sites};
pub(crate) use histograms::{asked, executed};
pub(crate) use hits::Hits;
pub use logged::log_keys;
pub(crate) use logged::{execution, operation, tells_hits};
#[cfg(feature = "metrics")]
pub use metrics::{Publisher, publish_metrics, publish_metrics_every};
pub use report::{Report, report};
pub use stats::Stats;
pub(crate) use timings::Timing;
pub use timings::Timings;
pub use trace::{Kind, Outcome, Trace, TraceEvent};
pub(crate) use tracer::Tracing;
pub use tracer::{Tracer, is_traced, note, trace, trace_blocking};
pub(crate) use trail::Trail;
