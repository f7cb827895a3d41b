//! The Python process that takes turns.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use std::path::Path;
use std::time::Duration;

use cache_tests::python::Script;
use serde_json::{Value, json};

/// `python/table.py`, running.
pub(super) struct Python(Script);

impl Python {
    pub(super) fn start(redis: Option<&str>) -> Result<Self, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/table.py");
        Script::start(Path::new(script), redis.as_slice()).map(Self)
    }

    /// How long so many calls took there.
    pub(super) fn turn(&mut self, lane: &str, calls: u64) -> Duration {
        let answer = self
            .0
            .ask(&json!({ "lane": lane, "calls": calls }).to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        Duration::from_secs_f64(answer["nanos"].as_f64().unwrap() / 1e9)
    }
}
